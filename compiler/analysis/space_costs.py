"""What the architectures of a space cost at least, at most and on average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ..ir.diagram import inner_nodes
from ..ir.graph import SpaceGraph
from .additive import AdditiveCost, AdditiveMetric, additive_cost
from .architecture import Architecture, of_answers
from .arithmetic import Arithmetic
from .circuits import circuits
from .costs import cost_constraints, costs
from .elimination import INFINITE, Elimination, Function, eliminate, ordering
from .products import scaled
from .sampling import draw
from .validity import validity

ESTIMATED_FROM = 400
"""Where the mean cannot be had exactly, it is that of this many architectures."""

WORK_LIMIT = 20_000_000
"""The mean is estimated where the circuit's nodes times those of the cost are more than this."""


@dataclass(frozen=True, slots=True)
class CostRange:
    """``exact``: architectures with the costs ``min`` and ``max`` exist; else they are bounds. ``mean`` is over all
    architectures, each with the same probability; it is an estimate from a seeded sample unless ``mean_exact``.
    ``cheapest``, ``dearest``: architectures with the least and greatest cost, where they are known."""

    min: int
    max: int
    mean: float
    exact: bool
    mean_exact: bool
    cheapest: Architecture | None = None
    dearest: Architecture | None = None


def cost_range(graph: SpaceGraph, metric: AdditiveMetric) -> CostRange:
    """The range of a cost over the architectures of a space, within all its constraints. Takes no enumeration.

    Constraints over costs may make it a bound: then the least (greatest) cost without them, cut by them.
    """
    cost = additive_cost(graph, metric)
    least, cheapest = extreme(graph, cost, +1)
    greatest, dearest = extreme(graph, cost, -1)
    constraints = cost_constraints(graph)
    if constraints and not (within_costs(graph, cheapest) and within_costs(graph, dearest)):
        for constraint in constraints:
            if constraint.metric == metric:
                low, high = constraint.low, constraint.high
                least = least if low is None or within_costs(graph, cheapest) else max(least, math.ceil(low))
                greatest = greatest if high is None or within_costs(graph, dearest) else min(greatest, math.floor(high))
        cheapest = cheapest if within_costs(graph, cheapest) else None
        dearest = dearest if within_costs(graph, dearest) else None
    mean = None if constraints and not costs_are_free(graph) else exact_mean(graph, cost)
    exact = cheapest is not None and dearest is not None
    if mean is not None:
        return CostRange(least, greatest, float(mean), exact, True, cheapest, dearest)
    samples = draw(graph, seed=0, n=ESTIMATED_FROM).answers
    estimate = sum(cost.of(a) for a in samples) / len(samples) if samples else (least + greatest) / 2
    return CostRange(least, greatest, estimate, exact, False, cheapest, dearest)


def extreme(graph: SpaceGraph, cost: AdditiveCost, sign: int) -> tuple[int, Architecture | None]:
    """The least (sign 1) or greatest (-1) cost without constraints over costs, and an architecture that has it; where
    that cannot be had, a bound and None."""
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


def exact_mean(graph: SpaceGraph, cost: AdditiveCost) -> Fraction | None:
    """The mean over all architectures, constraints over costs left aside; None where it cannot be had exactly."""
    whole = circuits(graph).whole
    if whole is None or not cost.exact or whole.count == 0:
        return None
    size = sum(1 for term in cost.terms for factor in term for _ in inner_nodes(factor))
    if size * len(whole.nodes) > WORK_LIMIT:
        return None
    total = whole.total(cost.terms, graph.diagrams)
    return cost.constant + Fraction(total, whole.count)


def within_costs(graph: SpaceGraph, arch: Architecture | None) -> bool:
    """Whether there is an architecture and it meets the constraints over costs."""
    if arch is None:
        return False
    found = costs(graph, arch)
    return all(found.within(c) for c in cost_constraints(graph))


def costs_are_free(graph: SpaceGraph) -> bool:
    """Whether all architectures certainly meet the constraints over costs."""
    for constraint in cost_constraints(graph):
        if constraint.metric == "depth":
            return False
        cost = additive_cost(graph, constraint.metric)
        if constraint.low is not None and extreme(graph, cost, 1)[0] < constraint.low:
            return False
        if constraint.high is not None and extreme(graph, cost, -1)[0] > constraint.high:
            return False
    return True


def costs_exclude_all(graph: SpaceGraph) -> bool:
    """Whether certainly no architecture meets the constraints over costs, by the least and greatest costs."""
    for constraint in cost_constraints(graph):
        if constraint.metric == "depth":
            continue
        cost = additive_cost(graph, constraint.metric)
        if constraint.high is not None and extreme(graph, cost, 1)[0] > constraint.high:
            return True
        if constraint.low is not None and extreme(graph, cost, -1)[0] < constraint.low:
            return True
    return False
