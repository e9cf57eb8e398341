"""Searched on one data set, trained on another, measured on a third: other sizes, other classes."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from kills.resumed import killed_and_gone_on_with

from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.data.batch import Part
from stdsl.runtime.phases.compare import as_measured, compared
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import resume
from stdsl.runtime.tracking.directory import open_run
from stdsl.runtime.tracking.weights import load_weights
from stdsl.runtime.training.evaluate import evaluate
from stdsl.runtime.training.placement import place

Order = Callable[..., int]

TEXT = """stdsl 1
meta net(c, size, classes) on v: clip(1, 4, size, size) {
  y = v -> conv(c, 3x3x3, stride = 2) -> bn -> relu -> choose {flat: conv(c, 1x3x3), t: conv(c, 3x1x1)} as kind -> relu
  return y -> global_avg_pool -> linear(classes)
}
meta plain(size, classes) on v: clip(1, 4, size, size) = v -> conv(4, 3x3x3) -> global_avg_pool -> linear(classes)
space nets(c = 4, size = 12, classes = 4) = net(c, size, classes)
space simple(size = 12, classes = 4) = plain(size, classes)

search grow {
  space    = nets(size = data.height, classes = data.classes)
  data     = motion_digits(frames = 4, size = 12, motions = 4, train = 32, valid = 32, test = 32)
  strategy = gradient { steps = 3  batch = 8 }
  retrain  {
    space = nets(c = 6, size = data.height, classes = data.classes)
    data  = motion_digits(frames = 4, size = 16, motions = 6, train = 40, valid = 40, test = 24)
    steps = 6  batch = 8
  }
  compare  { random = 1  spaces = [simple(data.height, data.classes)] }
  evaluate { size = 20 }
  export   { onnx = "grown.onnx" }
}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "grow.space"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_each_part_has_its_own_data_and_the_run_goes_on_after_a_kill(space: Path, tmp_path: Path, stdsl: Order) -> None:
    whole = killed_and_gone_on_with(stdsl, space, tmp_path, 6)

    result = json.loads((whole / "result.json").read_text())
    assert len(result["classes"]) == 6
    kept = {name: json.loads((whole / name).read_text()) for name in ("data.json", "data-search.json")}
    assert [len(facts["classes"]) for facts in kept.values()] == [6, 4]
    session = onnxruntime.InferenceSession(str(whole / "grown.onnx"), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[1:] == [1, 4, 16, 16]

    # What was trained at 16 pixels gives at 20 what the result says.
    job, directory = load_job(str(space), None), open_run(whole)
    dataset = opened(job, "evaluate")
    assert dataset.samples("test", np.arange(2), 0).inputs[0].shape == (2, 1, 4, 20, 20)
    for title in ("derived", "random-1"):
        subject = as_measured(job, directory, compared(job, directory, title))
        assert subject is not None
        model = build_module(subject.graph, subject.arch, seed=0)
        load_weights(model, directory.weights(title))
        found = evaluate(model.eval(), Part(dataset, ("test",)), place("cpu"), 8)
        row = next(network for network in result["networks"] if network["title"] == title)
        assert row["test"]["samples"] == 24
        assert found["loss"] == pytest.approx(row["test"]["loss"], rel=1e-4)
    assert [n["title"] for n in result["networks"]] == ["derived", "random-1", "simple(data.height, data.classes)"]


def test_other_data_of_the_training_is_held_to_what_the_run_was_started_with(
    space: Path, tmp_path: Path, stdsl: Order
) -> None:
    rng = np.random.default_rng(0)
    clips = rng.normal(size=(48, 1, 4, 16, 16))
    text = TEXT.replace("motions = 6, train = 40, valid = 40, test = 24)", "motions = 4)").replace(
        "data  = motion_digits(frames = 4, size = 16, motions = 4)", 'data  = arrays("more.npz")'
    )
    space.write_text(text.replace("  evaluate { size = 20 }\n", ""), encoding="utf-8")
    np.savez(tmp_path / "more.npz", x=clips, y=np.arange(48) % 5)
    broken = tmp_path / "broken"
    killed = stdsl("run", str(space), "--device", "cpu", "--out", str(broken), moment="step", number=2)
    assert killed == -signal.SIGKILL
    assert "grow retrain" in json.loads((broken / "run.json").read_text())["data"]
    np.savez(tmp_path / "more.npz", x=clips[:40], y=np.arange(40) % 5)
    with pytest.raises(RunError, match=r"E0727.*`arrays`.*had \d+ samples"):
        resume(broken, Silent())
