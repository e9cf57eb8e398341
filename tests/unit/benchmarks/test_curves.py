"""Short trials first on learning curves: a few seeds of what `benchmarks/curves.py` runs many of."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import ModuleType

import pytest

from stdsl.runtime.trials.proposal import Outcome, Spec


@pytest.fixture(scope="module")
def curves(imported: Callable[[str], ModuleType]) -> ModuleType:
    pytest.importorskip("optuna", reason="the extra `bayes` is not installed")
    return imported("curves")


def test_each_search_is_scored_within_the_same_steps(curves: ModuleType) -> None:
    """Of what was trained whole alone: a third of a training is no score, however good it was."""
    table = curves.rows()
    for name, strategy in curves.STRATEGIES.items():
        scores = curves.found(strategy, 0, table)
        assert len(scores) == len(curves.BUDGETS), name
        assert all(0 < score < 1 for score in scores), name


@pytest.mark.parametrize("name", ["random, halving (ASHA)", "random, brackets (Hyperband)"])
def test_a_third_of_the_trials_goes_on_to_the_whole_length(curves: ModuleType, name: str) -> None:
    strategy = curves.STRATEGIES[name]
    proposer, specs, seen = strategy.proposer(1), list[Spec](), list[Outcome]()
    for number in range(60):
        spec = proposer.ask(number, specs, seen)
        assert isinstance(spec, Spec)
        specs.append(spec)
        seen.append(Outcome(number, {"accuracy": (number * 7 % 60) / 60}))
    longer = [spec for spec in specs if spec.start is not None]
    assert {spec.steps for spec in longer} == {curves.WHOLE - curves.THIRD}
    for spec in longer:
        assert spec.start is not None
        start = specs[spec.start]
        assert start.architecture == spec.architecture
        assert (strategy.first if start.steps is None else start.steps) == curves.THIRD
    if "ASHA" in name:
        begun = len(specs) - len(longer)
        assert begun / 3 <= len(longer) < begun / 2, "some are among the best third for a while alone"
        assert not any(a == b for a, b in itertools.combinations([spec.start for spec in longer], 2))
