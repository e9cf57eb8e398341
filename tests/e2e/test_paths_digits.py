"""`examples/paths_digits.py` at a size that shows nothing but that it runs, and Kendall's τ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

TINY = (
    *("data.train=32", "data.valid=16", "data.test=16", "alone:strategy.trials=2"),
    *("alone:strategy.fitness.epochs=1", "trained:retrain.epochs=1"),
    *(f"{search}:strategy.epochs=1" for search in ("spos", "sandwich", "parsec")),
)


@pytest.fixture(scope="module")
def script(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("paths_digits")


@pytest.mark.parametrize("question", [pytest.param("tau", marks=pytest.mark.slow), "elastic"])
def test_it_runs_and_goes_on(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    question: str,
) -> None:
    monkeypatch.setattr(script, "BUDGETS", script.BUDGETS[:2])
    monkeypatch.setattr(script, "CANDIDATES", 2)
    command = [question, "--seeds", "1", "--out", str(tmp_path)]
    command += [argument for text in TINY for argument in ("--set", text)]
    script.main(command)
    told = capsys.readouterr().out
    assert "(primary): " in told
    script.main(command)  # nothing is left to do
    assert capsys.readouterr().out == told


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12))
def test_tau_is_that_of_scipy(script: ModuleType, rows: list[tuple[int, int]]) -> None:
    a, b = (list(row) for row in zip(*rows, strict=True))
    expected = scipy.stats.kendalltau(a, b).statistic if len(set(a)) > 1 and len(set(b)) > 1 else 0.0
    assert script.tau(a, b) == pytest.approx(expected)
