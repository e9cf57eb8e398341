"""Random architectures of about the cost of another one, to compare it with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..diagnostics.budgets import NotFoundWithin
from ..diagnostics.model import SpaceError
from ..ir.graph import CostConstraint, SpaceGraph
from .architecture import Architecture
from .costs.additive import AdditiveMetric
from .costs.of_architecture import costs
from .sampling import draw


def similar(
    graph: SpaceGraph, arch: Mapping[str, Any], n: int, near: float, seed: int, metric: AdditiveMetric = "flops"
) -> list[Architecture]:
    """``n`` different architectures, drawn uniformly from those within `where` that cost at least ``1 - near`` of what
    ``arch`` costs; ``arch`` itself is not among them. Where `where` has no upper bound on it, they cost at most
    ``1 + near`` of that.

    Raises SpaceError (E0442) when too few were found.
    """
    value = getattr(costs(graph, arch), metric)
    bounded = any(
        isinstance(c, CostConstraint) and c.metric == metric and c.high is not None for c in graph.constraints
    )
    high = None if bounded else (1 + near) * value
    band = CostConstraint(metric, math.ceil((1 - near) * value), high, graph.span)
    found: dict[Architecture, None] = {}
    tried = 0
    for attempt in range(20):
        drawn = draw(graph, seed + 1_000_003 * attempt, n, (band,))
        tried += drawn.tried
        for other in drawn.architectures:
            if dict(other) != dict(arch):
                found.setdefault(other)
        if len(found) >= n:
            return list(found)[:n]
        if len(drawn.architectures) < n:
            break
    raise SpaceError([NotFoundWithin(graph.span, graph.name, tried, "at random")])
