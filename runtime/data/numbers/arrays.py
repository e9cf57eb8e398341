"""``arrays``: NumPy's files as a data set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch

from stdsl.compiler.datafiles.arrangement import Arrangement, ordered_axes
from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.forms import POSITIONS
from stdsl.compiler.datafiles.npy import StoredArray
from stdsl.compiler.datafiles.table_doubts import Doubt
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.compiler.text.quoting import encodable

from ...randomness import key, keys
from ..batch import Batch, Dataset, Normalisation
from ..loading.augment import Augmented
from ..loading.division import divided
from ..loading.statistics import channel_statistics
from ..opening import reading
from ..scale import Scale
from ..targets import VOID, Targets
from .stored_values import StoredRows, values_of
from .target_doubts import target_doubts

Array = npt.NDArray[Any]
_PIECE = 256
"""Samples at a time, for statistics."""


class ArraysDataset:
    """Samples (N, C, T, H, W), (N, C, H, W), (N, L, C) or (N, C) of float32, whatever the order of axes in the file.

    An `.npz` is read when the first sample is asked for, and stays in memory; of `.npy` files the samples are read that
    are asked for. They look the same in every epoch. Classes that are texts are numbered in their alphabetical order.
    """

    def __init__(self, settings: Arrays, seed: int, folder: Path, place: Span | None) -> None:
        self.settings, self._place = settings, place
        with reading(settings.kind, place):
            self._arrangement = self._arranged(folder)
            self._axes = settings.axes_of(self._arrangement)
            self._form = settings.form(self._arrangement)
            raw = {split: self._ordered(own) for split, (_, own) in self._arrangement.splits.items()}
            self._names = self._named(raw)
        targets = {split: self._encoded(own) for split, own in raw.items()}
        given, whole = settings.shares.beside(targets), targets["train"]
        ranks = keys(key(settings.seed, "split", settings.kind), np.arange(len(whole)))
        sorts = whole if self._form.kind == "classes" and whole.ndim == 1 else np.zeros(len(whole), np.int64)
        # By split: the split of the file that it is taken from, and its places there.
        self._places = {split: ("train", found) for split, found in divided(sorts, ranks, given).items()}
        for split in ("valid", "test"):
            if split in targets:
                self._places[split] = (split, np.arange(len(targets[split])))
        self._unscaled = targets

    @property
    def classes(self) -> tuple[str, ...]:
        return () if self._form.kind == "numbers" else self._names

    @cached_property
    def targets(self) -> Targets:
        signature = TargetSignature(self._form.kind, len(self._names), self._names, self._form.positions)
        if self._form.kind != "numbers" or not self.settings.scale_target:
            return Targets(signature, void=self.settings.ignore is not None)
        source, places = self._places["train"]
        mean, std = channel_statistics([self._unscaled[source][places]])
        return Targets(signature, mean, std)

    @property
    def flow_total(self) -> int | None:
        """As that of the settings, of the targets that are there."""
        return self.settings.flow_total(self._arrangement, self._form)

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._arrangement.names

    @property
    def of_bytes(self) -> tuple[str, ...]:
        """The inputs that come as bytes, which are scaled to 0…1 before all else."""
        stored, _ = self._arrangement.splits["train"]
        sized = zip(self.inputs, (own.header for own in stored), strict=True)
        return tuple(name for name, header in sized if (header.kind, header.item) == ("u", 1))

    @cached_property
    def normalisation(self) -> Normalisation:
        if self.settings.normalise == "samples":
            return Normalisation(per_sample=True)
        if self.settings.normalise is None:
            return Normalisation()
        found = [self._statistics(i) for i in range(len(self.inputs))]
        return found[0] if len(found) == 1 else Normalisation(each=tuple(zip(self.inputs, found, strict=True)))

    def scaled_as(self, scale: Scale) -> Self:
        """The same samples in other units."""
        twin = copy(self)
        twin.targets, twin.normalisation = scale.told(self.targets), scale.normalisation
        return twin

    def _arranged(self, folder: Path) -> Arrangement:
        """What is where. Raises FilesAbsent and FileDamaged."""
        return self.settings.arrangement(folder)

    def _loaded(self, stored: StoredArray) -> Array:
        """The values of an array. Raises FileDamaged, FileChanged and MemoryError."""
        return values_of(stored)

    def _rows(self, stored: StoredArray) -> Array | StoredRows:
        """Its rows by their places: of a file read when they are asked for, as far as they lie in it one by one. Raises
        as :meth:`_loaded` does."""
        whole = stored.member is not None or (stored.header.columns and len(stored.header.shape) > 1)
        return self._loaded(stored) if whole else StoredRows(stored)

    def doubts(self) -> Iterator[Doubt]:
        """What may be meant otherwise."""
        if self._form.kind == "numbers":
            yield from target_doubts(self.split_targets("train"), self._names, self.settings.scale_target)

    def size(self, split: str) -> int:
        return len(self._places[split][1])

    def varies(self, split: str) -> bool:
        return False

    def in_whole(self, split: str, index: int) -> str:
        """Which sample of the arrays it is; "" where that is the same."""
        source, places = self._places[split]
        same = source == split and len(places) == len(self._unscaled[source])
        return "" if same else f"sample {int(places[index])} of the arrays"

    def split_targets(self, split: str) -> Array:
        """The targets of all samples of a split."""
        source, places = self._places[split]
        return self._unscaled[source][places]

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        return self.scaled(*self.unscaled(split, indices))

    def unscaled(self, split: str, indices: npt.NDArray[np.int64]) -> tuple[list[Array], Array]:
        """Samples as they are stored, with their axes in order, and their targets."""
        source, places = self._places[split]
        inputs = [self._raw(i, split, indices) for i in range(len(self.inputs))]
        return inputs, self._unscaled[source][places[indices]]

    def scaled(self, inputs: Sequence[Array], targets: Array) -> Batch:
        """What :meth:`unscaled` gave, as networks take it."""
        found = []
        for i, (name, raw) in enumerate(zip(self.inputs, inputs, strict=True)):
            values = _as_floats(raw)
            values = values.astype(np.result_type(values, np.float32))
            found.append(torch.from_numpy(self.normalisation.of(name).applied(values, self._channel_axis(i))))
        return Batch(tuple(found), torch.from_numpy(self.targets.scaled(np.ascontiguousarray(targets))))

    def _ordered(self, stored: StoredArray) -> Array:
        """The targets of a split: (N, …) of classes, (N, C, …) of numbers and labels, with the axes of positions in
        order. Raises FileDamaged."""
        values, form = self._loaded(stored), self._form
        if not form.axes:
            return values.reshape(-1) if form.kind == "classes" else values.reshape(-1, 1)
        grid = next(order for order in POSITIONS if sorted(order) == sorted(form.axes.replace("C", "")))
        order = grid if form.kind == "classes" else "C" * ("C" in form.axes) + grid
        values = values.transpose(0, *(1 + form.axes.index(axis) for axis in order))
        return values if form.kind == "classes" or "C" in form.axes else values[:, None]

    def _named(self, targets: Mapping[str, Array]) -> tuple[str, ...]:
        """The names of classes, labels or numbers. Raises FileDamaged."""
        stored = self._arrangement.splits["train"][1]
        if self._form.kind == "classes":
            found = (label for own in targets.values() for label in np.unique(own))
            names = self.settings.named(found, stored)
            odd = next((name for name in names if not encodable(name)), None)
            if odd is not None:
                raise FileDamaged(stored.path, f"`{stored.name}` holds the label {odd!r}, which is no text")
            return names
        return self.settings.told_names(stored.name, self._form.count or 1)

    def _encoded(self, targets: Array) -> Array:
        """Numbers of classes, int64, VOID where it is ignored; else numbers, float32 or as exact as they are."""
        if self._form.kind == "classes":
            numbers = _numbered(targets, self._names)
            return numbers if self.settings.ignore is None else np.where(targets == self.settings.ignore, VOID, numbers)
        return np.ascontiguousarray(targets, np.result_type(targets, np.float32))

    def _raw(self, i: int, split: str, indices: npt.NDArray[np.int64]) -> Array:
        """Samples of input i with their axes in order."""
        source, places = self._places[split]
        with reading(self.settings.kind, self._place):
            values = self._content[source][i][places[indices]]
        axes = self._axes[i]
        order = ordered_axes(axes)
        assert order is not None, "axes that no network takes are refused before"
        values = values.transpose(0, *(1 + axes.index(axis) for axis in order))
        return values if "C" in axes else values[:, None]

    def _channel_axis(self, i: int) -> int:
        """Where the channels of input i stand in a batch."""
        return 2 if "L" in self._axes[i] else 1

    def _statistics(self, i: int) -> Normalisation:
        def pieces() -> Iterator[Array]:
            for first in range(0, self.size("train"), _PIECE):
                chosen = np.arange(first, min(first + _PIECE, self.size("train")))
                yield np.moveaxis(_as_floats(self._raw(i, "train", chosen)), self._channel_axis(i), 1)

        mean, std = channel_statistics(pieces())
        return Normalisation(mean=mean, std=std)

    @cached_property
    def _content(self) -> Mapping[str, tuple[Array | StoredRows, ...]]:
        with reading(self.settings.kind, self._place):
            return {
                split: tuple(self._rows(stored) for stored in inputs)
                for split, (inputs, _) in self._arrangement.splits.items()
            }


def arrays_dataset(settings: Arrays, seed: int, folder: Path, place: Span | None) -> Dataset:
    """The arrays of files, with what is changed at random in training."""
    return varied(ArraysDataset(settings, seed, folder, place), seed)


def varied(dataset: ArraysDataset, seed: int) -> Dataset:
    """Arrays with the random changes that their settings ask for."""
    settings = dataset.settings
    if not settings.varies():
        return dataset
    return Augmented(dataset, seed, settings.flip, settings.pad, settings.flow, dataset.flow_total)


def _as_floats(values: Array) -> Array:
    """Bytes as 0…1, others as they are."""
    return values.astype(np.float32) / 255 if values.dtype == np.uint8 else values


def _numbered(labels: Array, classes: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Labels as the numbers of their classes; a number that is none stays, to be told of where its sample is read."""
    if labels.dtype.kind != "U":
        return labels.astype(np.int64)
    order = np.argsort(np.array(classes))
    return order[np.searchsorted(np.array(classes), labels, sorter=order)].astype(np.int64)
