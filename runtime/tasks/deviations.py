"""How far off numbers are: what RMSE, MAE and R² are computed from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..tracking.rows import Table


class Deviations:
    """Sums over samples and positions, a number by itself, (C,) float64. ``units``: what a deviation of 1 is in units
    of the data."""

    def __init__(self, count: int, units: Sequence[float]) -> None:
        self.units = torch.tensor(units or [1.0] * count, dtype=torch.float64)
        self.absolute, self.squared, self.mean, self.spread = (
            torch.zeros(count, dtype=torch.float64) for _ in range(4)
        )
        self.count = 0

    def add(self, given: Tensor, targets: Tensor) -> None:
        """Both (N, C, …)."""
        told, real = (t.detach().double().cpu().movedim(1, -1).flatten(0, -2) for t in (given, targets))
        apart = told - real
        self.absolute += apart.abs().sum(0)
        self.squared += apart.square().sum(0)
        # The spread of the targets around their mean, put together from two parts (Chan et al. 1979).
        n, mean = len(real), real.mean(0)
        shift, whole = mean - self.mean, self.count + n
        self.spread += (real - mean).square().sum(0) + shift.square() * self.count * n / whole
        self.mean += shift * n / whole
        self.count = whole

    def table(self, names: Sequence[str]) -> Table:
        """How far off each number is."""
        found = (self._rmse.tolist(), self._mae.tolist(), self._r2.tolist())
        return [("number", "rmse", "mae", "r2"), *zip(names, *found, strict=True)]

    def rmse(self) -> float:
        return self._rmse.mean().item()

    def mae(self) -> float:
        return self._mae.mean().item()

    def r2(self) -> float:
        """Of a target that is the same everywhere 1 where it is told exactly, else 0."""
        return self._r2.mean().item()

    @property
    def _rmse(self) -> Tensor:
        return (self.squared / self.count).sqrt() * self.units

    @property
    def _mae(self) -> Tensor:
        return self.absolute / self.count * self.units

    @property
    def _r2(self) -> Tensor:
        plain = 1 - self.squared / self.spread
        constant = (self.squared == 0).double()
        return torch.where(self.spread > 0, plain, constant)
