"""Outputs that lose the inputs: where it is said, and that what is advised is a cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_file, check_text
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.source import Source

ROOT = Path(__file__).parents[3]
SE = "op se on x = x * (x -> global_avg_pool -> pointwise(x.channels) -> sigmoid)"


def warnings(body: str, inputs: str = "x: image(3, 8, 8)", where: str = "") -> tuple[Diagnostic, ...]:
    return warned(f"stdsl 1\n{SE}\nmeta net on {inputs} {{\n{body}\n}}\nspace s = net {where}\n")


def warned(text: str) -> tuple[Diagnostic, ...]:
    found = check_text(Source("t", text))
    assert {d.code for d in found} <= {"W0301"}, [d.message for d in found]
    return found


def end(tensor: str) -> str:
    return f"return {tensor} -> global_avg_pool -> linear(2)"


@pytest.mark.parametrize(
    "tensor",
    [
        "x -> maybe se as squeeze",
        "x -> maybe relu",
        "x -> maybe (conv(8, 3x3) -> relu -> conv(same, 1x1)) -> conv(3, 1x1) -> maybe conv(same, 3x3) as other",
        "x -> conv(4, 1x1) -> maybe (relu -> se -> conv(4, (3, 3)))",
    ],
)
def test_what_is_advised_can_be_written_and_is_a_cure(tensor: str) -> None:
    text = f"stdsl 1\n{SE}\nmeta net on x: image(3, 8, 8) {{\n{end(tensor)}\n}}\nspace s = net\n"
    for _ in range(3):
        found = warned(text)
        if not found:
            return
        place, help = found[0].span, found[0].help
        assert place is not None
        assert help is not None
        if help.startswith("did you mean `"):
            text = text[: place.start] + help.removeprefix("did you mean `").removesuffix("`?") + text[place.end :]
        else:  # no `identity` fits, and it may be left out
            assert help.startswith("leave `maybe` out")
            text = text[: place.start] + text[place.start + len("maybe") : place.end] + text[place.end :]
    assert not warned(text)


@pytest.mark.parametrize(
    "body",
    [
        end("x + (x -> maybe relu)"),
        end("x -> choose {none: zero, relu}"),  # a zero that is written is meant
        end("x * (x -> choose {none: zero, relu})"),
        end("[x -> relu, x -> conv(3, 3x3)] -> keep 1..2 as k -> sum"),
        end("[x, x] -> each choose {none: zero, relu} as kind -> sum"),
        end("x -> repeat choose 0..2 { relu }"),
        end("x * (x -> maybe relu -> sigmoid)"),  # a half, not zero
        end("x * (x -> maybe conv(3, 1x1, bias = true))".replace("maybe conv", "identity -> conv")),
        end("x * ((x -> maybe relu) -> conv(3, 1x1, bias = true))"),
        f"y = [x -> maybe relu as a, x -> conv(3, 1x1)] -> sum\n{end('y')}",
    ],
)
def test_what_always_depends_on_the_input_is_right(body: str) -> None:
    assert not warnings(body)


def test_one_of_several_inputs_may_be_left_out() -> None:
    inputs = "x: image(3, 8, 8), y: image(3, 8, 8)"
    assert not warnings(end("[x -> maybe relu, y] -> sum"), inputs)
    assert not warnings(end("choose {first: x, second: y}"), inputs)
    assert not warnings(end("[x, y] -> keep 1..2 as k -> sum"), inputs)
    (found,) = warnings(end("[x -> maybe relu as a, y -> maybe relu as b] -> sum"), inputs)
    assert "`x` or `y`: when a = off, b = off" in found.message
    (found,) = warnings(end("(x * (x -> maybe relu as a)) + y"), inputs)
    assert "does not depend on `x`: when a = off" in found.message


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("", 1),
        ("where a", 0),
        ("where a or b", 0),
        ("where not b", 1),
        ("where params > 20", 0),
        ("where params >= 0", 1),
    ],
)
def test_constraints_rule_out(where: str, number: int) -> None:
    """The convolution has 9 parameters, the last layer 8, and the other gate 81."""
    body = end("(x -> maybe conv(3, 1x1) as a) + (x * (x -> maybe conv(3, 3x3) as b))")
    assert len(warnings(body, where=where)) == number


def test_what_has_no_bias_keeps_zeros() -> None:
    assert warnings(end("x * ((x -> maybe relu) -> conv(3, 1x1) -> tanh)"))
    assert not warnings(end("x * ((x -> maybe relu) -> bn)"))
    (found,) = warnings(end("x * ((x -> maybe relu as a) -> conv(3, 1x1, bias = choose {true, false} as biased))"))
    assert "a = off, biased = false" in found.message


def test_all_of_five_hundred_may_be_absent() -> None:
    (found,) = warnings(end("[x -> relu for i in 1..500] -> keep 0..100 as k -> sum"))
    assert found.help == "let it keep one at least: `keep 1..100 as k`"


@pytest.mark.slow
@pytest.mark.parametrize("file", sorted([*ROOT.glob("spaces/**/*.space"), *ROOT.glob("examples/*.space")]))
def test_nothing_in_the_library_and_the_examples_loses_its_input(file: Path) -> None:
    assert "W0301" not in {d.code for d in check_file(file)}
