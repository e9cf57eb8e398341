"""All samples of a data set, looked at once before a run: how many, of which classes, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..report.reporter import Reporter
from .batch import Dataset

SPLITS = ("train", "valid", "test")
_PIECE = 64
_NAMED = 1000
"""So many wrong samples are remembered; all are counted."""


@runtime_checkable
class Remarkable(Protocol):
    """A data set that has more to say of its files than its samples show."""

    def remarks(self) -> tuple[str, ...]: ...


@dataclass
class InputFacts:
    """Of one input as a network gets it: the shape of a sample, and of all values the mean, the deviation, the least
    and the greatest."""

    name: str
    shape: tuple[int, ...]
    mean: float
    deviation: float
    least: float
    greatest: float


@dataclass(frozen=True)
class Inspection:
    """``counts``: by split, how many samples each class has. ``wrong``: samples that would stop a run, ``damaged``:
    files that would be left out of one, by name with what is the matter."""

    classes: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    inputs: tuple[InputFacts, ...]
    normalisation: Mapping[str, Any]
    wrong: Mapping[str, str]
    damaged: Mapping[str, str]
    remarks: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass
class _Sums:
    """What is added up over the samples."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    least: float = np.inf
    greatest: float = -np.inf
    shape: tuple[int, ...] = field(default=())

    def add(self, values: Any) -> None:
        self.shape = tuple(values.shape[1:])
        finite = values[np.isfinite(values)].astype(np.float64)
        if not finite.size:
            return
        n, own = finite.size, float(finite.mean())
        total, apart = self.count + n, own - self.mean
        self.squares += float(((finite - own) ** 2).sum()) + apart**2 * self.count * n / total
        self.mean += apart * n / total
        self.count = total
        self.least, self.greatest = min(self.least, float(finite.min())), max(self.greatest, float(finite.max()))

    def facts(self, name: str) -> InputFacts:
        if not self.count:
            return InputFacts(name, self.shape, 0.0, 0.0, 0.0, 0.0)
        deviation = float(np.sqrt(self.squares / self.count))
        return InputFacts(name, self.shape, self.mean, deviation, self.least, self.greatest)


def inspect(dataset: Dataset, reporter: Reporter) -> Inspection:
    """Reads every sample of ``dataset``, as it looks in the first epoch."""
    counts = {split: np.zeros(len(dataset.classes), np.int64) for split in SPLITS}
    sums = [_Sums() for _ in dataset.inputs]
    wrong: dict[str, str] = {}
    title = "samples"
    total, done = sum(map(dataset.size, SPLITS)), 0
    reporter.begin(title, total)
    for split in SPLITS:
        for first in range(0, dataset.size(split), _PIECE):
            places = np.arange(first, min(first + _PIECE, dataset.size(split)))
            batch = dataset.samples(split, places, 0)
            targets = batch.targets.numpy()
            known = (targets >= 0) & (targets < len(dataset.classes))
            counts[split] += np.bincount(targets[known], minlength=len(dataset.classes))
            faults = {int(i): f"has the label {targets[i]}, which is no class" for i in np.nonzero(~known)[0]}
            for own, values in zip(sums, batch.inputs, strict=True):
                array = values.numpy()
                own.add(array)
                strange = ~np.isfinite(array).reshape(len(array), -1).all(1)
                faults |= {int(i): "holds values that are infinite or no numbers" for i in np.nonzero(strange)[0]}
            for i, fault in sorted(faults.items()):
                if len(wrong) < _NAMED:
                    wrong[f"sample {places[i]} of the split `{split}`"] = fault
            done += len(places)
            reporter.advance(title, done, {})
    reporter.end(title)
    return Inspection(
        dataset.classes,
        {split: tuple(found.tolist()) for split, found in counts.items()},
        tuple(own.facts(name) for own, name in zip(sums, dataset.inputs, strict=True)),
        dataset.normalisation.document(),
        wrong,
        dict(getattr(dataset, "damaged", {})),
        dataset.remarks() if isinstance(dataset, Remarkable) else (),
    )
