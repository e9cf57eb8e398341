"""How far the relaxed network and the discrete one that would be derived are apart, with the search's own weights.

S. Xie et al., "SNAS", ICLR 2019, and Table 2 of SDAS compare the two this way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from stdsl.compiler.analysis.derivation.derive import Derived, derived
from stdsl.compiler.analysis.derivation.reading import Reading
from stdsl.compiler.ir.graph import SpaceGraph

from ...data.batch import Part
from ...tasks.criterion import Criterion
from ...training.evaluate import evaluate
from ...training.placement import Placement
from ...training.statistics import Statistics


@dataclass(frozen=True, slots=True)
class Gap:
    """The search's ``metric`` on ``samples`` held-out samples, batch-norms handled alike."""

    metric: str
    relaxed: float
    discrete: float
    samples: int

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Gauge:
    """``part``: the decisions' part of the data, of which the same ``samples`` are used, ``batch`` at a time."""

    graph: SpaceGraph
    part: Part
    placement: Placement
    batch: int
    samples: int
    statistics: Statistics
    reading: Reading
    criterion: Criterion

    def measure(self, supernet: nn.Module, scores: Mapping[str, Sequence[float]], held: Mapping[str, Any]) -> Gap:
        """``scores``: decision weights by path; ``held``: what is fixed already."""
        net: Any = supernet
        relaxed, metric = self.figure(supernet), self.criterion.metric
        net.hold_architecture(preferred(self.graph, scores, self.reading, held).architecture)
        try:
            return Gap(metric, relaxed, self.figure(supernet), min(self.samples, len(self.part)))
        finally:
            net.release()

    def figure(self, supernet: nn.Module, metric: str | None = None, whole: bool = False) -> float:
        """A metric of the network as it is, None for the search's; ``whole``: on all samples of the part."""
        name, samples = metric or self.criterion.metric, None if whole else self.samples
        with torch.no_grad():
            return evaluate(
                supernet, self.part, self.placement, self.batch, self.statistics, samples, self.criterion, (name,)
            )[name]


def preferred(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    reading: Reading,
    held: Mapping[str, Any] | None = None,
) -> Derived:
    """The architecture that decision weights prefer, within `where`. Raises SpaceError when there is none."""
    moved = as_read(graph, scores, reading.gate)
    return derived(graph, moved, reading.score, held, zeros=reading.zeros, method=reading.method)


def as_read(graph: SpaceGraph, scores: Mapping[str, Sequence[float]], gate: float) -> dict[str, list[float]]:
    """The weights as they are read off: of gates, and of elements of keeps of open size, those that are ``gate`` become
    one half."""
    moved = {path: list(row) for path, row in scores.items()}
    for decision in graph.open if gate != 0.5 else ():
        row = moved.get(decision.path)
        if row is None:
            continue
        if decision.kind == "gate":
            on = _moved(row[-1], gate)
            moved[decision.path] = [1 - on, on]
        elif decision.kind == "keep" and decision.sizes is not None and decision.sizes[0] != decision.sizes[1]:
            moved[decision.path] = [_moved(w, gate) for w in row]
    return moved


def _moved(weight: float, gate: float) -> float:
    """The odds of a weight over those of the threshold, as a weight: ``gate`` becomes one half."""
    on, off = weight * (1 - gate), (1 - weight) * gate
    return on / (on + off) if on + off > 0 else 0.5
