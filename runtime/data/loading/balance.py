"""How often each class, or each label, is there: what classes are balanced by."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..batch import Dataset, Part
from ..targets import targets_of

Whole = npt.NDArray[np.int64]
_PIECE = 256


def split_targets(dataset: Dataset, split: str) -> npt.NDArray[Any]:
    """The targets of all samples of a split, in their order: as the data set has them at hand (``split_targets``), else
    read with the samples."""
    if hasattr(dataset, "split_targets"):
        found: npt.NDArray[Any] = dataset.split_targets(split)
        return found
    return read_targets(dataset, split)


def read_targets(dataset: Dataset, split: str) -> npt.NDArray[Any]:
    """The targets of all samples of a split, in their order, read with the samples."""
    size = dataset.size(split)
    pieces = [
        dataset.samples(split, np.arange(i, min(i + _PIECE, size)), 0).targets.numpy() for i in range(0, size, _PIECE)
    ]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int64)


def counts(dataset: Dataset, split: str = "train") -> Whole:
    """How many samples (or positions) of a split are of each class, those of none left out; how many each label
    applies to."""
    signature = targets_of(dataset).signature
    assert signature.count is not None, "targets of a data set that is open are known"
    values = split_targets(dataset, split)
    if signature.kind == "labels":
        return np.asarray((values > 0.5).sum(0), np.int64)
    return np.bincount(values[values >= 0].reshape(-1), minlength=signature.count)


def part_classes(part: Part) -> Whole:
    """The class of each sample of a part, in its order."""
    whole = np.concatenate([split_targets(part.dataset, split) for split in part.splits])
    return np.asarray(whole if part.chosen is None else whole[part.chosen], np.int64)
