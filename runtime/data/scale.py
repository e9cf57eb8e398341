"""In what units the samples of a data set come, and data sets in the units of others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self, cast

from .batch import Dataset, Normalisation
from .targets import Targets, targets_of


class CannotScale(Exception):
    """A data set gives its samples in one scale alone."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How inputs are scaled, and by what ``mean`` and ``std`` numbers to tell are; () where these stay as they are."""

    normalisation: Normalisation
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        targets = targets_of(dataset)
        return cls(dataset.normalisation, targets.mean, targets.std)

    def told(self, targets: Targets) -> Targets:
        """Targets in these units."""
        return replace(targets, mean=self.mean, std=self.std)


def scaled_as(dataset: Dataset, scale: Scale) -> Dataset:
    """A data set in other units, by its own ``scaled_as`` where it has one; itself where it has them already. Raises
    CannotScale."""
    if hasattr(dataset, "scaled_as"):
        return cast(Dataset, dataset.scaled_as(scale))
    check_scale(dataset, scale)
    return dataset


def check_scale(dataset: Dataset, scale: Scale) -> None:
    """Raises CannotScale where a data set is in other units."""
    if Scale.of(dataset) != scale:
        raise CannotScale("its samples come in a scale of their own, which is not that of the training")
