"""`stdsl.run(…, progress = …)`: who is told what goes on in a run, and how a run is ended from there."""

from __future__ import annotations

import threading
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import stdsl
from stdsl import ProgressEvent
from stdsl.runtime.report.listener import Listener

TEXT = """stdsl 1
meta net on x: features(4) {
  y = x -> choose {plain: linear(6), deep: linear(6) -> relu -> linear(6)} as kind
  return y -> relu -> linear(3)
}
space nets = net
search s {
  space = nets
  data = arrays("no_such.npz")
  strategy = gradient { steps = 3  batch = 8 }
  retrain { steps = 4  batch = 8 }
}
"""
DATA = (np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3)


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "a.space").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "a.space")


class Enough(Exception):
    pass


def test_a_function_is_told_each_phase_and_step(space: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[ProgressEvent] = []
    stdsl.run(space, data=DATA, out=tmp_path / "run", device="cpu", progress=told.append)
    by_phase = {
        phase: [(e.kind, e.step, e.steps) for e in told if e.phase == phase] for phase in ("search", "train derived")
    }
    assert by_phase == {
        phase: [("begin", 0, n), *(("step", i, n) for i in range(1, n + 1)), ("end", n, n)]
        for phase, n in (("search", 3), ("train derived", 4))
    }
    steps = [e for e in told if e.kind == "step" and e.phase == "search"]
    assert all(e.figures["loss"] > 0 for e in steps)
    assert any("run directory" in e.text for e in told if e.kind == "say")
    with pytest.raises(FrozenInstanceError):
        steps[0].step = 7  # type: ignore[misc]
    assert capsys.readouterr() == ("", "")


def test_what_the_function_raises_ends_a_run_that_can_be_gone_on_with(space: str, tmp_path: Path) -> None:
    def stop(event: ProgressEvent) -> None:
        if event.phase == "train derived" and event.step == 2:
            raise Enough

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    stdsl.run(space, data=DATA, out=whole, device="cpu", progress=False)
    with pytest.raises(Enough):
        stdsl.run(space, data=DATA, out=broken, device="cpu", progress=stop)
    stdsl.run(resume=broken, data=DATA, progress=False)
    ends = [(folder / "weights" / "derived.safetensors").read_bytes() for folder in (whole, broken)]
    assert ends[0] == ends[1]


def test_a_run_shows_its_progress_unless_it_should_not(
    space: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stdsl.run(space, data=DATA, out=tmp_path / "shown", device="cpu")
    output = capsys.readouterr()
    assert not output.out
    assert "search: done" in output.err
    stdsl.run(space, data=DATA, out=tmp_path / "quiet", device="cpu", progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("progress", [5, "yes", None, [print]])
def test_what_is_no_way_to_be_told(progress: Any, space: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="`progress` is True, False, or a function"):
        stdsl.run(space, data=DATA, out=tmp_path / "out", progress=progress)
    assert not (tmp_path / "out").exists()


def test_an_error_in_another_thread_is_raised_in_the_own_one() -> None:
    told: list[ProgressEvent] = []

    def tell(event: ProgressEvent) -> None:
        told.append(event)
        if event.step == 1:
            raise Enough

    def helper() -> None:
        listener.begin("train random-1", 2)
        listener.advance("train random-1", 1, {})
        listener.advance("train random-1", 2, {})

    listener = Listener(tell)
    thread = threading.Thread(target=helper)
    thread.start()
    thread.join()
    assert [e.kind for e in told] == ["begin", "step"]
    with pytest.raises(Enough):
        listener.say("going on")
    listener.say("cleaning up")
    listener.check()
    assert len(told) == 2
