"""A search that needs others: they run first, inside its directory, and it loads what they trained."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from stdsl.compiler.diagnostics.model import RunError, SpaceError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.directory import open_run
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
cell backbone(c) on clip = clip -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu -> conv(2 * c, 3x3x3, stride = 2) -> bn

meta single(c = 4) on video: clip(1, 8, 16, 16) {
  features = video -> backbone(c)
  return features -> relu -> global_avg_pool -> linear(4)
}
meta fused(c = 4) on video: clip(1, 8, 16, 16) {
  known = video -> frozen backbone(c, weights = "run:pretrain")
  y = known -> choose {pointwise: relu -> pointwise(8) -> bn, skip: identity} as kind
  return y -> relu -> global_avg_pool -> linear(4)
}
space alone = single
space together = fused

search pretrain {
  space = alone
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 64, valid = 64, test = 32)
  retrain { steps = 8  batch = 16  optimizer = sgd(lr = 0.1) }
}
search fuse {
  space = together
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 64, valid = 64, test = 32)
  needs = [pretrain]
  strategy = gradient { steps = 4  batch = 16  measure = 16 }
  retrain { steps = 4  batch = 16 }
}
"""


class StopAt(Silent):
    def __init__(self, title: str, step: int) -> None:
        self.title, self.step = title, step

    def advance(self, title: str, done: int, facts: object) -> None:
        if title == self.title and done == self.step:
            os.kill(os.getpid(), signal.SIGINT)


def tensors(folder: Path, name: str) -> dict[str, torch.Tensor]:
    return dict(load_file(folder / "weights" / f"{name}.safetensors"))


def test_what_is_needed_runs_first_and_its_weights_are_loaded(tmp_path: Path) -> None:
    space = tmp_path / "fuse.space"
    space.write_text(TEXT)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(RunRequest(str(space), "fuse", ("seed=3",), out=whole), Silent())
    assert open_run(whole / "needs" / "pretrain").manifest.seed == 3, "the seed is for what is needed too"
    trained = tensors(whole / "needs" / "pretrain", "derived")
    for name in ("search", "derived"):
        loaded = tensors(whole, name)
        shared = [n for n in loaded if n.startswith("known.")]
        assert len(shared) > 6
        for n in shared:
            assert torch.equal(loaded[n], trained[n.replace("known.", "features.", 1)]), n
    assert (whole / "needs" / "pretrain" / "result.json").exists()

    with pytest.raises(Interrupted, match=str(broken)):
        run(RunRequest(str(space), "fuse", ("seed=3",), out=broken), StopAt("train derived", 5))
    assert not (broken / "needs" / "pretrain" / "result.json").exists()
    needed = broken / "needs" / "pretrain"
    for path in needed.iterdir():
        if path.name not in (".lock", "space"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (needed / ".starting").touch()  # as if killed while the folder was made
    with pytest.raises(Interrupted):
        resume(broken, StopAt("search", 2))
    resume(broken, Silent())
    again = tensors(broken, "derived")
    assert all(torch.equal(again[n], t) for n, t in tensors(whole, "derived").items())


def test_weights_of_a_search_that_is_not_needed(tmp_path: Path) -> None:
    space = tmp_path / "fuse.space"
    space.write_text(TEXT.replace("  needs = [pretrain]\n", ""))
    with pytest.raises(SpaceError, match="E0714"):
        run(RunRequest(str(space), "fuse", out=tmp_path / "run"), Silent())
    assert not (tmp_path / "run").exists()


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    space = tmp_path / "fuse.space"
    space.write_text(TEXT.replace("features = video -> backbone(c)", "features = video -> backbone(2 * c)"))
    with pytest.raises(RunError, match="E0715"):
        run(RunRequest(str(space), "fuse", out=tmp_path / "run"), Silent())
