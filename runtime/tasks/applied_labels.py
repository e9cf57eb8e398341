"""How often each label is told right: what applies and what does not, from one half on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..tracking.rows import Table
from .confusion import RATES, rates


class AppliedLabels:
    """``right``, ``false``, ``missed`` (labels,): told and applying, told alone, applying alone. A label is told where
    its probability is above one half; where the network gives no number, nothing is."""

    def __init__(self, labels: int) -> None:
        self.right, self.false, self.missed = (torch.zeros(labels, dtype=torch.float64) for _ in range(3))
        self.samples = 0

    def add(self, given: Tensor, targets: Tensor) -> None:
        """``given`` (N, C): logarithms of odds; ``targets`` (N, C): 0 or 1."""
        told, real = given > 0, targets > 0.5
        self.right += (told & real).sum(0).double().cpu()
        self.false += (told & ~real).sum(0).double().cpu()
        self.missed += (~told & real).sum(0).double().cpu()
        self.samples += len(given)

    def table(self, names: Sequence[str]) -> Table:
        """What is told right of each label."""
        real, told = self.right + self.missed, self.right + self.false
        counted = zip(names, real.tolist(), told.tolist(), self.right.tolist(), strict=True)
        return [("label", *RATES), *((name, *rates(*found)) for name, *found in counted)]

    def accuracy(self) -> float:
        wrong = (self.false + self.missed).sum().item()
        return 1 - wrong / (self.samples * len(self.right))

    def macro_f1(self) -> float:
        """Over the labels that apply somewhere, or are told; 0 where there are none."""
        both = 2 * self.right + self.false + self.missed
        found = (2 * self.right / both)[both > 0]
        return found.mean().item() if len(found) else 0.0
