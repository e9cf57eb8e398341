"""A space is warned of if and only if some architecture within its `where` has an output that loses the inputs."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import torch
from gated_spaces import gated_text
from reference import TooMany, load, outcomes
from reference.dependence import without_input
from reference.forward import forward
from reference.spaces import Outcome
from space_texts import space_text

import stdsl
from stdsl.compiler.analysis.dependence import may_lose
from stdsl.compiler.checks.dependence import outputs_without_input

LIMIT = 300


def compared(text: str) -> str:
    """What a text shows: `lost`, or `kept`."""
    space = stdsl.loads(text)
    warnings = outputs_without_input(space.graph) if may_lose(space.graph) else []
    losing = {key(one.answers) for one in outcomes(load(text), LIMIT) if without_input(one)}
    assert bool(warnings) == bool(losing), f"{[w.message for w, _ in warnings]}, {losing}\n{text}"
    for _, architecture in warnings:
        assert key(dict(architecture)) in losing, text
    return "lost" if losing else "kept"


def key(answers: dict[str, object]) -> tuple[object, ...]:
    return tuple(sorted((path, tuple(a) if isinstance(a, list | tuple) else a) for path, a in answers.items()))


def all_of(texts: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in texts:
        try:
            found[compared(text)] += 1
        except TooMany:
            found["too many"] += 1
        except stdsl.SpaceError as error:
            found[error.diagnostics[0].code] += 1
    return found


def test_small_spaces_of_gates() -> None:
    found = all_of([gated_text(random.Random(seed)) for seed in range(60)])
    assert found["lost"] >= 10, found
    assert found["kept"] >= 10, found


@pytest.mark.slow
def test_many_spaces_of_gates() -> None:
    found = all_of([gated_text(random.Random(seed)) for seed in range(1000, 1400)])
    assert found["lost"] >= 80, found
    assert found["kept"] >= 80, found


@pytest.mark.slow
def test_random_spaces() -> None:
    texts = [space_text(random.Random(seed)) for seed in range(200)]
    found = all_of([written.text for written in texts if not (written.files or written.extern)])
    assert found["kept"] >= 50, found


def test_networks_that_lose_an_input_compute_the_same_for_all() -> None:
    """The reference of this test, held to what networks compute where no zero is written."""
    seen: Counter[bool] = Counter()
    for seed in range(40):
        text = gated_text(random.Random(seed)).replace("none: zero", "none: relu")
        try:
            found = outcomes(load(text), 40)
        except TooMany:
            continue
        for one in found:
            if one.error or len(one.inputs) > 1:
                continue
            lost = without_input(one)
            for name, same in alike(one).items():
                assert same == (name in lost), f"{name} of {one.answers}\n{text}"
                seen[same] += 1
    assert min(seen[True], seen[False]) > 20, seen


def alike(one: Outcome) -> dict[str, bool]:
    """Of each output, whether it is the same for several inputs."""
    generator = torch.Generator().manual_seed(0)
    results = []
    for scale in (0.3, 1.0, 3.0, 1.0, 1.0):
        inputs = {
            name: scale * torch.randn(1, 2, 4, 4, generator=generator, dtype=torch.float64) for name in one.inputs
        }
        results.append(forward(one, inputs))
    return {name: all(torch.equal(results[0][name], other[name]) for other in results[1:]) for name in one.outputs}
