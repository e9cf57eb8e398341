"""Metrics of a network on a part of the data."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..data.batch import Part
from ..tasks.criterion import Criterion
from ..tasks.measurement import Measurement, Metrics
from .placement import Placement
from .statistics import Statistics, evaluating


@torch.no_grad()
def evaluate(
    model: nn.Module,
    part: Part,
    placement: Placement,
    size: int = 64,
    statistics: Statistics = "running",
    samples: int | None = None,
    criterion: Criterion | None = None,
    wanted: Collection[str] | None = None,
) -> Metrics:
    """Run ``model`` in evaluation over ``part`` (or its first ``samples`` samples), ``size`` at a time; the model's
    mode is restored. ``statistics``: those that batch-norms use. ``criterion``: None for that of the data's task;
    ``wanted``: the metrics beside the loss, None for all."""
    criterion = criterion or Criterion.of(part.dataset)
    measurement = Measurement(criterion.targets, wanted)
    loss, counted = 0.0, 0
    total = len(part) if samples is None else min(samples, len(part))
    with evaluating(model, statistics):
        for places in _batches(total, size, statistics):
            batch = placement.put(part.samples(places))
            with placement.autocast():
                given = criterion.prediction(model(*batch.inputs)).float()
            here = criterion.counted(batch.targets)
            loss, counted = loss + criterion.plain(given, batch.targets).item() * here, counted + here
            measurement.add(given, batch.targets)
    return Metrics({"loss": loss / max(counted, 1), **measurement.figures()}, total, measurement.tables())


def _batches(total: int, size: int, statistics: Statistics) -> list[npt.NDArray[np.int64]]:
    """The places of the samples of each batch. Where batch-norms use the statistics of a batch, the last one does not
    have a single sample: it goes to the one before."""
    starts = list(range(0, total, size))
    if statistics == "batch" and len(starts) > 1 and total - starts[-1] == 1:
        starts.pop()
    return [np.arange(first, end) for first, end in zip(starts, [*starts[1:], total], strict=True)]
