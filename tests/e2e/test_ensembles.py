"""An ensemble: the best architectures of a search, each trained, whose probabilities are averaged; one ONNX file."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import onnxruntime
import pytest
import torch
from calls import called, changed, on_test_split
from kills.outcome import differences, outcome

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {4, 6} as width, 1x3x3) -> bn -> choose {relu, gelu} as kind -> conv(c, 3x1x1)
  return y -> relu -> dropout(0.2) -> global_avg_pool -> linear(4)
}
space cells = net
search pair {
  space    = cells
  strategy = random { trials = 4  fitness { steps = 3  batch = 8  samples = 16 } }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 30)
  retrain  { steps = 12  batch = 8 }
  ensemble = 2
  export   { onnx = "model.onnx" }
}
"""
pytestmark = pytest.mark.usefixtures("processes")


def write(folder: Path, *changes: tuple[str, str]) -> Path:
    path = folder / "pair.space"
    path.write_text(changed(TEXT, *changes), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    result = called("run", str(write(folder)), "--out", str(folder / "run"), "--hands", "0", "--device", "cpu")
    assert result.exit_code == 0, result.output
    return folder / "run"


def test_it_tells_the_mean_of_what_its_members_tell(whole: Path) -> None:
    batch, each = on_test_split(whole, "derived", "member-2")
    assert not torch.equal(*each)
    mean = torch.stack([x.double().softmax(1) for x in each]).mean(0)
    document = json.loads((whole / "result.json").read_text())
    rows = {row["title"]: row for row in document["networks"]}
    assert list(rows) == ["derived", "member-2", "ensemble of 2"]
    assert [row["kind"] for row in rows.values()] == ["derived", "member", "ensemble"]
    told = rows["ensemble of 2"]["test"]
    right = mean.argmax(1) == batch.targets
    assert told["accuracy"] == pytest.approx(right.double().mean().item(), abs=1e-9)
    loss = -mean[torch.arange(len(mean)), batch.targets.long()].log().mean().item()
    assert told["loss"] == pytest.approx(loss, rel=1e-5)
    for cost in ("params", "flops", "seconds"):
        assert rows["ensemble of 2"][cost] == pytest.approx(rows["derived"][cost] + rows["member-2"][cost])
    best = max(("derived", "member-2"), key=lambda title: rows[title]["test"]["accuracy"])
    assert document["ensemble"] == {"members": ["derived", "member-2"], "best": best}

    session = onnxruntime.InferenceSession(str(whole / "model.onnx"))
    for count in (1, 3, len(mean)):
        fed = {own.name: x[:count].numpy() for own, x in zip(session.get_inputs(), batch.inputs, strict=True)}
        (given,) = session.run(None, fed)
        assert torch.allclose(torch.from_numpy(given).double().softmax(1), mean[:count], atol=1e-5)
    said = session.get_modelmeta().custom_metadata_map
    kept = [json.loads((whole / "architectures" / f"{name}.arch.json").read_text()) for name in ("derived", "member-2")]
    assert [own["decisions"] for own in json.loads(said["ensemble"])] == [own["values"] for own in kept]
    assert kept[0]["values"] != kept[1]["values"]
    trials = sorted(document["search_facts"]["trials"], key=lambda trial: -trial["value"])
    assert [own["values"] for own in kept] == [trial["architecture"] for trial in trials[:2]]

    shown = called("show", str(whole)).output
    assert "ensemble of 2" in shown
    assert f"best member: {best}" in shown


def test_members_that_differ_most(tmp_path: Path) -> None:
    """All four architectures are tried; beside the best stands the one that has neither of its values."""
    path = write(tmp_path, ("ensemble = 2", "ensemble = different(2, of = 4)"))
    told = called("run", str(path), "--out", str(tmp_path / "run"), "--hands", "0", "--device", "cpu")
    assert told.exit_code == 0, told.output
    kept = [
        json.loads((tmp_path / "run" / "architectures" / f"{name}.arch.json").read_text())["values"]
        for name in ("derived", "member-2")
    ]
    trials = json.loads((tmp_path / "run" / "result.json").read_text())["search_facts"]["trials"]
    assert kept[0] == max(trials, key=lambda trial: trial["value"])["architecture"]
    assert all(kept[0][path] != kept[1][path] for path in kept[0])


class StopAt(Silent):
    """Stops a run when a training has come so far."""

    def __init__(self, title: str, step: int) -> None:
        self.title, self.step = title, step

    def advance(self, title: str, done: int, facts: object) -> None:
        if (title, done) == (self.title, self.step):
            os.kill(os.getpid(), signal.SIGINT)


def test_stopped_in_a_members_training_it_ends_the_same(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(Interrupted):
        run(RunRequest(str(write(tmp_path)), out=out, hands=0, device="cpu"), StopAt("train member-2", 7))
    resume(out, Silent(), hands=0)
    assert differences(outcome(out), outcome(whole)) == []


@pytest.mark.parametrize("hands", [2])
def test_killed_before_it_was_measured_and_in_processes_it_ends_the_same(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hands: int
) -> None:
    """All members trained, by whoever was free, and not yet put together."""
    from stdsl.runtime.phases import ensemble

    def lost(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "run"
    request = RunRequest(str(write(tmp_path)), out=out, hands=hands, device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(ensemble, "evaluate_together", lost)
        with pytest.raises(KeyboardInterrupt):
            run(request, Silent())
    resume(out, Silent(), hands=hands)
    assert differences(outcome(out), outcome(whole)) == []


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ([("ensemble = 2", "ensemble = different(5)")], "E0756", "a search by this strategy (`random`) has at most 4"),
        ([("ensemble = 2", "ensemble = different(3, of = 2)")], "E0510", "3 members are chosen among 2"),
        ([("ensemble = 2", "ensemble = 5")], "E0756", "a search by this strategy (`random`) has at most 4"),
        ([("ensemble = 2", "ensemble = 5"), ("trials = 4", "trials = 9")], "E0756", "`cells` has at most 4"),
        ([("random { trials = 4  fitness { steps = 3  batch = 8  samples = 16 } }", "gradient { steps = 1 }")],
         "E0756", "(`gradient`) has at most 1 architecture"),
    ],
)  # fmt: skip
def test_more_members_than_architectures(tmp_path: Path, changes: list[tuple[str, str]], code: str, words: str) -> None:
    path = write(tmp_path, *changes, *([("choose {4, 6} as width", "4")] if "gradient" in words else []))
    told = called("check", str(path))
    assert told.exit_code == 1
    assert code in told.output
    assert words in " ".join(told.output.split())


@pytest.mark.parametrize("where", ["", "params >= 1", "flops <= 25K", "width == 6, flops >= 1"])
def test_as_many_members_as_there_are_architectures_within_where(tmp_path: Path, where: str) -> None:
    """Whether they are counted, or so many are met without."""
    narrowed = "" if not where else f" where {where}"
    changes = [("space cells = net", f"space cells = net{narrowed}"), ("trials = 4", "trials = 9")]
    there = int(called("count", str(write(tmp_path, *changes))).stdout.split()[-1])
    for members in range(2, 6):
        told = called("check", str(write(tmp_path, *changes, ("ensemble = 2", f"ensemble = {members}"))))
        assert ("E0756" in told.output) == (members > there), (there, told.output)
        assert told.exit_code == int(members > there)


def test_what_is_not_trained_after_the_search_is_no_ensemble(tmp_path: Path) -> None:
    path = write(tmp_path, ("  retrain  { steps = 12  batch = 8 }\n", ""), ('  export   { onnx = "model.onnx" }\n', ""))
    assert called("check", str(path)).exit_code == 0
    told = called("check", "--run", str(path))
    assert "E0701" in told.output
    assert "retrain" in told.output
