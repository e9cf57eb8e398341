"""The decision weights of the best epoch."""

from __future__ import annotations

from typing import Any

from torch import nn

from stdsl.compiler.schemas.tasks.metrics import METRICS, MetricName

from ...training.stepped import Event
from .gap import Gauge


class Snapshots:
    """Measured by ``metric`` after every ``epoch`` steps, on the part that ``gauge`` measures on.

    ``best``: the best epoch so far: its ``value``, ``step`` and ``probabilities``.
    """

    def __init__(self, metric: MetricName, gauge: Gauge, epoch: int) -> None:
        self.metric, self.gauge, self.epoch = metric, gauge, epoch
        self.best: dict[str, Any] | None = None

    def due(self, t: int, steps: int) -> bool:
        """Whether an epoch is over after step ``t`` of ``steps``."""
        return (t + 1) % self.epoch == 0 or t + 1 == steps

    def take(self, t: int, supernet: nn.Module) -> Event:
        """Measure the supernet as it is after step ``t``."""
        net: Any = supernet
        value = self.gauge.figure(supernet, self.metric, whole=True)
        better = METRICS[self.metric].better(value, self.best["value"] if self.best is not None else None)
        if better:
            self.best = {"value": value, "step": t, "probabilities": net.probabilities()}
        return "epoch", {"metric": self.metric, "value": value, "best": better}
