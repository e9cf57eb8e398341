"""Metrics over a part of the data, batch by batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from ..data.targets import Targets
from ..tracking.rows import Table
from .applied_labels import AppliedLabels
from .confusion import Confusion
from .deviations import Deviations
from .ranking import Ranking

SOURCES: Mapping[str, Mapping[str, str]] = {
    "classes": {
        "accuracy": "confusion",
        "top5": "ranking",
        "balanced_accuracy": "confusion",
        "macro_f1": "confusion",
        "mean_ap": "ranking",
        "auc": "ranking",
        "iou": "confusion",
    },
    "labels": {"accuracy": "applied", "macro_f1": "applied", "mean_ap": "ranking", "auc": "ranking"},
    "numbers": {"rmse": "deviations", "mae": "deviations", "r2": "deviations"},
}
"""By kind of targets and name of a metric, what it is a method of."""


TABLES = ("classes", "confusion", "labels", "numbers")
"""What tables of results are called."""


class Source(Protocol):
    """What metrics are computed from. ``add`` takes what a network gives, (N, C, …), and the targets."""

    def add(self, given: Tensor, targets: Tensor) -> None: ...


@dataclass(frozen=True)
class Metrics:
    """``values``: by name, ``loss`` among them."""

    values: Mapping[str, float]
    samples: int
    tables: Mapping[str, Table] = field(default_factory=dict)
    """By name: what is told right of each class or label, or how far off each number is; which is taken for which."""

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def document(self) -> dict[str, Any]:
        """For the journal and ``result.json``."""
        return {**self.values, "samples": self.samples}


class Measurement:
    """``wanted``: names of metrics; those that are not of the targets' task are left out."""

    def __init__(self, targets: Targets, wanted: Collection[str] | None = None) -> None:
        self.targets = targets
        task = targets.task
        names = task.metrics if wanted is None else wanted
        self._sources = {name: SOURCES[task.kind][name] for name in names if name in task.metrics and name != "loss"}
        self._made = {source: self._source(source) for source in dict.fromkeys(self._sources.values())}

    def add(self, given: Tensor, targets: Tensor) -> None:
        """A batch: what a network gives, (N, C, …), and its targets."""
        for source in self._made.values():
            source.add(given, targets)

    def figures(self) -> dict[str, float]:
        """By name, in the order of the table of metrics."""
        return {name: getattr(self._made[source], name)() for name, source in self._sources.items()}

    def tables(self) -> dict[str, Table]:
        """By name, of what something was asked of."""
        found: dict[str, Table] = {}
        for source in self._made.values():
            match source:
                case Confusion():
                    found["classes"] = source.table(self.names)
                    found["confusion"] = source.matrix(self.names)
                case AppliedLabels():
                    found["labels"] = source.table(self.names)
                case Deviations():
                    found["numbers"] = source.table(self.names)
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, labels or numbers."""
        count = self.targets.signature.count or 0
        return self.targets.names or tuple(map(str, range(count)))

    def _source(self, name: str) -> Source:
        count = self.targets.signature.count
        assert count is not None, "targets of a data set that is open are known"
        match name:
            case "confusion":
                return Confusion(count)
            case "applied":
                return AppliedLabels(count)
            case "ranking":
                return Ranking(count, self.targets.signature.kind == "labels")
            case "deviations":
                return Deviations(count, self.targets.std)
        raise KeyError(name)
