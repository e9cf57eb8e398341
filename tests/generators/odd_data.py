"""Data sets of users that nobody should write, and some do: parts that raise, lie, or are of another type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from stdsl.runtime.data.batch import Batch, Normalisation


class Boom(Exception):
    """What the code of a user raises."""


def boom(*_: Any, **__: Any) -> Any:
    raise Boom("no more")


class Items:
    """30 samples by index, five numbers each, of three classes."""

    def __len__(self) -> int:
        return 30

    def __getitem__(self, index: int) -> Any:
        return np.full(5, float(index)), index % 3


class Splits:
    """A data set with the parts of stdsl's."""

    classes: Any = ("a", "b", "c")
    inputs: Any = ("x",)
    normalisation: Any = Normalisation()

    def size(self, split: str) -> Any:
        return 20

    def varies(self, split: str) -> Any:
        return False

    def samples(self, split: str, indices: Any, epoch: int) -> Any:
        chosen = torch.from_numpy(indices)
        return Batch((chosen.float()[:, None].expand(-1, 5).contiguous(),), chosen % 3)


def with_part(base: type, part: str, value: Any) -> Any:
    """An object of ``base`` with another ``part``."""
    return type(base.__name__, (base,), {part: value})()


class Unsized:
    __len__ = boom


class Unarrayed:
    __array__ = boom


class Anything:
    __getattr__ = boom


SAID: tuple[Any, ...] = (
    property(boom),
    None,
    3,
    -1,
    2**70,
    float("nan"),
    "abc",
    b"abc",
    (),
    [],
    {},
    {"a": 1},
    {"a", "b", "c"},
    object(),
    Unsized(),
    Unarrayed(),
    ["a", "a", "a"],
    ["\ud800", "b", "c"],
    [1, "b", None],
    [[1, 2], [3]] * 15,
    [object()] * 30,
    [2**70] * 30,
    [1j] * 30,
    [-1] * 30,
    np.zeros(30),
    np.zeros((30, 2), int),
    np.full(30, 2**64 - 1, np.uint64),
    np.array(["a", "b", "c"]),
    torch.zeros(30, dtype=torch.int64),
    torch.zeros(30, dtype=torch.int64).to_sparse(),
    (1, 2, 3),
    ("a:b", {}),
    ("a:b", None),
    ("a:b", {"x": object()}),
    ("a:b", {1: 2}),
    ("a:b", {"x": float("nan")}),
    Normalisation(mean=(1.0,), std=()),
    Normalisation(mean=(float("nan"),) * 5, std=(1.0,) * 5),
    Normalisation(mean=np.zeros(5), std=np.ones(5)),  # type: ignore[arg-type]
    Normalisation(mean="abc", std=("a",)),  # type: ignore[arg-type]
    Normalisation(each=(("z", Normalisation()),)),
    Normalisation(each=3),  # type: ignore[arg-type]
)
"""What a data set may say of itself."""

HUGE = np.broadcast_to(np.zeros(1), (2**44,))

VALUES: tuple[Any, ...] = (
    None,
    3,
    1.5,
    "abc",
    b"abc",
    (),
    {},
    {"x": 1},
    object(),
    2**70,
    float("nan"),
    1j,
    [1, 2, 3, 4, 5],
    [[1, 2], [3]],
    np.zeros(0),
    np.zeros(5, bool),
    np.zeros(5, np.uint8),
    np.zeros(5, np.float16),
    np.full(5, 1e300),
    np.full(5, np.nan),
    np.zeros(5, complex),
    np.zeros(5, "M8[s]"),
    np.zeros((1,) * 6),
    np.datetime64("2020"),
    np.uint64(2**64 - 1),
    np.array(["a"] * 5),
    np.ma.masked_array(np.zeros(5), mask=True),
    HUGE,
    (n for n in range(5)),
    Unarrayed(),
    torch.zeros(5, requires_grad=True),
    torch.zeros(5, dtype=torch.bfloat16),
    torch.zeros(5, dtype=torch.complex64),
    torch.zeros(5).to(torch.float8_e4m3fn),
    torch.zeros(5).to_sparse(),
    torch.zeros(5, device="meta"),
)
"""What may stand for the numbers of a sample."""


def batch_of(values: Any) -> tuple[Any, ...]:
    """Batches of eight with ``values`` in some place."""
    labels, rows = torch.zeros(8, dtype=torch.int64), torch.zeros(8, 5)
    return (
        values,
        Batch(values, labels),
        Batch((values,), labels),
        Batch((rows,), values),
        Batch((rows, values), labels),
    )


def odd_items() -> Iterator[Any]:
    """Objects that give samples by index, and something is odd about each."""
    for part in ("targets", "labels", "classes", "ignore", "origin"):
        for said in SAID:
            yield with_part(Items, part, said)
    for length in (boom, *(lambda _, n=n: n for n in (-1, 0, 1, 2, 3, 3.0, "a", 2**62, 40))):
        yield with_part(Items, "__len__", length)
    yield with_part(Items, "__getitem__", boom)
    for value in VALUES:
        for sample in (value, (value,), (value, 0), (np.zeros(5), value), ({"x": value}, 0), ({1: value}, 0)):
            yield with_part(Items, "__getitem__", lambda _, index, sample=sample: sample)
            later = lambda self, index, sample=sample: sample if index > 6 else Items.__getitem__(self, index)  # noqa: E731
            yield with_part(Items, "__getitem__", later)


def odd_splits() -> Iterator[Any]:
    """Objects with the parts of a data set, and something is odd about each."""
    for part in (
        "classes",
        "inputs",
        "normalisation",
        "targets",
        "origin",
        "size",
        "varies",
        "split_targets",
        "ignore",
    ):
        for said in SAID:
            yield with_part(Splits, part, said)
            if part in ("size", "varies", "split_targets"):
                yield with_part(Splits, part, lambda _, split, said=said: said)
    yield with_part(Splits, "samples", boom)
    for values in (*VALUES, torch.zeros(8, 5, 0), torch.zeros(7, 5), torch.zeros(8, 6), torch.zeros(8)):
        for batch in batch_of(values):
            given = lambda self, split, indices, epoch, batch=batch: (  # noqa: E731
                batch if len(indices) == 8 else Splits.samples(self, split, indices, epoch)
            )
            yield with_part(Splits, "samples", given)
            yield with_part(Splits, "samples", lambda _, split, indices, epoch, batch=batch: batch)


def odd_arrays() -> Iterator[Any]:
    """What stands for arrays by name, for a pair of them, or for data at all."""
    labels = np.arange(30) % 3
    yield from (7, "abc", b"", float("nan"), [], [1, 2, 3], (1,), {}, object(), Items, len, Anything(), Unsized())
    yield from (np.zeros((30, 5)), torch.zeros(30, 5), {1: np.zeros((30, 5)), "y": labels}, {None: labels, "y": labels})
    values: Any
    for values in (
        *(own for own in VALUES if own is not HUGE),
        Items(),
        np.zeros((30, 0)),
        np.zeros((0, 5)),
        torch.zeros(30, 5).to_sparse(),
    ):
        yield from ((values, labels), (np.zeros((30, 5)), values), {"x": values}, {"y": values}, {"train": values})
        yield from ({"train": Items(), "test": values}, {"x": values, "y": values}, {"\ud800": values, "y": labels})
    for names in (("test",), ("train", "zzz"), ("train", "val", "valid"), (1,), (None,), ("train", "test")):
        yield {name: Items() for name in names}
    yield {"train": Items(), "test": with_part(Items, "__len__", boom)}
    yield {"train": Items(), "test": with_part(Items, "__getitem__", lambda _, index: (np.zeros(4), 0))}


JSON: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**31,
    2**70,
    -1e308,
    float("inf"),
    float("nan"),
    "",
    "a",
    "\ud800",
    [],
    [[]],
    [None],
    ["a", "a"],
    [0.0] * 5,
    {},
    {"a": None},
    {"each": {"x": {"each": {}}}},
)
"""What may stand in a document of JSON."""


def odd_documents(document: Any) -> Iterator[Any]:
    """A document with one thing in it absent, twice, or another."""
    if document is not None and not isinstance(document, dict):
        yield from JSON
    if isinstance(document, dict):
        for key, inner in document.items():
            rest = {other: own for other, own in document.items() if other != key}
            yield rest
            yield from ({**document, key: own} for own in odd_documents(inner))
            yield from ({**rest, f"{key} ": inner}, {**document, "another": inner})
    if isinstance(document, list):
        yield from (document[:-1], [*document, *document], document[::-1])
        for place, inner in enumerate(document):
            yield from ([*document[:place], own, *document[place + 1 :]] for own in odd_documents(inner))
