"""How little and how much the architectures of a space can cost, and what follows for its constraints over costs."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import Architecture, of_answers
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import INFINITE, Elimination, Function, eliminate, ordering
from ..diagrams.products import scaled
from ..memo import once_per_graph
from ..validity import validity
from .additive import ADDITIVE, AdditiveCost, AdditiveMetric, additive_cost
from .depth import depth_bounds
from .of_architecture import cost_constraints, costs


def extreme(graph: SpaceGraph, metric: AdditiveMetric, sign: int) -> tuple[int, Architecture | None]:
    """The least (sign 1) or greatest (-1) cost without constraints over costs, and an architecture that has it; where
    that cannot be had, a bound and None."""
    known = _extremes(graph)
    if (metric, sign) not in known:
        known[metric, sign] = _extreme(graph, additive_cost(graph, metric), sign)
    return known[metric, sign]


@once_per_graph
def _extremes(graph: SpaceGraph) -> dict[tuple[AdditiveMetric, int], tuple[int, Architecture | None]]:
    return {}


def _extreme(graph: SpaceGraph, cost: AdditiveCost, sign: int) -> tuple[int, Architecture | None]:
    found, complete = _optimum(graph, cost, sign)
    slack = cost.slack if sign < 0 else 0
    if found.least in (INFINITE, -INFINITE):
        return cost.constant + slack, None
    value = cost.constant + sign * int(found.least) + slack
    answers = found.witness() if complete and cost.exact else None
    if answers is None:
        return value, None
    return value, of_answers(graph, {**cost.defaults, **answers})


def _optimum(graph: SpaceGraph, cost: AdditiveCost, sign: int) -> tuple[Elimination, bool]:
    penalties, complete = validity(graph)
    arithmetic = Arithmetic(graph.diagrams)
    functions: list[Function] = [scaled(arithmetic, sign, term) for term in cost.terms]
    functions += penalties
    return eliminate(graph.diagrams, functions, ordering(graph.diagrams, functions)), complete


def within_costs(graph: SpaceGraph, arch: Architecture | None) -> bool:
    """Whether there is an architecture and it meets the constraints over costs."""
    if arch is None:
        return False
    found = costs(graph, arch)
    return all(found.within(c) for c in cost_constraints(graph))


def binding(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> tuple[CostConstraint, ...] | None:
    """The constraints over costs that some architecture may break; None where certainly none meets them all."""
    left = []
    for constraint in constraints:
        metric = next((m for m in ADDITIVE if m == constraint.metric), None)
        least, greatest = (
            depth_bounds(graph) if metric is None else (extreme(graph, metric, 1)[0], extreme(graph, metric, -1)[0])
        )
        low, high = constraint.low, constraint.high
        if (high is not None and least > high) or (low is not None and greatest < low):
            return None
        if (low is not None and least < low) or (high is not None and greatest > high):
            left.append(constraint)
    return tuple(left)
