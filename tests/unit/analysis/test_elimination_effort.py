"""An elimination that takes too long gives a bound, and says so."""

from __future__ import annotations

import itertools
import random

import pytest

from stdsl.compiler.analysis.diagrams import elimination
from stdsl.compiler.analysis.diagrams.elimination import eliminate, ordering
from stdsl.compiler.ir.diagram import Diagrams, evaluate


@pytest.mark.parametrize("steps", [0, 20, 60, 10_000])
def test_bounds_are_certain(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elimination, "STEPS", steps)
    exact = 0
    for seed in range(20):
        rng = random.Random(seed)
        diagrams = Diagrams()
        variables = [diagrams.variable(i, 3) for i in range(5)]
        functions = []
        for _ in range(6):
            pair = sorted(rng.sample(range(5), 2))
            rows = [diagrams.case(variables[pair[1]], [rng.randint(-9, 9) for _ in range(3)]) for _ in range(3)]
            functions.append(diagrams.case(variables[pair[0]], rows))
        found = eliminate(diagrams, functions, ordering(diagrams, functions))
        values = [
            sum(evaluate(f, dict(enumerate(answers))) for f in functions)
            for answers in itertools.product(range(3), repeat=5)
        ]
        assert found.least <= min(values)
        assert found.least == min(values) or not found.exact
        exact += found.exact
    assert (exact == 20) is (steps == 10_000)
