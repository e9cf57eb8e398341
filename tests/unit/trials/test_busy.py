"""How busy the virtual clock lets many hands be: a small version of ``benchmarks/clock.py``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from whimsical_trials import arch

from stdsl.runtime.trials.proposal import Outcome, Spec

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from clock import simulate

TRIALS, HANDS = 400, 10


class Draws:
    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | None:
        return Spec(number, arch(number)) if number < TRIALS else None


@pytest.mark.parametrize(
    ("off", "slack", "least", "most"),
    [
        (0.1, 2.0, 0.97, 1.0),
        (0.25, 2.0, 0.94, 1.0),
        (0.5, 1.0, 0.1, 0.7),
    ],
)
def test_hands_are_busy_where_lengths_are_known_about(off: float, slack: float, least: float, most: float) -> None:
    """With the least slack hands wait for results that are late."""
    engine, _ = simulate(Draws(), TRIALS, off, slack, HANDS, charged=False)
    assert least <= engine.busy() <= most
    assert len(engine.intervals) > TRIALS  # those that were lost were trained again
