"""The data contract: what a data set gives to a trainer, by index and epoch, never by iteration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor

from stdsl.compiler.schemas.retraining import held_out

from ..randomness import key, permutation
from .normalisation import Normalisation

__all__ = ["Batch", "Dataset", "Normalisation", "Part"]


@dataclass(frozen=True, slots=True)
class Batch:
    """``inputs``: one tensor per input of the meta, (N, C, T, H, W) or (N, C, H, W), float32. ``targets``: of classes
    int64, (N,) or (N, …) at positions; of labels (0 or 1) and of numbers float32, (N, C) or (N, C, …).
    """

    inputs: tuple[Tensor, ...]
    targets: Tensor

    def __len__(self) -> int:
        return len(self.targets)


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

    def mixed(self, count: int | None = None) -> Part:
        """``count`` of the samples (all, where that is None or there are fewer), in a random order that is always the
        same: as they are stored, samples often come class by class."""
        whole = np.arange(len(self)) if self.chosen is None else self.chosen
        return replace(self, chosen=whole[permutation(key("mixed"), len(self))[:count]])

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
