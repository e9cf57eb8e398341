"""`examples/fusion_digits.py` at a size that shows nothing but that it runs, and its statistics."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import scipy.stats

TINY = (
    *("data.train=32", "data.valid=16", "data.test=16", "data.frames=4", "data.size=12"),
    *("posterior:strategy.epochs=1", "whole:strategy.epochs=1", "whole:strategy.decisions.warmup=1"),
    *("found:strategy.epochs=1", "found:strategy.derive.samples=2", "found:retrain.epochs=1"),
    *("alone:strategy.fitness.epochs=1", "alone:retrain.epochs=1", "strategies:retrain.epochs=1"),
)
SLOW = ("rank", "labels", "strategies")


@pytest.fixture(scope="module")
def script(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("fusion_digits")


@pytest.mark.parametrize("question", [*(pytest.param(q, marks=pytest.mark.slow) for q in SLOW), "random"])
def test_it_runs(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    question: str,
) -> None:
    monkeypatch.setattr(script, "TRIALS", 1)
    few = ["alone:strategy.trials=24"] if question == "rank" else []  # of 64, from two seeds: some are the same
    settings = [argument for text in (*TINY, *few) for argument in ("--set", text)]
    script.main([question, "--seeds", "2", "--out", str(tmp_path), *settings])
    assert "95 %" in capsys.readouterr().out


def test_ranks_and_intervals(script: ModuleType) -> None:
    assert script.ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]
    assert script.spearman([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1)
    assert script.spearman([1, 2, 3], [5, 5, 5]) == 0
    assert "not resolved" in script.interval([0.1, -0.2, 0.15])
    assert "not resolved" not in script.interval([0.1, 0.11, 0.12])


@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 11, 30])
def test_an_interval_is_that_of_student(script: ModuleType, seeds: int) -> None:
    """Of more than ten seeds no narrower. (Of eleven it was that of a normal distribution.)"""
    values = [0.1 * i * (-1) ** i for i in range(seeds)]
    (low, high) = map(float, re.findall(r"from (\S+) to ([^,\s]+)", script.interval(values))[0])
    right = scipy.stats.t.interval(0.95, seeds - 1, statistics.fmean(values), scipy.stats.sem(values))
    if seeds <= 10:
        assert (low, high) == pytest.approx(right, abs=2e-3 * (right[1] - right[0]) + 1e-3)
    else:
        assert low <= right[0] + 1e-3
        assert high >= right[1] - 1e-3
