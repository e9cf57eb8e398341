"""Classes of users that write every sample into the same arrays, and arrays that are written into after they were
given: each sample is what it was when it was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import get_ident
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from sample_laws import SPLITS, check_nobody_writes_into_samples, equal

import stdsl
from stdsl.runtime.data.batch import Batch, Dataset, Normalisation, Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.own.given import as_dataset

N = 20


class Items:
    """Samples by index, written into ``buffers``: inputs and a target."""

    def __init__(self, *buffers: Any, pause: float = 0.0) -> None:
        self.buffers, self.pause = buffers, pause

    def __len__(self) -> int:
        return N

    def __getitem__(self, index: int) -> Any:
        *inputs, target = self.buffers
        for own in inputs:
            own[:] = index + 1
            time.sleep(self.pause)
        if not isinstance(target, int):
            target[:] = index % 2
        return (*inputs, index % 2 if isinstance(target, int) else target)


class Named(Items):
    def __getitem__(self, index: int) -> Any:
        *inputs, target = super().__getitem__(index)
        return {f"x{i}": own for i, own in enumerate(inputs)}, target


class Splits:
    """The parts of a data set, written into the same arrays."""

    classes, inputs, normalisation = ("a", "b"), ("x",), Normalisation()

    def __init__(self, given: Any, told: Any, pause: float = 0.0) -> None:
        self.given, self.told, self.pause = given, told, pause

    def size(self, split: str) -> int:
        return N

    def varies(self, split: str) -> bool:
        return False

    def samples(self, split: str, indices: Any, epoch: int) -> Batch:
        own, told = self.given[: len(indices)], self.told[: len(indices)]
        for place, index in enumerate(indices.tolist()):
            own[place], told[place] = index + 1, index % 2
        time.sleep(self.pause)
        return Batch((own,), told)


REUSED: dict[str, Callable[[], Any]] = {
    "float32": lambda: Items(np.zeros((3, 4, 4), "f4"), 0),
    "float64": lambda: Items(np.zeros((3, 4, 4)), 0),
    "bytes": lambda: Items(np.zeros((3, 4, 4), np.uint8), 0),
    "columns": lambda: Items(np.zeros((4, 3), "f4").T, 0),
    "tensor": lambda: Items(torch.zeros(3, 4, 4), 0),
    "half": lambda: Items(torch.zeros(5, dtype=torch.bfloat16), 0),
    "classes at positions": lambda: Items(np.zeros((3, 4, 4), "f4"), np.zeros((4, 4), np.int64)),
    "tensor of classes": lambda: Items(np.zeros((3, 4, 4), "f4"), torch.zeros(4, 4, dtype=torch.int64)),
    "numbers": lambda: Items(np.zeros(5, "f4"), np.zeros(3, "f4")),
    "label": lambda: Items(np.zeros(5, "f4"), np.zeros(1, np.int64)),
    "several": lambda: Items(np.zeros((3, 4, 4), "f4"), np.zeros((2, 4, 4), "f4"), 0),
    "named": lambda: Named(np.zeros((3, 4, 4), "f4"), torch.zeros(2, 4, 4), 0),
    "splits": lambda: {split: Items(np.zeros(5, "f4"), 0) for split in ("train", "test")},
    "batches": lambda: Splits(torch.zeros(N, 5), torch.zeros(N, dtype=torch.int64)),
    "batches of arrays": lambda: Splits(np.zeros((N, 5), "f4"), np.zeros(N, np.int64)),
}


@pytest.mark.parametrize("name", REUSED)
def test_a_sample_stays_what_it_was(name: str) -> None:
    dataset = as_dataset(REUSED[name]())
    check_nobody_writes_into_samples(dataset)
    found = dataset.samples("train", np.arange(4), 0).inputs[0].flatten(1)[:, 0]
    assert len(set(found.tolist())) == 4


@pytest.mark.parametrize(
    "own", [Items(np.zeros(5, "f4"), 0, pause=0.001), Splits(torch.zeros(N, 5), torch.zeros(N).long(), pause=0.001)]
)
def test_threads_take_turns(own: Any) -> None:
    order = Order(Part(as_dataset(own), ("train",)), 2, 0, "weights")
    expected = [order.at(step) for step in range(order.steps_per_epoch)]
    loader = Loader(order, order.steps_per_epoch, 4)
    assert all(equal(loader.at(step), batch) for step, batch in enumerate(expected))
    loader.close()


def test_a_class_that_says_so_is_asked_by_several_at_once() -> None:
    class Counting(Items):
        thread_safe, most = True, 0
        inside: ClassVar[set[int]] = set()

        def __getitem__(self, index: int) -> Any:
            self.inside.add(get_ident())
            self.__class__.most = max(self.most, len(self.inside))
            time.sleep(0.02)
            self.inside.discard(get_ident())
            return np.full(5, float(index)), index % 2

    order = Order(Part(as_dataset(Counting()), ("train",)), 2, 0, "weights")
    loader = Loader(order, order.steps_per_epoch, 4)
    loader.at(0)
    loader.close()
    assert Counting.most > 1


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8])
def test_arrays_that_were_given_are_not_those_of_the_program(kind: Any) -> None:
    x, y = np.arange(N * 5).reshape(N, 5).astype(kind), np.arange(N) % 2
    tensor = torch.from_numpy(x.copy())
    sets: list[Dataset] = [stdsl.arrays({"x": own, "y": y}, normalise=None) for own in (x, tensor)]
    before = [[own.samples(split, np.arange(own.size(split)), 0) for split in SPLITS] for own in sets]
    x[:], y[:] = 0, 0
    tensor.zero_()
    for own, batches in zip(sets, before, strict=True):
        check_nobody_writes_into_samples(own)
        for split, batch in zip(SPLITS, batches, strict=True):
            assert equal(own.samples(split, np.arange(own.size(split)), 0), batch)


def test_arrays_that_are_mapped_are_not_read_as_a_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((N, 5), "f4"))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r+")
    own = stdsl.arrays({"x": mapped[:, :3], "y": np.arange(N) % 2}, normalise=None)
    mapped[:] = 2
    assert own.samples("train", np.arange(1), 0).inputs[0].eq(2).all()
