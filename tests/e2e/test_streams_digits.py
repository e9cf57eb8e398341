"""`examples/streams_digits.py` at a size that shows nothing but that it runs, and what it compares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import stdsl

TINY = ("data.train=32", "data.valid=16", "data.test=16", "retrain.epochs=1", "found:strategy.epochs=2")
SLOW = ("fusion", "grid")


@pytest.fixture(scope="module")
def script(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("streams_digits")


@pytest.mark.parametrize("question", [*(pytest.param(q, marks=pytest.mark.slow) for q in SLOW), "cost"])
def test_it_runs_and_goes_on(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    question: str,
) -> None:
    monkeypatch.setattr(script, "RANDOM", 2)
    command = [question, "--seeds", "1", "--out", str(tmp_path)]
    command += [argument for text in TINY for argument in ("--set", text)]
    script.main(command)
    told = capsys.readouterr().out
    assert ("of 1 inside" if question == "grid" else "(primary): ") in told
    script.main(command)  # nothing is left to do
    assert capsys.readouterr().out == told


def test_random_ones_are_within_the_range(script: ModuleType) -> None:
    space = stdsl.load(script.SPACE, "nets")
    low, high = script.RANGES[script.RANGE]
    found = script.drawn(script.RANGE, 0)
    assert len({arch.hash for arch in found}) == script.RANDOM
    assert all(low <= space.costs(space.architecture(dict(arch))).flops <= high for arch in found)


def test_either_stream_by_itself_is_of_the_space(script: ModuleType) -> None:
    both, whole = stdsl.load(script.SPACE, "nets"), stdsl.load(script.SPACE, "whole")
    values = dict(both.sample(3))
    for own in (script.without_fusions(values), script.alone(values, "sparse"), script.alone(values, "dense")):
        assert dict(whole.architecture(own)).items() <= dict(own).items()
        assert set(whole.architecture(own)) == set(own)
