"""The parts of a soak: what each holds a pair to. A law raises, or says why it does not apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pairs import Pair, folder_of

if TYPE_CHECKING:
    from soak import Result, Soak


def load(pair: Pair, soak: Soak, result: Result) -> None:
    """The text is right, searches too; it has an architecture; formatted, it is the same."""
    from stdsl.compiler.checks.check import check_text
    from stdsl.compiler.diagnostics.source import Source

    assert pair.arch is not None
    if not pair.written.files:
        errors = [d for d in check_text(Source("text.space", pair.written.text)) if d.code.startswith("E")]
        assert not errors, [d.message for d in errors]


def copies(pair: Pair, soak: Soak, result: Result) -> None:
    """Of a text that is right, and of one that may be wrong, on inputs of several sizes; and of a small one, whose
    settings coincide."""
    import random

    from copies_laws import same_without_copies, with_other_sizes
    from random_spaces.whole import risky_text, space_text
    from sized_texts import sized_text

    same_without_copies(sized_text(random.Random(pair.seed)))
    for written in (space_text, risky_text):
        same_without_copies(with_other_sizes(written(random.Random(pair.seed)).text, random.Random(pair.seed)))


OVERFLOWS = "its values leave the range of floating point"


def discrete(pair: Pair, soak: Soak, result: Result) -> str | None:
    from discrete_laws import check_discrete

    if pair.overflows:
        return OVERFLOWS
    check_discrete(pair)
    return None


def source(pair: Pair, soak: Soak, result: Result) -> str | None:
    from source_laws import check_source

    if pair.overflows:
        return OVERFLOWS
    check_source(pair)
    return None


def supernet(pair: Pair, soak: Soak, result: Result) -> str | None:
    from supernet_laws import check_space

    return None if check_space(pair.space, pair.seed, many=1, architectures=2) else "cannot be relaxed"


def paths(pair: Pair, soak: Soak, result: Result) -> None:
    """One path through the weights of all alternatives, whether they can be mixed or not."""
    from path_laws import check_space

    check_space(pair.space, pair.seed, architectures=2)


def reference(pair: Pair, soak: Soak, result: Result) -> str | None:
    from reference import TooMany
    from reference.comparison import differences

    if pair.written.extern:
        return "applies an extern op"
    count = pair.space.count()
    if not isinstance(count, int) or count > soak.plan.reference:
        return "too many architectures"
    try:
        with folder_of(pair.written) as folder:
            said = differences(pair.written.text, limit=4 * soak.plan.reference, networks=2, folder=folder)
    except TooMany:
        return "too much for the interpreter"
    assert not said, "\n".join(said[:5])
    return None


def verdict(pair: Pair, soak: Soak, result: Result) -> str | None:
    """Of a text that may be wrong, the check finds an error if and only if some architecture has one."""
    import random

    from random_spaces.whole import risky_text
    from reference import TooMany
    from reference.comparison import differences
    from verdicts import same_verdict

    written = risky_text(random.Random(pair.seed))
    try:
        right = same_verdict(written.text, limit=4 * soak.plan.reference)
        said = differences(written.text, limit=4 * soak.plan.reference, networks=1) if right else []
    except TooMany:
        return "too many architectures"
    assert not said, "\n".join([*said[:5], written.text])
    return "right" if right else "wrong"


def prepared(pair: Pair, soak: Soak, result: Result) -> str | None:
    from onnx_laws import check_prepared

    if pair.overflows:
        return OVERFLOWS
    check_prepared(pair)
    return None


def onnx(pair: Pair, soak: Soak, result: Result) -> str | None:
    from onnx_laws import check_onnx, layers

    every = soak.plan.onnx_every
    new = layers(pair) - soak.layers
    if every == 0 or (pair.seed % every and not new):
        return "not drawn"
    if pair.overflows:
        return OVERFLOWS
    check_onnx(pair)
    result.layers = sorted(new)
    soak.layers |= new
    return None


LAWS: dict[str, Callable[[Pair, Soak, Result], str | None]] = {
    law.__name__: law for law in (load, copies, discrete, source, supernet, paths, reference, verdict, prepared, onnx)
}
"""In the order in which they are tried."""
