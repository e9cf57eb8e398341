"""Holding the compiler to the interpreter: what differs between the two on one text, in words."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import stdsl

from .costs import costs, params_with_all_outputs
from .enumeration import outcomes
from .runs import SpaceError
from .spaces import Outcome, load

Answers = tuple[tuple[str, Any], ...]
ALIKE = {"E0214": "E0222", "E0222": "E0214", "E0215": "E0214", "E0209": "E0214"}
"""Codes between which the documentation draws no line: values of the wrong kind."""
COSTS = ("params", "flops", "depth", "activations")


def plain(answers: Mapping[str, Any]) -> Answers:
    """An architecture as something to compare: paths and answers, in one order."""
    return tuple(sorted((path, tuple(a) if isinstance(a, (list, tuple)) else a) for path, a in answers.items()))


def differences(
    text: str,
    space: str | None = None,
    limit: int = 400,
    networks: int = 6,
    folder: Path | None = None,
    **parameters: Any,
) -> list[str]:
    """What the compiler and the interpreter say differently about a space of a text: verdict, architectures, costs of
    each, outputs of some ``networks``. `TooMany` is raised where there are more than ``limit`` architectures.
    ``folder``: where the files are that the text uses."""
    try:
        theirs = compiled(text, space, folder, parameters)
        codes = set()
    except stdsl.SpaceError as error:
        codes = {d.code for d in error.diagnostics if d.code.startswith("E")}
    try:
        found = outcomes(load(text, space, folder, **parameters), limit)
        errors = {str(one.error): one.error.code for one in found if one.error}
        if not found:
            errors = {"nothing is within its where": "E0441"}
    except SpaceError as error:
        found, errors = [], {str(error): error.code}
    if codes or errors:
        return verdicts(codes, errors)
    return architectures(theirs, {plain(one.answers): one for one in found}, networks)


def compiled(text: str, space: str | None, folder: Path | None, parameters: Mapping[str, Any]) -> stdsl.Space:
    if folder is None:
        return stdsl.loads(text, space, **parameters)
    with tempfile.NamedTemporaryFile("w", suffix=".space", dir=folder, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return stdsl.load(file.name, space, **parameters)


def verdicts(codes: set[str], errors: dict[str, str]) -> list[str]:
    if not codes:
        return [f"the compiler finds no error, the interpreter {sorted(errors)}"]
    if not errors:
        return [f"the interpreter finds no error, the compiler {sorted(codes)}"]
    if codes & (set(errors.values()) | {ALIKE.get(code) for code in errors.values()}):
        return []
    return [f"the compiler finds {sorted(codes)}, the interpreter {sorted(errors)}"]


def architectures(theirs: stdsl.Space, ours: dict[Answers, Outcome], networks: int) -> list[str]:
    found = {plain(a): a for a in theirs.architectures()}
    said: list[str] = []
    if theirs.count() != len(ours):
        said.append(f"the compiler counts {theirs.count()}, the interpreter {len(ours)}")
    said += [f"an architecture for the compiler alone: {a}" for a in found if a not in ours]
    said += [f"an architecture for the interpreter alone: {a}" for a in ours if a not in found]
    both = [a for a in ours if a in found]
    for answers in both:
        a, b = theirs.costs(found[answers]), costs(ours[answers])
        for name in COSTS:
            if getattr(a, name) != getattr(b, name):
                said.append(f"{name}: compiler {getattr(a, name)}, interpreter {getattr(b, name)} of {answers}")
    for answers in random.Random(0).sample(both, min(networks, len(both))):
        said += [f"{text} of {answers}" for text in network(theirs, found[answers], ours[answers])]
    return said


def network(theirs: stdsl.Space, architecture: Any, one: Outcome) -> list[str]:
    """Whether the compiled module computes what the interpreter does, in float64 and evaluation mode."""
    import torch

    from .forward import fill, forward

    generator = torch.Generator().manual_seed(1)
    inputs = {
        name: torch.randn(2, *sizes, generator=generator, dtype=torch.float64)
        for name, sizes in ((n, [s for s in i.shape.values() if s != i.shape["layout"]]) for n, i in one.inputs.items())
    }
    try:
        wanted = list(forward(one, inputs).values())
    except NotImplementedError:
        return []
    module = fill(stdsl.compile(theirs, architecture, seed=0).double())
    said = []
    count = sum(p.numel() for p in module.parameters())
    if count != params_with_all_outputs(one):
        said.append(f"parameters: module {count}, interpreter {params_with_all_outputs(one)}")
    module.training = True  # of the network alone, so that all of its outputs leave
    with torch.no_grad():
        got = module(*inputs.values())
    outputs = [got] if isinstance(got, torch.Tensor) else list(got.values())
    for a, b in zip(outputs, wanted, strict=True):
        if a.shape != b.shape:
            said.append(f"shape: module {tuple(a.shape)}, interpreter {tuple(b.shape)}")
        elif not torch.allclose(a, b, rtol=1e-6, atol=1e-7):
            said.append(f"output: {(a - b).abs().max():.1e} apart at a scale of {b.abs().max():.1e}")
    return said
