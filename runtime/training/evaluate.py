"""Metrics of a network on a part of the data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from stdsl.compiler.backends.networks.ensemble import Mean

from ..data.batch import Part
from ..data.views import views_of
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
    """Run ``model`` in evaluation over ``part`` (or ``samples`` of its samples, mixed, always the same), ``size`` at a
    time; the model's mode is restored. ``statistics``: those that batch-norms use; where they are those of each batch,
    samples are mixed, for as they are stored they often come class by class. ``criterion``: None for that of the
    data's task; ``wanted``: the metrics beside the loss, None for all."""
    criterion = criterion or Criterion.of(part.dataset)
    views = views_of(part.dataset)
    if statistics == "batch" or (samples is not None and samples < len(part)):
        assert views == 1
        part = part.mixed(samples)
    total = len(part) // views
    with evaluating(model, statistics):
        batches = _batches(total, max(1, size // views), statistics)
        told = (_told(model, part, places, placement, criterion) for places in batches)
        return _measured(told, total, criterion, wanted)


@torch.no_grad()
def evaluate_together(
    models: Sequence[nn.Module],
    parts: Sequence[Part],
    placement: Placement,
    mean: Callable[..., Tensor],
    size: int,
    criterion: Criterion,
) -> Metrics:
    """The same of what networks tell together: ``mean`` of the predictions (N, C, …) of all of them. ``parts``: the
    same samples, as each network takes them. Raises Unpaired where what is right of them differs."""
    total = min(len(part) // views_of(part.dataset) for part in parts)
    size = max(1, size // max(views_of(part.dataset) for part in parts))

    def told() -> Iterator[tuple[Tensor, Tensor]]:
        for places in _batches(total, size, "running"):
            each = [_told(model, part, places, placement, criterion) for model, part in zip(models, parts, strict=True)]
            for place, (_, targets) in enumerate(each):
                if not torch.equal(targets, each[0][1]):
                    raise Unpaired(place)
            yield mean(*(given for given, _ in each)), each[0][1]

    with ExitStack() as stack:
        for model in models:
            stack.enter_context(evaluating(model, "running"))
        return _measured(told(), total, criterion, None)


class Unpaired(ValueError):
    """Samples of one part are not those of the first. ``place``: of the part."""

    def __init__(self, place: int) -> None:
        super().__init__(f"part {place} is of other samples than the first")
        self.place = place


def _told(
    model: nn.Module, part: Part, places: npt.NDArray[np.int64], placement: Placement, criterion: Criterion
) -> tuple[Tensor, Tensor]:
    """What a network tells of some samples, (N, C, …), and what it should; of those that are seen in several ways the
    mean over the views."""
    views = views_of(part.dataset)
    if views > 1:
        places = (places[:, None] * views + np.arange(views)).reshape(-1)
    batch = placement.put(part.samples(places))
    with placement.autocast():
        given = criterion.prediction(model(*batch.inputs)).float()
    if views == 1:
        return given, batch.targets
    mean = Mean(criterion.targets.signature.kind or "classes")
    return mean(*given.reshape(-1, views, *given.shape[1:]).unbind(1)), batch.targets[::views]


def _measured(
    told: Iterable[tuple[Tensor, Tensor]], total: int, criterion: Criterion, wanted: Collection[str] | None
) -> Metrics:
    measurement = Measurement(criterion.targets, wanted)
    loss, counted = 0.0, 0
    for given, targets in told:
        here = criterion.counted(targets)
        loss, counted = loss + criterion.plain(given, targets).item() * here, counted + here
        measurement.add(given, targets)
    return Metrics({"loss": loss / max(counted, 1), **measurement.figures()}, total, measurement.tables())


def _batches(total: int, size: int, statistics: Statistics) -> list[npt.NDArray[np.int64]]:
    """The places of the samples of each batch. Where batch-norms use the statistics of a batch, the last one does not
    have a single sample: it goes to the one before."""
    starts = list(range(0, total, size))
    if statistics == "batch" and len(starts) > 1 and total - starts[-1] == 1:
        starts.pop()
    return [np.arange(first, end) for first, end in zip(starts, [*starts[1:], total], strict=True)]
