"""The data contract: what a data set gives to a trainer, by index and epoch, never by iteration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ..prepare.samples import held_out
from ..randomness import permutation


@dataclass(frozen=True, slots=True)
class Batch:
    """``inputs``: one tensor per input of the meta, (N, C, T, H, W) or (N, C, H, W), float32. ``targets``: of classes
    int64, (N,) or (N, …) at positions; of labels (0 or 1) and of numbers float32, (N, C) or (N, C, …).
    """

    inputs: tuple[Tensor, ...]
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How inputs are scaled before they enter a network; written into exported files.

    ``per_sample``: every sample to mean 0 and deviation 1 over all its elements. Else ``mean`` and ``std`` are per
    channel. ``only``: the inputs that this is about, by the data's names; (): all. ``each``: instead of all that, a
    normalisation of its own for each input by name. ``columns``: of features made of a table, the column of each, and
    the category that it stands for with 0 or 1 (None: a number; where it is missing, the mean).
    """

    per_sample: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    only: tuple[str, ...] = ()
    each: tuple[tuple[str, Normalisation], ...] = ()
    columns: tuple[tuple[str, str | None], ...] = ()

    def document(self) -> dict[str, Any]:
        """As exported files have it: what is not said is left out, ``each`` is a table by the inputs' names."""
        facts: dict[str, Any] = {
            name: value for name in ("per_sample", "mean", "std", "only", "columns") if (value := getattr(self, name))
        }
        return facts | ({"each": {name: own.document() for name, own in self.each}} if self.each else {})

    def of(self, name: str) -> Normalisation:
        """That of one input."""
        if self.each:
            return dict(self.each)[name]
        return Normalisation() if self.only and name not in self.only else self

    def applied(self, values: npt.NDArray[np.float32], channels: int = 1) -> npt.NDArray[np.float32]:
        """A batch of one input (N, …), normalised; ``channels``: the axis that ``mean`` and ``std`` are along."""
        if self.per_sample:
            axes = tuple(range(1, values.ndim))
            mean, std = values.mean(axes, keepdims=True), np.maximum(values.std(axes, keepdims=True), 1e-6)
        elif self.mean:
            shape = [-1 if axis == channels else 1 for axis in range(values.ndim)]
            mean = np.array(self.mean, np.float32).reshape(shape)
            std = np.array(self.std, np.float32).reshape(shape)
        else:
            return np.ascontiguousarray(values, np.float32)
        scaled = np.ascontiguousarray(values - mean, np.float32)
        scaled /= std
        return scaled


class Dataset(Protocol):
    """Samples by split and index.

    ``samples(split, indices, epoch)`` is a pure function: sample i of epoch e is the same whoever asks, in whatever
    order and batch. Splits are ``train`` and ``valid`` (disjoint; both together for the final training) and ``test``
    (held out). Its targets are a class for each sample, unless it has a property ``targets`` that
    says otherwise (``Targets``).
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; none where something else is to be told."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of what a sample has, in the order of ``Batch.inputs``."""
        ...

    @property
    def normalisation(self) -> Normalisation: ...

    def varies(self, split: str) -> bool:
        """Whether samples of a split look different from epoch to epoch (random augmentation)."""
        ...

    def size(self, split: str) -> int:
        """The number of samples of ``train``, ``valid`` or ``test``."""
        ...

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        """The samples at ``indices`` of a split as they look in ``epoch`` (augmentation depends on it)."""
        ...


@dataclass(frozen=True)
class Part:
    """One or several splits, seen as one: `train` of a search, or `train` and `valid` together for the final
    training.
    """

    dataset: Dataset
    splits: tuple[str, ...]
    chosen: npt.NDArray[np.int64] | None = None
    """Places in the joined splits, where the part is a selection of them; else None."""

    def __len__(self) -> int:
        if self.chosen is not None:
            return len(self.chosen)
        return sum(self.dataset.size(split) for split in self.splits)

    def divided(self, share: float, base: int) -> tuple[Part, Part]:
        """A random division that depends on ``base`` alone: all but ``share`` of the samples, and that share (rounded,
        at least one of each)."""
        n, held = len(self), held_out(len(self), share)
        order = permutation(base, n)
        whole = np.arange(n) if self.chosen is None else self.chosen
        return replace(self, chosen=whole[np.sort(order[held:])]), replace(self, chosen=whole[np.sort(order[:held])])

    def samples(self, indices: npt.NDArray[np.int64], epoch: int = 0) -> Batch:
        """Samples by their place in the part, in the order asked for."""
        if self.chosen is not None:
            indices = self.chosen[indices]
        if len(self.splits) == 1:
            return self.dataset.samples(self.splits[0], indices, epoch)
        return _joined(self.dataset, self.splits, indices, epoch)


def _joined(dataset: Dataset, splits: Sequence[str], indices: npt.NDArray[np.int64], epoch: int) -> Batch:
    import torch

    pieces: list[Batch] = []
    places: list[npt.NDArray[np.int64]] = []
    first = 0
    for split in splits:
        size = dataset.size(split)
        here = np.nonzero((indices >= first) & (indices < first + size))[0]
        if len(here):
            pieces.append(dataset.samples(split, indices[here] - first, epoch))
            places.append(here)
        first += size
    order = torch.from_numpy(np.argsort(np.concatenate(places), kind="stable"))
    inputs = tuple(torch.cat(tensors)[order] for tensors in zip(*(piece.inputs for piece in pieces), strict=True))
    return Batch(inputs, torch.cat([piece.targets for piece in pieces])[order])
