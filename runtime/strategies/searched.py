"""What a search in shared weights learns from, and how it measures architectures with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from stdsl.compiler.ir.graph import SpaceGraph

from ..data.batch import Part
from ..data.networks.binding import bound
from ..data.networks.features import Features, Making
from ..phases.context import Context, data_identity
from .candidates import Measuring, Norms


class Measured(Protocol):
    """What a strategy's `derive { … }` says of measuring."""

    @property
    def metric(self) -> str | None: ...

    @property
    def norms(self) -> Norms: ...

    @property
    def measure(self) -> int | None: ...


def searched_data(run: Context, graph: SpaceGraph, splits: Iterable[str]) -> Features:
    """The data of a run as networks of ``graph`` take it. ``splits``: those that are used, perhaps repeatedly."""
    identity = data_identity(run.config, run.config.data)
    making = Making(run.directory.features, identity, run.placement, run.reporter, run.interruption)
    return Features(bound(run.dataset, graph), tuple(dict.fromkeys(splits)), making)


def measuring(run: Context, dataset: Features, learnt: Part, batch: int, derive: Measured) -> Measuring:
    """On the split `valid`. ``learnt``: what the weights are learnt from."""
    return Measuring(
        Part(dataset, ("valid",)),
        learnt,
        run.placement,
        batch,
        run.criterion,
        derive.metric or run.criterion.metric,
        derive.norms,
        derive.measure,
    )
