"""How often each class is told as which: what accuracy, F1 and IoU are computed from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..data.targets import VOID
from ..tracking.rows import Table

RATES = ("samples", "told", "right", "recall", "precision", "f1")


def rates(real: float, told: float, right: float) -> tuple[int | float | None, ...]:
    """``RATES`` of a class that there is, is told, and is rightly told so many times; None where there is nothing to be
    a share of."""
    shares = (right / real if real else None, right / told if told else None)
    return int(real), int(told), int(right), *shares, 2 * right / (real + told) if real + told else None


class Confusion:
    """``counts`` (classes, classes + 1) int64: row, what it is; column, as what it is told. The last column: where
    nothing is told, since what the network gives holds something that is no number."""

    def __init__(self, classes: int) -> None:
        self.counts = torch.zeros(classes, classes + 1, dtype=torch.int64)

    def add(self, given: Tensor, targets: Tensor) -> None:
        """``given`` (N, C, …), the greatest tells; ``targets`` (N, …), VOID where nothing is counted."""
        rows, columns = self.counts.shape
        told = torch.where(given.isnan().any(1), rows, given.argmax(1))
        places = torch.where(targets == VOID, rows * columns, targets * columns + told)
        found = torch.bincount(places.flatten(), minlength=rows * columns + 1)[:-1]
        self.counts += found.reshape(rows, columns).cpu()

    @property
    def hits(self) -> Tensor:
        """How many of each class are told right, (classes,) float64."""
        return self.counts[:, :-1].diagonal().double()

    @property
    def real(self) -> Tensor:
        """How many there are of each class."""
        return self.counts.sum(1).double()

    @property
    def told(self) -> Tensor:
        """How many are told as each class."""
        return self.counts[:, :-1].sum(0).double()

    def table(self, names: Sequence[str]) -> Table:
        """What is told right of each class."""
        counted = zip(names, self.real.tolist(), self.told.tolist(), self.hits.tolist(), strict=True)
        return [("class", *RATES), *((name, *rates(*found)) for name, *found in counted)]

    def matrix(self, names: Sequence[str]) -> Table:
        """A row for each class as it is, a column for each as which it is told."""
        rows = zip(names, self.counts[:, :-1].tolist(), strict=True)
        return [("is, told as", *names), *((name, *found) for name, found in rows)]

    def accuracy(self) -> float:
        """0 where nothing is counted, and so are the others."""
        return (self.hits.sum() / self.real.sum().clamp(min=1)).item()

    def balanced_accuracy(self) -> float:
        """Over the classes that there are."""
        return _mean(self.hits, self.real)

    def macro_f1(self) -> float:
        """Over the classes that there are, or that are told."""
        return _mean(2 * self.hits, self.real + self.told)

    def iou(self) -> float:
        """Likewise."""
        return _mean(self.hits, self.real + self.told - self.hits)


def _mean(parts: Tensor, wholes: Tensor) -> float:
    """Of the shares of those wholes that are not 0."""
    found = (parts / wholes)[wholes > 0]
    return found.mean().item() if len(found) else 0.0
