"""A data set around another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy.typing as npt

from ..batch import Dataset, Normalisation
from ..targets import Targets, targets_of
from ..views import Views, seen_in, views_of
from .balance import split_targets


def bytes_of(dataset: Dataset) -> tuple[str, ...] | None:
    """The inputs that a data set gets as bytes, which it scales to 0…1 first; None where it does not say."""
    found: tuple[str, ...] | None = getattr(dataset, "of_bytes", None)
    return found


def inside(dataset: Any) -> Any:
    """The data set that others are around."""
    while isinstance(dataset, Wrapped):
        dataset = dataset.dataset
    return dataset


def whereabouts(dataset: Dataset, split: str, index: int) -> tuple[str, str]:
    """What a sample of a split is in the data before that was divided ("" where that is the same, or is not known), and
    what to do where it is wrong: as far as the data set says so in `in_whole` and `remedy`."""
    own = inside(dataset)
    whole = own.in_whole(split, index) if hasattr(own, "in_whole") else ""
    return whole, getattr(own, "remedy", "correct the file that it comes from")


class Wrapped:
    """Says of itself what ``dataset`` says: a subclass gives ``samples``, and says what is otherwise."""

    dataset: Dataset

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    @property
    def targets(self) -> Targets:
        return targets_of(self.dataset)

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.dataset.inputs

    @property
    def normalisation(self) -> Normalisation:
        return self.dataset.normalisation

    def split_targets(self, split: str) -> npt.NDArray[Any]:
        """The targets of all samples of a split."""
        return split_targets(self.dataset, split)

    @property
    def of_bytes(self) -> tuple[str, ...] | None:
        """The inputs that come as bytes, as :func:`bytes_of` has them."""
        return bytes_of(self.dataset)

    @property
    def views(self) -> int:
        """How many samples of its split `test` are one, seen in several ways."""
        return views_of(self.dataset)

    def seen_in(self, views: Views) -> Self:
        """The same around ``dataset`` with several views of each sample to measure on."""
        return replace(self, dataset=seen_in(self.dataset, views))  # type: ignore[type-var]

    def size(self, split: str) -> int:
        return self.dataset.size(split)

    def varies(self, split: str) -> bool:
        return self.dataset.varies(split)
