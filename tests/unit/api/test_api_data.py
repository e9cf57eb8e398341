"""`stdsl.run(…, data = …)`: arrays, tensors and data sets of a program, in place of those of a search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import numpy.typing as npt
import pytest
import torch

import stdsl
from stdsl.cli.main import cli
from stdsl.runtime.data.batch import Batch, Normalisation
from stdsl.runtime.data.own.given import as_dataset
from stdsl.runtime.data.targets import targets_of

TEXT = """stdsl 1
meta net(inputs, classes) on x: features(inputs) {
  y = x -> choose {plain: linear(6), deep: linear(6) -> relu -> linear(6)} as kind
  return y -> relu -> linear(classes)
}
space nets(inputs = 2, classes = 2) = net(inputs, classes)
search s {
  space = nets(data.channels, data.classes)
  data = table("no_such.csv", target = "label", classes = 2)
  strategy = gradient { steps = 3  batch = 8 }
  retrain { steps = 3  batch = 8 }
  compare { random = 1 }
}
"""
RNG = np.random.default_rng(0)
X, Y = RNG.normal(3, 2, (60, 5)), np.arange(60) % 3


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "a.space").write_text(TEXT, encoding="utf-8")
    return str(tmp_path / "a.space")


def weights(folder: Path) -> bytes:
    return (folder / "weights" / "derived.safetensors").read_bytes()


def test_arrays_tensors_and_pairs_are_the_same(space: str, tmp_path: Path) -> None:
    forms: dict[str, Any] = {
        "arrays": {"x": X, "y": Y},
        "tensors": {"x": torch.from_numpy(X), "y": torch.from_numpy(Y)},
        "pair": (X, torch.from_numpy(Y)),
        "named": stdsl.arrays({"x": X, "label": Y}, target="label"),
        "turned": stdsl.arrays({"x": X, "y": np.array(["a", "b", "c"])[Y]}, axes="NC"),
    }
    found = {}
    for name, data in forms.items():
        result = stdsl.run(space, data=data, out=tmp_path / name, device="cpu")
        found[name] = weights(tmp_path / name)
        assert result.document["data"] == "given"
    assert len(set(found.values())) == 1
    facts = json.loads((tmp_path / "turned" / "data.json").read_text())
    assert facts["classes"] == ["a", "b", "c"]
    assert len(facts["normalisation"]["mean"]) == 5


def test_it_is_gone_on_with_by_giving_the_same_again(space: str, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    class Stopping:
        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None: ...
        def say(self, text: str) -> None: ...
        def end(self, title: str, summary: str = "") -> None:
            if title == "search":
                raise Stop

        def advance(self, title: str, done: int, facts: Any) -> None: ...

    whole, broken = tmp_path / "whole", tmp_path / "broken"
    stdsl.run(space, data=(X, Y), out=whole, device="cpu")
    with pytest.raises(Stop):
        stdsl.run(space, data=(X, Y), out=broken, device="cpu", reporter=Stopping())
    with pytest.raises(stdsl.RunError, match="E0736"):
        stdsl.run(resume=broken)
    with pytest.raises(stdsl.RunError, match=r"E0727.*statistics"):
        stdsl.run(resume=broken, data=(X + 1, Y))
    with pytest.raises(stdsl.RunError, match=r"E0727.*had 3 classes, and has 4"):
        stdsl.run(resume=broken, data=(X, np.arange(60) % 4))
    told = click.testing.CliRunner().invoke(cli, ["run", "--resume", str(broken), "--quiet"])
    assert told.exit_code == 1
    assert "E0736" in told.output
    stdsl.run(resume=broken, data=(X, Y))
    assert weights(broken) == weights(whole)
    shown = click.testing.CliRunner().invoke(cli, ["show", str(broken)])
    assert shown.exit_code == 0, shown.output


def test_data_belongs_to_runs_that_were_started_with_it(space: str, tmp_path: Path) -> None:
    (tmp_path / "no_such.csv").write_text("\n".join(["a,b,label", *(f"{i},{i % 5},{'xy'[i % 2]}" for i in range(60))]))
    stdsl.run(space, out=tmp_path / "own", device="cpu")
    with pytest.raises(TypeError, match="data of its search"):
        stdsl.run(resume=tmp_path / "own", data=(X, Y))


@dataclass
class Rows:
    """A data set of the user's."""

    shape: tuple[int, ...] = (5,)
    train: int = 20
    classes: tuple[str, ...] = ("a", "b", "c")
    inputs: tuple[str, ...] = ("x",)
    normalisation: Normalisation = Normalisation()  # noqa: RUF009

    def size(self, split: str) -> int:
        return {"train": self.train, "valid": 20, "test": 12}[split]

    def varies(self, split: str) -> bool:
        return split != "test"

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        chosen = torch.from_numpy(indices)
        values = (chosen + epoch + len(split)).float().reshape(-1, *(1 for _ in self.shape)).expand(-1, *self.shape)
        return Batch((values.sin().contiguous(),), chosen % 3)


def test_a_data_set_of_the_users(space: str, tmp_path: Path) -> None:
    stdsl.run(space, data=Rows(), out=tmp_path / "own", device="cpu")
    assert json.loads((tmp_path / "own" / "run.json").read_text())["config"]["data"] == {
        "kind": "given",
        "changes": True,
    }
    with pytest.raises(stdsl.SpaceError, match=r"E0516.*tokens\(4, 5\), 3 classes"):
        stdsl.run(space, data=Rows(shape=(4, 5)))
    with pytest.raises(stdsl.RunError, match=r"E0737.*no sample in its split"):
        stdsl.run(space, data=Rows(train=0))
    with pytest.raises(stdsl.RunError, match=r"E0737.*no network takes"):
        stdsl.run(space, data=Rows(shape=(1,) * 5))


class Endless(torch.utils.data.IterableDataset[Any]):
    """What has no samples by number."""

    def __iter__(self) -> Iterator[Any]:
        yield X[0], 0


class Pairs(torch.utils.data.Dataset[Any]):
    """Samples by number."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return X[index], int(Y[index])


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (7, TypeError, "it is int"),
        (X, stdsl.RunError, r"E0737.*it is one array"),
        ([(X[i], Y[i]) for i in range(3)], stdsl.RunError, r"E0737.*it is list of 3"),
        (torch.utils.data.DataLoader([1, 2]), stdsl.RunError, r"E0737.*it is DataLoader.*from its beginning"),
        (Endless(), stdsl.RunError, r"E0737.*it is Endless.*from its beginning"),
        ({"training": Pairs()}, stdsl.RunError, r"E0737.*it maps 'training' to data sets"),
        ({"train": Pairs(), "test": X}, stdsl.RunError, r"E0737.*some to those"),
        (Batch((torch.zeros(1),), torch.zeros(1)), TypeError, "`classes`, `normalisation`"),
        ({"x": X}, stdsl.RunError, "no targets `y`"),
        ({"x": X[:5], "y": Y}, stdsl.RunError, "5 samples, and `y` has 60"),
        ({"x": X.astype(object), "y": Y}, stdsl.RunError, "holds `object`"),
        ((X, X.round().astype(int)), stdsl.RunError, "a class for each sample has|which is not that of targets"),
        ((X, Y / 2), stdsl.SpaceError, "E0534.*no `classes`"),
    ],
)
def test_what_cannot_be_given(space: str, data: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        stdsl.run(space, data=data)


def test_settings_of_files_have_no_place_beside_arrays() -> None:
    with pytest.raises(TypeError, match="come from no file"):
        stdsl.arrays({"x": X, "y": Y}, file="a.npz")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"axes": "NCW"}, "E0510.*no network takes samples with the axes NCW"),
        ({"axes": "HWN"}, "E0510"),
        ({"axes": "NCT"}, "E0510"),
        ({"axes": ["NC", "ZZZ"]}, "E0510.*ZZZ"),
        ({"target_axes": "NWT"}, "E0510.*target_axes|E0510.*no network gives"),
        ({"axes": 3}, "E0504.*`axes` takes .*; this is 3"),
        ({"valid": 1.5}, "E0504.*`valid` takes"),
        ({"axs": "NC"}, "E0501.*no setting `axs`"),
        ({"kind": "table", "axs": "NC"}, "E0501"),
    ],
)
def test_settings_beside_arrays_are_held_to_what_a_text_may_say(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(stdsl.RunError, match=words):
        stdsl.arrays({"x": X, "y": Y}, **settings)


@pytest.mark.parametrize("axes", [None, "NHWC"])
def test_the_task_says_what_targets_are_that_arrays_leave_open(axes: str | None) -> None:
    labels = np.eye(4, dtype=np.int64)[np.arange(60) % 4]
    own = stdsl.arrays({"image": np.zeros((60, 3, 3, 3), np.uint8), "y": labels}, axes=axes)
    with pytest.raises(stdsl.RunError, match=r"E0703.*task = multi_label"):
        own.size("train")
    with pytest.raises(stdsl.RunError, match=r"E0703.*task = multi_label"):
        as_dataset(own)
    found = [targets_of(as_dataset(own, task)).signature for task in ("multi_label", "regression")]
    assert [(one.kind, one.count) for one in found] == [("labels", 4), ("numbers", 4)]
    with pytest.raises(stdsl.RunError, match="E0703"):
        stdsl.arrays({"x": X[:5], "y": labels})  # no task mends that
    years = stdsl.arrays({"x": X, "y": np.arange(60) + 10**6}, axes="NC")
    assert targets_of(as_dataset(years, "regression")).signature.kind == "numbers"
    with pytest.raises(stdsl.RunError, match=r"E0703.*1,000,059.*task = regression"):
        as_dataset(years)
