"""All samples of a data set, looked at once before a run: how many, of which classes, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from stdsl.compiler.text.figures import times

from ...report.reporter import Reporter
from ..batch import Dataset
from ..loading.statistics import Moments
from ..loading.wrapped import whereabouts
from ..own.checked import NOT_FINITE, wrong_targets
from ..own.own_dataset import SPLITS
from ..targets import VOID, Targets, targets_of

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
    """``targets``: what is to be told. ``counts``: by split, how many samples (or positions) each class has, how many
    samples each label; ``void``: how many positions have no class; ``numbers``: of numbers to tell, by split, in the
    data's units. ``wrong``: samples that would stop a run, ``damaged``: files that would be left out of one, by name
    with what is the matter."""

    targets: Mapping[str, Any]
    sizes: Mapping[str, int]
    counts: Mapping[str, tuple[int, ...]]
    void: Mapping[str, int]
    numbers: Mapping[str, tuple[InputFacts, ...]]
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

    moments: Moments = field(default_factory=lambda: Moments(1))
    least: float = np.inf
    greatest: float = -np.inf
    shape: tuple[int, ...] = field(default=())

    def add(self, values: npt.NDArray[Any]) -> None:
        self.shape = tuple(values.shape[1:])
        finite = values[np.isfinite(values)].astype(np.float64)
        if not finite.size:
            return
        self.moments.add(finite[None])
        self.least, self.greatest = min(self.least, float(finite.min())), max(self.greatest, float(finite.max()))

    def facts(self, name: str) -> InputFacts:
        if not self.moments.count:
            return InputFacts(name, self.shape, 0.0, 0.0, 0.0, 0.0)
        mean, deviation = float(self.moments.mean[0]), float(self.moments.deviation[0])
        return InputFacts(name, self.shape, mean, deviation, self.least, self.greatest)


def _in_units(values: npt.NDArray[Any], targets: Targets, place: int) -> npt.NDArray[Any]:
    """One of the numbers to tell, as it stands in the data."""
    if not targets.mean:
        return values
    with np.errstate(over="ignore"):  # what is no finite number then is left out
        return values.astype(np.float64) * targets.std[place] + targets.mean[place]


def inspect(dataset: Dataset, reporter: Reporter) -> Inspection:
    """Reads every sample of ``dataset``, as it looks in the first epoch."""
    told = targets_of(dataset)
    count = told.signature.count or 0
    counts = {split: np.zeros(count if told.signature.kind != "numbers" else 0, np.int64) for split in SPLITS}
    void = dict.fromkeys(SPLITS, 0)
    numbers = {split: [_Sums() for _ in range(count if told.signature.kind == "numbers" else 0)] for split in SPLITS}
    sizes = {split: dataset.size(split) for split in SPLITS}
    sums = [_Sums() for _ in dataset.inputs]
    wrong: dict[str, str] = {}
    title = "samples"
    total, done = sum(map(dataset.size, SPLITS)), 0
    reporter.begin(title, total, of=times(total, "sample"))
    for split in SPLITS:
        for first in range(0, dataset.size(split), _PIECE):
            places = np.arange(first, min(first + _PIECE, dataset.size(split)))
            batch = dataset.samples(split, places, 0)
            targets = batch.targets.numpy()
            faults = dict(wrong_targets(batch.targets, told))
            match told.signature.kind:
                case "classes":
                    known = targets[(targets >= 0) & (targets < count)]
                    counts[split] += np.bincount(known, minlength=count)
                    void[split] += int((targets == VOID).sum()) if told.void else 0
                case "labels":
                    counts[split] += (targets == 1).reshape(len(targets), count, -1).any(2).sum(0)
                case _:
                    for place, own in enumerate(numbers[split]):
                        own.add(_in_units(targets[:, place], told, place))
            for own, values in zip(sums, batch.inputs, strict=True):
                array = values.numpy()
                own.add(array)
                strange = ~np.isfinite(array).reshape(len(array), -1).all(1)
                faults |= {int(i): NOT_FINITE for i in np.nonzero(strange)[0]}
            for i, fault in sorted(faults.items()):
                if len(wrong) < _NAMED:
                    whole = whereabouts(dataset, split, int(places[i]))[0]
                    wrong[f"sample {places[i]} of the split `{split}`{f' ({whole})' if whole else ''}"] = fault
            done += len(places)
            reporter.advance(title, done, {})
    reporter.end(title)
    return Inspection(
        told.document(),
        sizes,
        {split: tuple(found.tolist()) for split, found in counts.items()},
        void,
        {split: tuple(own.facts(n) for n, own in zip(told.names, numbers[split], strict=False)) for split in SPLITS},
        tuple(own.facts(name) for own, name in zip(sums, dataset.inputs, strict=True)),
        dataset.normalisation.document(),
        wrong,
        dict(getattr(dataset, "damaged", {})),
        dataset.remarks() if isinstance(dataset, Remarkable) else (),
    )
