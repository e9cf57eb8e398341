"""The decision weights of the best epoch."""

from __future__ import annotations

from typing import Any

from torch import nn

from ...training.stepped import Event
from .gap import Gauge, best_metric


class Snapshots:
    """Measured by ``metric`` after every ``epoch`` steps, on the part that ``gauge`` measures on.

    ``best``: the best epoch so far: its ``value``, ``step`` and ``probabilities``.
    """

    def __init__(self, metric: str, gauge: Gauge, epoch: int) -> None:
        self.metric, self.gauge, self.epoch = metric, gauge, epoch
        self.best: dict[str, Any] | None = None

    def due(self, t: int, steps: int) -> bool:
        """Whether an epoch is over after step ``t`` of ``steps``."""
        return (t + 1) % self.epoch == 0 or t + 1 == steps

    def take(self, t: int, supernet: nn.Module) -> Event:
        """Measure the supernet as it is after step ``t``."""
        net: Any = supernet
        value = best_metric(self.metric, supernet, self.gauge)
        better = self.best is None or value > self.best["value"]
        if better:
            self.best = {"value": value, "step": t, "probabilities": net.probabilities()}
        return "epoch", {"metric": self.metric, "value": abs(value), "best": better}
