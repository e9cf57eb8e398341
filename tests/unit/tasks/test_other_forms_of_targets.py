"""Targets that no task has, weights for other classes, tasks of data that a program gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.tasks import task_faults
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.loading.balance import split_targets
from stdsl.runtime.data.numbers.arrays import ArraysDataset
from stdsl.runtime.data.own.checked import Checked
from stdsl.runtime.data.own.given import as_dataset
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
meta net(size, n) on v: clip(1, 4, size, size) {
  y = v -> choose {flat: conv(2, 1x3x3), full: conv(2, 3x3x3)} as kind
  return y -> global_avg_pool -> linear(n)
}
space nets(size = 8, n = 4) = net(size, n)
search s {
  space = nets(data.height, data.classes)
  data = motion_digits(frames = 4, size = 8, motions = 4)
  loss = cross_entropy(weights = [1, 2, 3, 4])
  strategy = gradient { steps = 2  batch = 4 }
  retrain { data = motion_digits(frames = 4, size = 8, motions = 6)  steps = 2  batch = 4 }
}
"""


def test_weights_are_one_for_each_class_of_the_final_training_too() -> None:
    found = check_text(Source("a.space", TEXT))
    assert [(d.code, d.message) for d in found] == [
        ("E0564", "there are 4 weights, and 6 classes in the data of `retrain`")
    ]
    assert not check_text(Source("a.space", TEXT.replace("motions = 6", "motions = 4")))


def test_labels_at_positions_are_of_no_task(tmp_path: Path) -> None:
    (tmp_path / "a.space").write_text(TEXT.replace("motions = 6", "motions = 4"), encoding="utf-8")
    config = load_job(str(tmp_path / "a.space"), None).config
    found = list(task_faults(config, TargetSignature("labels", 4, None, (8, 8))))
    assert [d.code for d in found] == ["E0561"]
    assert "4 labels at each of 8 × 8 positions" in found[0].message


def test_a_value_that_is_no_number_is_never_the_best() -> None:
    for metric in (METRICS["rmse"], METRICS["accuracy"]):
        assert metric.better(0.5, math.nan)
        assert not metric.better(math.nan, 0.5)
        assert metric.better(0.5, None)


@pytest.mark.parametrize(("task", "kind"), [("multi_label", "labels"), ("regression", "numbers")])
def test_the_task_says_what_the_targets_of_given_arrays_are(task: Any, kind: str) -> None:
    found: Any = as_dataset((np.zeros((12, 2)), np.arange(36).reshape(12, 3) % 2), task)
    assert found.targets.signature.kind == kind


@dataclass
class Rows:
    """A data set of the user's own, around another one."""

    dataset: Any = None
    labels: tuple[int, ...] = (0, 1, 1)
    inputs: tuple[str, ...] = ("x",)
    classes: tuple[str, ...] = ("a", "b")
    normalisation: Any = field(default=None)

    def size(self, split: str) -> int:
        return len(self.labels)

    def samples(self, split: str, indices: Any, epoch: int) -> Any:
        import torch

        from stdsl.runtime.data.batch import Batch

        return Batch((torch.zeros(len(indices), 1),), torch.tensor(self.labels)[torch.from_numpy(indices)])

    def varies(self, split: str) -> bool:
        return False


def test_targets_are_those_of_the_users_data_set_not_of_what_is_in_it() -> None:
    rows = Rows(dataset=Rows(labels=(0,) * 9))
    assert split_targets(Checked(rows, "rows"), "train").tolist() == [0, 1, 1]


def test_what_the_code_of_a_user_raises_is_told_of_the_data() -> None:
    class Failing(Rows):
        def samples(self, split: str, indices: Any, epoch: int) -> Any:
            raise KeyError("no such file")

    class Items:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> Any:
            raise OSError("gone")

    with pytest.raises(RunError, match=r"E0724.*KeyError"):
        Checked(Failing(), "rows").samples("train", np.arange(1), 0)
    with pytest.raises(RunError, match=r"E0724.*OSError: gone"):
        as_dataset(Items())


def test_great_numbers_that_hardly_differ_are_centred_before_they_are_float32(tmp_path: Path) -> None:
    numbers = 1e9 + np.arange(20.0)
    np.savez(tmp_path / "a.npz", x=numbers[:, None], y=numbers + 0.5)
    dataset = ArraysDataset(Arrays(file="a.npz"), 0, tmp_path, None)
    batch = dataset.samples("train", np.arange(dataset.size("train")), 0)
    assert len(batch.inputs[0].unique()) == len(batch.targets.unique()) == dataset.size("train")
