"""Spaces that are compared: each trained once by what it is, with files of its own, whatever it is called."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from stdsl.cli.main import cli
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileRefused
from stdsl.compiler.schemas import run_files
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.journal import FINISHED, read_journal
from stdsl.runtime.trials import training

TEXT = """stdsl 1
meta net() on video: clip(1, 4, 8, 8) {
  y = video -> conv(4, 1x3x3) -> choose {flat: conv(4, 1x3x3), full: conv(4, 3x3x3)} as kind
  return y -> bn -> relu -> global_avg_pool -> linear(4)
}
meta plain(c) on video: clip(1, 4, 8, 8) = video -> conv(c, 1x3x3) -> bn -> relu -> global_avg_pool -> linear(4)
space cells = net()
space derived(c = 3) = plain(c)
space base(c = 6, k = 1) = plain(c * k)
space BASE(c = 5) = plain(c)

search s {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 2  batch = 8 }
  retrain { steps = 2  batch = 8  seeds = 2 }
  compare {
    random = 1
    spaces = [derived, derived(2), base, base(6 + 1), base(6 * 1), base(3, 4), base(3 + 4), BASE]
  }
  export { onnx = "model.onnx"  weights = "w.safetensors" }
}
"""
WIDTHS = {"derived (a space)": 3, "derived(2)": 2, "base": 6, "base(6 + 1)": 7}
WIDTHS |= {"base(3, 4)": 12, "BASE": 5}


class Told(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.trained: list[str] = []

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        self.trained.append(title)

    def say(self, text: str) -> None:
        self.said.append(text)


def test_each_network_has_its_own_files_and_results(tmp_path: Path) -> None:
    space, out, told = tmp_path / "s.space", tmp_path / "run", Told()
    space.write_text(TEXT)
    run(RunRequest(str(space), out=out), told)
    result = json.loads((out / "result.json").read_text())
    rows = {(row["kind"], row["title"]): row["params"] for row in result["networks"]}
    assert len(rows) == len(result["networks"]) == 9
    assert {title: params for (kind, title), params in rows.items() if kind == "space"} == {
        title: 9 * c + 2 * c + 4 * c + 4 for title, c in WIDTHS.items()
    }
    assert sorted(title for title in told.trained if title.startswith("train")) == sorted(
        f"train {title}" for _, title in rows
    ), "each is trained once"
    assert sum("W0522" in text for text in told.said) == 2
    files = {path.stem: load_file(path) for path in (out / "weights").iterdir()}
    assert len({name.casefold() for name in files}) == 10
    assert len(files["derived"]) == len(files["derived-2"]), "the found network, trained twice"
    exported = load_file(out / "w.safetensors")
    assert all(torch.equal(exported[name], value) for name, value in files["derived"].items())
    derived = json.loads((out / "architectures" / "derived.arch.json").read_text())
    assert derived["space"] == "cells"


COSTS = """stdsl 1
op wide(c) on x = x -> linear(4 * c) -> relu -> linear(c)
meta mlp(c) on row: features(4) {
  for i in 1..4 { x[i] = [row -> linear(c), *x[<i]] -> sum -> choose {flat: linear(c), wide: wide(c)} as kind -> relu }
  return x[4] -> linear(2)
}
space nets(c = 4) = mlp(c)
search s {
  space = nets
  data = arrays("rows.npz")
  strategy = gradient { steps = 2  batch = 8 }
  retrain { steps = 2  batch = 8 }
  compare { random = 3  near = 0.4  above = 0.1 }
}
"""


def test_random_ones_cost_about_as_much_as_the_found_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "rows.npz", x=rng.normal(size=(60, 4)), y=np.arange(60) % 2)
    (tmp_path / "s.space").write_text(COSTS)
    for seed in range(3):
        told, out = Told(), tmp_path / f"run{seed}"
        run(RunRequest(str(tmp_path / "s.space"), out=out, overrides=(f"seed={seed}",)), told)
        rows = json.loads((out / "result.json").read_text())["networks"]
        found = next(row["flops"] for row in rows if row["kind"] == "derived")
        drawn = [row["flops"] for row in rows if row["kind"] == "random"]
        assert all(0.6 * found <= flops <= 1.1 * found for flops in drawn)
        assert drawn or any("W0709" in text and f"to {int(1.1 * found):,} FLOPs" in text for text in told.said)


FEW = TEXT.replace("[derived, derived(2), base, base(6 + 1), base(6 * 1), base(3, 4), base(3 + 4), BASE]", "[base]")


def test_one_that_cannot_be_trained_is_left_out_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone on with once there is memory, it is trained."""
    (tmp_path / "s.space").write_text(FEW)
    told, out, train = Told(), tmp_path / "run", training.train_one

    def exhausted(assignment: Any, shop: Any) -> Any:
        if assignment.subject.name == "random-1":
            raise MemoryError("the system refused more")
        return train(assignment, shop)

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_one", exhausted)
        result = run(RunRequest(str(tmp_path / "s.space"), out=out, hands=0), told).document
    assert [row["title"] for row in result["networks"]] == ["derived", "derived-2", "base"]
    assert result["failed"] == [{"title": "random-1", "reason": "MemoryError: the system refused more"}]
    assert result["random"] is None
    assert sum("W0751" in text for text in told.said) == 2
    assert sum("W0750" in text and "left out" in text for text in told.said) == 1
    shown = click.testing.CliRunner().invoke(cli, ["show", str(out)]).output
    assert "random-1 failed: MemoryError" in shown
    shown = click.testing.CliRunner().invoke(cli, ["show", str(out), "--trials"]).output
    assert "2 done, 1 failed" in shown
    assert all(name in shown for name in ("derived-2", "random-1", "base", "MemoryError"))
    (out / "result.json").unlink()
    again = resume(out, Silent(), hands=0).document
    assert [row["title"] for row in again["networks"]] == ["derived", "derived-2", "random-1", "base"]
    assert "failed" not in again
    assert [row for row in again["networks"] if row["title"] != "random-1"] == result["networks"]


@pytest.mark.usefixtures("processes")
def test_what_ends_the_run_beside_the_final_training_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, say, that the database of trials meets."""

    def refused(run: object) -> None:
        raise RunError([RunFileRefused(None, "trials.sqlite", "written", "No space left on device")])

    monkeypatch.setattr("stdsl.runtime.trials.beside.open_store", refused)
    (tmp_path / "s.space").write_text(FEW.replace("retrain { steps = 2", "retrain { steps = 3000"))
    with pytest.raises(RunError, match="No space left"):
        run(RunRequest(str(tmp_path / "s.space"), out=tmp_path / "run", hands=2), Silent())
    lines = read_journal(tmp_path / "run" / run_files.JOURNAL)
    assert "retrain" not in {line["phase"] for line in lines if line["event"] == FINISHED}


def test_what_is_kept_of_them_is_held_to_the_run(tmp_path: Path) -> None:
    (tmp_path / "s.space").write_text(FEW)
    out = tmp_path / "run"
    run(RunRequest(str(tmp_path / "s.space"), out=out, hands=0), Silent())
    with closing(sqlite3.connect(out / "trials.sqlite")) as store:
        splits = store.execute("SELECT name, split, count(*) FROM trial_metrics GROUP BY name, split").fetchall()
        store.execute("UPDATE trials SET hash = 'ab' WHERE name = 'random-1'")
        store.commit()
    assert {(name, split) for name, split, _ in splits} == {
        (name, split) for name in ("base", "derived-2", "random-1") for split in ("train", "test")
    }
    (out / "result.json").unlink()
    with pytest.raises(RunError, match=r"E0753.*random-1.*another hash"):
        resume(out, Silent(), hands=0)
