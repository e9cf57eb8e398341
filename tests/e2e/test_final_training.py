"""Final trainings with held-out samples, several seeds, cutout; stopped and taken up again, they are the same."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from stdsl.cli.main import cli
from stdsl.runtime.data.batch import Part
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.training.cutout import cutout
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
meta flat(c = 8) on video: clip(1, 8, 16, 16) {
  h = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu -> conv(2 * c, 3x3x3, stride = 2) -> bn -> relu
  return h -> dropout(0.2) -> global_avg_pool -> linear(4)
}
space per_frame(c = 8) = flat(c)
search baseline {
  space = per_frame
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 96, valid = 64, test = 64,
  )
  retrain {
    epochs = 3  batch = 16  holdout = 0.1  snapshot = best  metric = loss  seeds = 2  cutout = 6  dropout = 0.5
    optimizer = sgd(lr = 0.2, momentum = 0.9)
  }
}
"""


class StopAt(Silent):
    def __init__(self, step: int) -> None:
        self.step = step

    def advance(self, title: str, done: int, facts: object) -> None:
        if title == "train derived" and done == self.step:
            os.kill(os.getpid(), signal.SIGINT)


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((folder / "weights").iterdir())}


def test_the_best_of_held_out_samples_over_two_seeds(tmp_path: Path) -> None:
    space = tmp_path / "flat.space"
    space.write_text(TEXT)
    stages = plan(load_job(str(space), None)).stages
    assert [(s.name, s.steps) for s in stages] == [("train derived", 27), ("train derived-2", 27)]  # 144 of 160 samples
    whole = run(RunRequest(str(space), out=tmp_path / "whole"), Silent())
    broken = tmp_path / "broken"
    with pytest.raises(Interrupted):
        run(RunRequest(str(space), out=broken), StopAt(20))
    resume(broken, Silent())
    assert digests(broken) == digests(tmp_path / "whole")
    assert set(digests(broken)) == {"derived.safetensors", "derived-2.safetensors"}
    assert len(set(digests(broken).values())) == 2

    lines = list(read_journal(tmp_path / "whole" / "journal.jsonl"))
    held = [line for line in lines if line["event"] == "held_out"]
    assert [line["samples"] for line in held] == [16] * 3
    best = min(held, key=lambda line: line["loss"])
    facts = next(line["facts"] for line in lines if line["event"] == "phase_finished" and line["phase"] == "retrain")
    assert facts["held_out"] == {"step": best["step"], "loss": best["loss"]}
    document = json.loads((tmp_path / "whole" / "result.json").read_text())
    assert [n["title"] for n in document["networks"]] == ["derived", "derived-2"]
    assert document["seeds"]["values"] == [n["test"]["accuracy"] for n in document["networks"]]
    assert whole.accuracy == document["networks"][0]["test"]["accuracy"]


def test_cutout_erases_a_square_in_all_frames() -> None:
    x = torch.ones(64, 2, 3, 12, 10)
    (y,) = cutout((x,), 4, 7)
    (again,) = cutout((x,), 4, 7)
    assert torch.equal(y, again)
    erased = 1 - y[:, 0, 0]
    assert torch.equal(y, (1 - erased)[:, None, None].expand_as(y))
    sizes = erased.sum((1, 2))
    assert sizes.max() == 16
    assert sizes.min() >= 4  # clipped at a corner
    assert len({tuple(e.nonzero()[0].tolist()) for e in erased}) > 20


def test_parts_divide_without_overlap() -> None:
    class Numbers:
        def size(self, split: str) -> int:
            return {"train": 30, "valid": 10}[split]

    part = Part(Numbers(), ("train", "valid"))  # type: ignore[arg-type]
    most, held = part.divided(0.1, 5)
    assert (len(most), len(held)) == (36, 4)
    assert most.chosen is not None
    assert held.chosen is not None
    assert sorted([*most.chosen, *held.chosen]) == list(range(40))
    again = part.divided(0.1, 5)[1].chosen
    assert again is not None
    assert np.array_equal(again, held.chosen)


def test_what_to_try_next_means_the_network_that_was_trained(tmp_path: Path) -> None:
    """A search may give its space other values than the file's defaults: the command names them."""
    space = tmp_path / "s.space"
    space.write_text("""stdsl 1
    meta net(c, classes) on x: clip(1, 4, 8, 8) = x -> choose {a: conv(c, 3), b: relu}
      -> global_avg_pool -> linear(classes)
    space s(c = 1, classes = 2) = net(c, classes)
    search q {
      space = s(1, data.classes)  strategy = gradient { steps = 1 }  retrain { steps = 1 }
      data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
    }
    """)
    graph = run(RunRequest(str(space), out=tmp_path / "run"), Silent()).document["next"][1]
    assert f"{space}::s -p c=1 -p classes=4 --arch" in graph
    assert CliRunner().invoke(cli, graph.split()[1:]).exit_code == 0


def test_what_to_try_next_with_a_space_of_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    short = ("strategy.steps=1", "strategy.derive.samples=0", "retrain.steps=1")
    small = ("data.frames=4", "data.size=16", "data.train=32", "data.valid=32", "data.test=32")
    space = 'space=small(wiring = "parallel", frames = 4, size = 16)'
    found = run(RunRequest("fusion3d", "motion", [*short, *small, space], out=tmp_path / "run"), Silent())
    graph = found.document["next"][1]
    assert "fusion3d::small -p 'layer=\"gated\"' -p 'wiring=\"parallel\"' -p growth=4 -p frames=4" in graph
    assert CliRunner().invoke(cli, shlex.split(graph)[1:]).exit_code == 0
