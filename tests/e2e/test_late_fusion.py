"""Late fusion: networks of several searches that see different things of the same samples, told together; one ONNX
file."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from calls import called, changed, on_test_split
from kills.outcome import differences, outcome

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
meta net(channels) on video: clip(channels, 4, 8, 8) {
  y = video -> conv(choose {4, 6} as width, 1x3x3) -> bn -> choose {relu, gelu} as kind -> conv(4, 3x1x1)
  return y -> relu -> dropout(0.2) -> global_avg_pool -> linear(4)
}
space cells(channels = 1) = net(channels)
search rgb {
  space    = cells
  strategy = random { trials = 3  fitness { steps = 3  batch = 8  samples = 16 } }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 30)
  retrain  { steps = 12  batch = 8 }
  ensemble = 2
}
search flow {
  space    = cells(channels = 2)
  strategy = random { trials = 3  fitness { steps = 3  batch = 8  samples = 16 } }
  data = motion_digits(
    frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 30, modalities = ["flow"])
  retrain  { steps = 12  batch = 8 }
  fuse     = [rgb]
  export   { onnx = "two.onnx" }
}
"""
pytestmark = pytest.mark.usefixtures("processes")


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    path = folder / "two.space"
    path.write_text(changed(TEXT, *changes), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    result = called("run", f"{write(folder)}::flow", "--out", str(folder / "run"), "--hands", "0", "--device", "cpu")
    assert result.exit_code == 0, result.output
    return folder / "run"


def on_test(folder: Path, *names: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The input of the test split of a run, the mean of the probabilities that its networks tell, what is right."""
    batch, told = on_test_split(folder, *names)
    return batch.inputs[0], torch.stack([each.double().softmax(1) for each in told]).mean(0), batch.targets


def test_it_tells_the_mean_of_what_the_searches_tell(whole: Path, tmp_path: Path) -> None:
    flow, second, targets = on_test(whole, "derived")
    frames, first, same = on_test(whole / "needs" / "rgb", "derived", "member-2")
    assert torch.equal(targets, same)
    assert not torch.allclose(first, second, atol=1e-3)
    mean = (first + second) / 2
    document = json.loads((whole / "result.json").read_text())
    rows = {row["title"]: row for row in document["networks"]}
    assert {title: row["kind"] for title, row in rows.items()} == {
        "derived": "derived",
        "rgb": "side",
        "fused with rgb": "fusion",
    }
    fused = rows["fused with rgb"]
    assert fused["test"]["accuracy"] == pytest.approx((mean.argmax(1) == targets).double().mean().item(), abs=1e-9)
    loss = -mean[torch.arange(len(mean)), targets].log().mean().item()
    assert fused["test"]["loss"] == pytest.approx(loss, rel=1e-5)
    other = {row["title"]: row for row in json.loads((whole / "needs/rgb/result.json").read_text())["networks"]}
    assert rows["rgb"] == other["ensemble of 2"] | {"title": "rgb", "kind": "side"}
    for cost in ("params", "flops", "seconds"):
        assert fused[cost] == pytest.approx(rows["derived"][cost] + rows["rgb"][cost])
    best = max(("derived", "rgb"), key=lambda title: rows[title]["test"]["accuracy"])
    assert document["fusion"] == {"searches": ["flow", "rgb"], "best": best}
    assert (whole / "evaluation" / "late-fusion-confusion.csv").exists()

    session = onnxruntime.InferenceSession(str(whole / "two.onnx"))
    assert [(own.name, own.shape[1:]) for own in session.get_inputs()] == [
        ("flow", [2, 4, 8, 8]),
        ("frames", [1, 4, 8, 8]),
    ]
    for count in (1, 3, len(mean)):
        (given,) = session.run(None, {"flow": flow[:count].numpy(), "frames": frames[:count].numpy()})
        assert torch.allclose(torch.from_numpy(given).double().softmax(1), mean[:count], atol=1e-5)
    said = session.get_modelmeta().custom_metadata_map
    assert [own["search"] for own in json.loads(said["ensemble"])] == ["flow", "rgb", "rgb"]
    assert (json.loads(said["fused"]), json.loads(said["modalities"])) == (["flow", "rgb"], ["flow", "frames"])
    assert json.loads(said["normalisation"]) == {"each": {"flow": {}, "frames": {"per_sample": True}}}

    shown = called("show", str(whole)).output
    assert "fused with rgb" in shown
    assert f"best of the fused: {best}" in shown
    np.savez(tmp_path / "one.npz", flow=flow[0].numpy(), frames=frames[0].numpy())
    told = called("predict", str(whole), str(tmp_path / "one.npz"), "--json")
    assert told.exit_code == 0, told.output
    scores = list(json.loads(told.output)["predictions"][0]["scores"].values())
    assert scores == pytest.approx(mean[0].tolist(), abs=1e-5)


class StopAt(Silent):
    """Stops a run when a training has come so far, in the how manyth training of that name."""

    def __init__(self, title: str, step: int, which: int) -> None:
        self.title, self.step, self.left = title, step, which

    def advance(self, title: str, done: int, facts: object) -> None:
        if (title, done) == (self.title, self.step):
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("which", [1, 2])
def test_stopped_in_either_search_it_ends_the_same(whole: Path, tmp_path: Path, which: int) -> None:
    out = tmp_path / "run"
    with pytest.raises(Interrupted):
        run(RunRequest(str(write(tmp_path)), "flow", out=out, hands=0, device="cpu"), StopAt("train derived", 7, which))
    resume(out, Silent(), hands=0)
    assert differences(outcome(out), outcome(whole)) == []


@pytest.mark.parametrize("lost", ["evaluate_together", "export"])
def test_killed_before_it_was_measured_or_written_it_ends_the_same(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    from stdsl.runtime import run as running
    from stdsl.runtime.phases import ensemble

    real, left = getattr(ensemble if lost == "evaluate_together" else running, lost), [2]

    def lose(*arguments: object) -> object:
        left[0] -= 1  # the first time is that of the search that runs first
        if not left[0]:
            raise KeyboardInterrupt
        return real(*arguments)

    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(ensemble if lost == "evaluate_together" else running, lost, lose)
        with pytest.raises(KeyboardInterrupt):
            run(RunRequest(str(write(tmp_path)), "flow", out=out, hands=0, device="cpu"), Silent())
    resume(out, Silent(), hands=0)
    assert differences(outcome(out), outcome(whole)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([('modalities = ["flow"]', 'digits = 4, modalities = ["flow"]')], ""),
        ([("motions = 4, train = 64, valid = 32, test = 30, modalities",
           "motions = 5, train = 64, valid = 32, test = 30, modalities"),
          ("linear(4)\n}", "linear(classes)\n}"), ("net(channels)", "net(channels, classes)"),
          ("cells(channels = 1)", "cells(channels = 1, classes = 4)"), ("cells(channels = 2)",
           "cells(channels = 2, classes = 5)")], "it tells 4 classes, and this one 5 classes"),
        ([("test = 30, modalities", "test = 31, modalities")], "has 30 samples, and that of this search 31"),
        ([("  retrain  { steps = 12  batch = 8 }\n  ensemble = 2\n", "")], "it trains no network"),
        ([("ensemble = 2", "fuse = [third]"), ("search rgb {", "search third {\n  space = cells\n  data = "
           "motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 30)\n  strategy = random "
           "{ trials = 1 }\n  retrain { steps = 1 }\n}\nsearch rgb {")], "it is a fusion of several searches itself"),
        ([("fuse     = [rgb]", "fuse = [rgb, rgb]")], "one is named twice"),
        ([("  retrain  { steps = 12  batch = 8 }\n  fuse", "  fuse"), ('  export   { onnx = "two.onnx" }\n', "")],
         "there is no final training"),
        ([("two.onnx\"", "two.onnx\"  preprocess = true")], "takes their inputs as they are scaled"),
    ],
)  # fmt: skip
def test_what_cannot_be_fused(tmp_path: Path, changes: list[tuple[str, str]], words: str) -> None:
    told = called("check", str(write(tmp_path, *changes)))
    assert told.exit_code == bool(words)
    assert ("E0758" in told.output) is words.startswith(("it ", "has "))
    assert words in " ".join(told.output.split())


def test_other_samples_are_told_of_before_anything_runs(tmp_path: Path) -> None:
    """Of as many samples of the same classes it is their labels that tell."""
    path = write(tmp_path, ("fuse     = [rgb]", "fuse = [rgb]\n  seed = 1"))
    told = called("run", f"{path}::flow", "--out", str(tmp_path / "run"), "--device", "cpu", "--hands", "0")
    assert told.exit_code == 1
    assert "E0758" in told.output
    assert "in another order" in told.output
    assert not (tmp_path / "run").exists()
