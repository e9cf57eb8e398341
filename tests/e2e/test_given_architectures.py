"""`stdsl run --arch FILE`: what a search says of its result is done with an architecture that is given."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import ArchitectureError, RunError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.directory import open_run
from stdsl.runtime.tracking.weights import load_tensors
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  y = video -> conv(c, 1x3x3) -> bn
    -> choose {skip: identity, time: conv(same, 3x1x1) -> bn, more: conv(same, 3)} as kind
  return y -> relu -> global_avg_pool -> linear(4)
}
space cells = net where params <= 200
search find {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 2  batch = 8  measure = 16 }
  retrain { steps = 3  batch = 8 }
  compare { random = 1 }
  export { onnx = "model.onnx" }
}
search alone {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 2  batch = 8 }
}
search several {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = random { trials = 2  fitness { steps = 1  batch = 8 } }
  retrain { steps = 1  batch = 8 }
  ensemble = 2
}
"""


class StopAt(Silent):
    def advance(self, title: str, done: int, facts: object) -> None:
        assert title != "search"
        if title == "train derived" and done == 2:
            os.kill(os.getpid(), signal.SIGINT)


def test_a_given_architecture_is_trained_compared_and_exported(tmp_path: Path) -> None:
    text = tmp_path / "s.space"
    text.write_text(TEXT)
    space = stdsl.load(text, "cells")
    arch = space.architecture({"y.kind": "time"})
    arch.save(tmp_path / "a.arch.json")
    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        run(RunRequest(str(text), "find", out=out, architecture=tmp_path / "a.arch.json"), StopAt())
    (tmp_path / "a.arch.json").unlink()  # the run has kept what it is about
    result = resume(out, Silent())
    assert result.architecture == open_run(out).manifest.architecture == {"y.kind": "time"}
    assert result.document["derived"]["hash"] == arch.hash
    assert [row["kind"] for row in result.document["networks"]] == ["derived", "random"]
    assert result.document["networks"][0]["params"] == space.costs(arch).params
    assert (out / "model.onnx").exists()
    assert not (out / "weights" / "search.safetensors").exists()
    # The same bits as a run that was not stopped, which the API starts with values.
    whole = stdsl.run(f"{text}::find", arch={"y.kind": "time"}, out=tmp_path / "whole", progress=False)
    parts = [load_tensors(folder / "weights" / "derived.safetensors") for folder in (whole.directory, out)]
    assert parts[0].keys() == parts[1].keys()
    assert all(parts[0][name].equal(parts[1][name]) for name in parts[0])


def test_of_an_ensemble_there_is_one_network_and_it_is_told(tmp_path: Path) -> None:
    said: list[str] = []

    class Told(Silent):
        def say(self, text: str) -> None:
            said.append(text)

    text = tmp_path / "s.space"
    text.write_text(TEXT)
    result = run(RunRequest(str(text), "several", out=tmp_path / "run", architecture={"y.kind": "skip"}), Told())
    assert [row["kind"] for row in result.document["networks"]] == ["derived"]
    assert any("`ensemble` of the search is left out" in line for line in said)


def test_what_cannot_be_trained_is_told_before_a_folder_is_made(tmp_path: Path) -> None:
    text, out = tmp_path / "s.space", tmp_path / "run"
    text.write_text(TEXT)
    for search, given, error, code in (
        ("find", {"y.kind": "more"}, ArchitectureError, "E0605"),
        ("find", {"y.kind": "other"}, ArchitectureError, "E0604"),
        ("find", {}, ArchitectureError, "E0601"),
        ("alone", {"y.kind": "skip"}, RunError, "E0613"),
    ):
        with pytest.raises(error, match=code):
            run(RunRequest(str(text), search, out=out, architecture=given), Silent())
    assert not out.exists()
