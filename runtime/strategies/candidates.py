"""Architectures measured with the weights of a supernet, none trained by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from stdsl.compiler.analysis.architecture import Architecture, plain_values
from stdsl.compiler.analysis.circuits.of_space import decided
from stdsl.compiler.analysis.costs.listing import LISTED
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.backends.networks.paths.base import PathNetwork
from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.ir.graph import SpaceGraph

from ..data.batch import Part
from ..prepare.job import Job
from ..tasks.criterion import Criterion
from ..tasks.measurement import Metrics
from ..training.evaluate import evaluate
from ..training.placement import Placement
from ..training.statistics import keeping_buffers, measured_anew

Norms = Literal["measured", "batch", "template"]
FORWARD = 1 / 3
"""What a forward pass takes of a step."""


@dataclass(frozen=True)
class Measuring:
    """``metric`` on ``part``, ``batch`` samples at a time, of ``samples`` of them (None: all),
    mixed, and the same for all architectures.

    ``norms``: means and variances of batch-norms are measured anew for each architecture on (as many samples of)
    ``learnt``, the part that the weights were learnt from; or they are those of each batch, or the supernet's own.
    """

    part: Part
    learnt: Part
    placement: Placement
    batch: int
    criterion: Criterion
    metric: str
    norms: Norms = "measured"
    samples: int | None = None

    def figure(self, supernet: Supernet | PathNetwork, arch: Mapping[str, Any]) -> float:
        """The ``metric`` of one architecture."""
        return self.metrics(supernet, arch, (self.metric,))[self.metric]

    def metrics(
        self, supernet: Supernet | PathNetwork, arch: Mapping[str, Any], wanted: Collection[str] | None = None
    ) -> Metrics:
        """Of one architecture those ``wanted``, None for all. Afterwards the supernet holds its sites, its buffers and
        its mode are as before."""
        statistics: Literal["batch", "running"] = "batch" if self.norms == "batch" else "running"
        with torch.no_grad(), keeping_buffers(supernet), _holding(supernet, arch):
            if self.norms == "measured":
                self._measure_norms(supernet)
            return evaluate(
                supernet,
                self.part,
                self.placement,
                self.batch,
                statistics,
                self.samples,
                self.criterion,
                wanted,
            )

    def _measure_norms(self, supernet: nn.Module) -> None:
        learnt = self.learnt.mixed(self.samples)
        size = min(self.batch, len(learnt))
        with measured_anew(supernet), self.placement.autocast():
            for first in range(0, len(learnt) - size + 1, size):  # batches of one size, as in the search
                supernet(*self.placement.put(learnt.samples(np.arange(first, first + size))).inputs)


def once_each(drawn: Iterable[Architecture], figures: Mapping[str, float], policy: Policy) -> list[dict[str, Any]]:
    """Of each different architecture, in the order of drawing: its values, its figure (by its hash), how often it was
    drawn, and the logarithm of its probability by the policy (None where that is not known)."""
    found: dict[str, dict[str, Any]] = {}
    for arch in drawn:
        if arch.hash in found:
            found[arch.hash]["times"] += 1
            continue
        found[arch.hash] = {
            "hash": arch.hash,
            "value": figures[arch.hash],
            "times": 1,
            "log_prob": policy.log_prob(arch),
            "architecture": plain_values(arch),
        }
    return list(found.values())


def hold_sites(supernet: Supernet) -> None:
    """Weigh all elements of sites, where nothing is to be decided, with one."""
    supernet.hold({path: row.options for path, row in supernet.rows.items() if row.site})


@contextmanager
def _holding(supernet: Supernet | PathNetwork, arch: Mapping[str, Any]) -> Iterator[None]:
    supernet.hold_architecture(arch)
    try:
        yield
    finally:
        if isinstance(supernet, Supernet):
            supernet.release()
            hold_sites(supernet)


def most_different(graph: SpaceGraph, drawn: int) -> int:
    """How many different architectures so many drawn ones are at most: no more than there are within `where`, as far as
    that is known at once, as it is where budgets cut through few enough to list them."""
    many = decided(graph).high
    if many is not None and many <= LISTED:
        many = count(graph).high
    return drawn if many is None else min(drawn, many)


def passes_to_measure(job: Job, splits: Iterable[str], most: int | None, batch: int) -> float:
    """Forward passes over a batch that measuring one architecture takes, on at most so many samples of each split."""
    total = 0
    for split in splits:
        samples = job.config.data.samples((split,)) or 0
        total += min(samples, most or samples)
    return total / batch
