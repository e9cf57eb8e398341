"""Data that cannot be learnt from: told at the data set, before or when it is read."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from stdsl.compiler.datafiles.forms import Kind
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_images import Cifar10
from stdsl.compiler.schemas.data_tables import Table
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.batch import Batch, Normalisation, Part
from stdsl.runtime.data.numbers.tables import TableDataset
from stdsl.runtime.data.own.checked import Checked
from stdsl.runtime.data.own.given import as_dataset, given_arrays
from stdsl.runtime.data.pictures.cifar import CifarDataset
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.training.evaluate import evaluate
from stdsl.runtime.training.placement import Placement
from stdsl.runtime.training.statistics import measured_anew

TEXT = """stdsl 1
meta net() on video: clip(1, 4, 8, 8) {
  y = video -> conv(2, 1x3x3) -> choose {flat: conv(2, 1x3x3), full: conv(2, 3x3x3)} as kind
  return y -> global_avg_pool -> bn -> linear(4)
}
space cells = net
search s {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 8, valid = 8, test = 8)
  strategy = gradient { steps = 2  batch = 4 }
  retrain { steps = 2  batch = 4 }
}
"""


@dataclass
class Rows:
    """Samples of two numbers each, by their place."""

    values: torch.Tensor = field(default_factory=lambda: torch.arange(18.0).view(9, 2))
    targets: torch.Tensor = field(default_factory=lambda: torch.arange(9) % 3)
    classes: tuple[str, ...] = ("a", "b", "c")
    inputs: tuple[str, ...] = ("x",)
    normalisation: Normalisation = field(default_factory=Normalisation)

    def size(self, split: str) -> int:
        return len(self.targets)

    def varies(self, split: str) -> bool:
        return False

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        return Batch((self.values[indices],), self.targets[indices])


@pytest.mark.parametrize("wrong", [3, -1])
def test_a_label_that_is_no_class(wrong: int) -> None:
    rows = Rows()
    rows.targets[5] = wrong
    dataset = Checked(rows, "rows")
    assert len(dataset.samples("train", np.array([4, 6]), 0)) == 2
    with pytest.raises(RunError, match=rf"E0724.*sample 5 of the split `train` of `rows` has the label {wrong}"):
        dataset.samples("train", np.array([4, 5, 6]), 0)


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf])
def test_a_value_that_is_no_number(wrong: float) -> None:
    rows = Rows()
    rows.values[7, 1] = wrong
    with pytest.raises(RunError, match=r"E0724.*sample 7 .* no numbers"):
        Checked(rows, "rows").samples("test", np.array([8, 7]), 0)


def cifar(folder: Path, images: npt.NDArray[np.uint8], labels: object) -> CifarDataset:
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        table = {b"data": images, b"labels": labels}
        (folder / name).write_bytes(pickle.dumps(table, protocol=2))
    return CifarDataset(Cifar10(root=str(folder)), 0, Path("."), None)


def noise(n: int = 4) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (n, 3072), dtype=np.uint8)


def wrong_files() -> Iterator[tuple[npt.NDArray[np.uint8], object, str]]:
    flat = noise()
    flat[:, 1024:2048] = 7  # the second channel
    yield flat, [1, 2, 3, 4], "channel 2 is the same"
    yield noise(), [1, 2, 3.5, 4], "not all whole numbers"
    yield noise(), [1, 2, [3], 4], "not all whole numbers"
    yield noise(), [1, 2, 10**30, 4], "not all whole numbers"


@pytest.mark.parametrize(("images", "labels", "said"), list(wrong_files()))
def test_files_that_cannot_be_standardised_or_learnt(
    tmp_path: Path, images: npt.NDArray[np.uint8], labels: object, said: str
) -> None:
    with pytest.raises(RunError, match=f"E0703.*{said}"):
        cifar(tmp_path, images, labels)


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        (["data.train=1", "retrain.holdout=0.5", "retrain.split=train", "strategy.batch=8"], "E0725", "held-out"),
        (["data.train=1"], "E0541", "the data has one to search with"),
        (["data.train=2", "retrain.split=train", "retrain.holdout=0.5"], "E0541", "the data has one to train on"),
    ],
)
def test_too_few_samples_are_told_before_anything_runs(
    tmp_path: Path, settings: list[str], code: str, said: str
) -> None:
    path = tmp_path / "s.space"
    path.write_text(TEXT)
    job = load_job(str(path), "s", settings)
    with pytest.raises(RunError, match=f"{code}.*{said}"):
        opened(job)
    opened(load_job(str(path), "s"))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8, 9, 10])
def test_an_evaluation_by_the_statistics_of_a_batch_leaves_no_sample_alone(size: int) -> None:
    part, seen = Part(Rows(), ("test",)), list[int]()
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 3))
    model.register_forward_pre_hook(lambda module, args: seen.append(len(args[0])))
    if size == 1:
        with pytest.raises(ValueError, match="more than 1 value"):
            evaluate(model, part, Placement(torch.device("cpu")), size, "batch")
        return
    assert evaluate(model, part, Placement(torch.device("cpu")), size, "batch").samples == 9
    assert sum(seen) == 9
    assert min(seen) > 1
    seen.clear()
    evaluate(model, part, Placement(torch.device("cpu")), size)
    assert max(seen) <= size


def test_batch_norms_are_measured_anew_but_frozen_ones() -> None:
    class Frozen(nn.Sequential):
        def train(self, mode: bool = True) -> Frozen:
            super().train(False)
            return self

    learnt, frozen = nn.BatchNorm1d(2, momentum=0.3), nn.BatchNorm1d(2)
    model = nn.Sequential(Frozen(frozen), nn.Dropout(0.9), learnt).train()
    for norm in (learnt, frozen):
        norm.running_mean.fill_(7.0)  # type: ignore[union-attr]
    x = torch.randn(6, 8, 2)
    with torch.no_grad(), measured_anew(model):
        for batch in x:
            model(batch)
    entering = (x - 7) / torch.sqrt(torch.ones(()) + frozen.eps)
    assert learnt.running_mean is not None
    assert learnt.running_var is not None
    torch.testing.assert_close(learnt.running_mean, entering.mean((0, 1)))
    torch.testing.assert_close(learnt.running_var, entering.var(1).mean(0))
    assert frozen.running_mean is not None
    assert torch.equal(frozen.running_mean, torch.full((2,), 7.0))
    assert (learnt.momentum, learnt.training, frozen.training, model.training) == (0.3, True, False, True)


@dataclass
class Told(Rows):
    """The same, with numbers or labels to tell of each."""

    kind: Kind = "numbers"

    def __post_init__(self) -> None:
        self.labels = torch.zeros(9, 2)
        self.targets = Targets(TargetSignature(self.kind, 2, ("a", "b"), ()))  # type: ignore[assignment]

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        return Batch((self.values[indices],), self.labels[indices])


@pytest.mark.parametrize(
    ("kind", "wrong", "words"),
    [
        ("numbers", torch.nan, "a target that is infinite, no number, or beyond"),
        ("numbers", torch.inf, "a target that is infinite, no number, or beyond"),
        ("labels", 0.5, "0.5 for a label, and that is 0 or 1"),
        ("labels", torch.nan, "nan for a label"),
    ],
)
def test_a_target_that_cannot_be_learnt(kind: Kind, wrong: float, words: str) -> None:
    rows = Told(kind=kind)
    rows.labels[3, 1] = wrong
    assert len(Checked(rows, "rows").samples("train", np.array([4, 6]), 0)) == 2
    with pytest.raises(RunError, match=f"E0724.*sample 3 .* has {words}"):
        Checked(rows, "rows").samples("train", np.array([4, 3]), 0)


def test_a_sample_is_named_as_the_users_own_data_has_it(tmp_path: Path) -> None:
    """Its place in a split that was divided off says nothing to whoever made the data."""
    x, y = np.arange(60.0)[:, None].repeat(3, 1), np.arange(60) % 2
    x[17, 1] = np.inf

    class Rows:
        def __len__(self) -> int:
            return 60

        def __getitem__(self, index: int) -> Any:
            return x[index], y[index]

    lines = ["a,b,label", *(f"{n},{n},{n / 7}" for n in range(60))]
    (tmp_path / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    table = TableDataset(Table(file="rows.csv", target="label"), 0, tmp_path, None)
    for dataset, words, advice in (
        (given_arrays({"x": x, "y": y}, {"normalise": None}), "(sample 17 of the arrays)", "correct the arrays"),
        (as_dataset(Rows()), "(sample 17 of the set)", "correct the class that gives it"),
    ):
        found = []
        for split in ("train", "valid", "test"):
            for index in range(dataset.size(split)):
                try:
                    Checked(dataset, "the data").samples(split, np.array([index]), 0)
                except RunError as error:
                    found.append(error.diagnostics[0])
        assert len(found) == 1
        assert words in found[0].message
        assert advice in str(found[0].help)
    for split in ("train", "valid", "test"):
        for index in range(table.size(split)):
            row = int(table.in_whole(split, index).removeprefix("row ").removesuffix(" of the table"))
            assert table._rows[split][index] == row - 1
    whole = as_dataset({"train": Rows(), "valid": Rows(), "test": Rows()})
    with pytest.raises(RunError, match=r"sample 17 of the split `test` of `the data` holds values"):
        Checked(whole, "the data").samples("test", np.array([17]), 0)


def test_what_is_wrong_with_data_of_a_program_is_no_matter_of_files() -> None:
    with pytest.raises(RunError) as raised:
        given_arrays({"x": np.zeros((4, 2)), "y": np.zeros(3, int)}, {})
    assert raised.value.diagnostics[0].help == "correct what the program gives"
