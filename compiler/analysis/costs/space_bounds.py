"""How little and how much the architectures of a space can cost, and what follows for its constraints over costs."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import Architecture, answers_of, of_answers
from ..circuits.of_space import circuits
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import INFINITE, Elimination, Function, eliminate, ordering
from ..diagrams.products import Product, scaled
from ..memo import once_per_graph
from ..validity import validity
from .additive import AdditiveCost
from .depth import depth_bounds
from .limits import Limits
from .measures import Measure, depth_reach, measure_of, measured
from .of_architecture import cost_constraints

DRAWN = 8
"""So many architectures are drawn to see whether some are within constraints, or beyond them."""


def extreme(graph: SpaceGraph, measure: Measure, sign: int) -> tuple[int, Architecture | None]:
    """The least (sign 1) or greatest (-1) cost without constraints over costs, and an architecture that has it; where
    that cannot be had, a bound and None."""
    known = _extremes(graph)
    if (measure, sign) not in known:
        cost = measured(graph, measure)
        if cost is not None:
            value, arch = _extreme(graph, cost, sign)
            if arch is None and measure.metric == "depth":
                # Where the least sum is not known exactly, bounds of paths may be the better ones.
                own = depth_bounds(graph if measure.sibling is None else measure.sibling.graph)
                value = max(value, own[0]) if sign > 0 else min(value, own[1])
            known[measure, sign] = value, arch
        else:
            assert measure.sibling is not None, "a measure of the space itself is a sum, or nearly"
            known[measure, sign] = extreme(measure.sibling.graph, Measure(measure.metric), sign)[0], None
    return known[measure, sign]


@once_per_graph
def _extremes(graph: SpaceGraph) -> dict[tuple[Measure, int], tuple[int, Architecture | None]]:
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
    orders = _orders(graph)
    if cost.terms not in orders:  # the same from the least as from the greatest
        orders[cost.terms] = ordering(graph.diagrams, functions)
    return eliminate(graph.diagrams, functions, orders[cost.terms]), complete


@once_per_graph
def _orders(graph: SpaceGraph) -> dict[tuple[Product, ...], list[int]]:
    return {}


def within_costs(graph: SpaceGraph, arch: Architecture | None) -> bool:
    """Whether there is an architecture and it meets the constraints over costs."""
    return arch is not None and Limits(graph, cost_constraints(graph)).admit(answers_of(graph, arch))


@once_per_graph
def known_within(graph: SpaceGraph) -> list[Architecture]:
    """An architecture within all constraints, where a check came upon one, which puts it here: then none has to be
    looked for again."""
    return []


def binding(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> tuple[CostConstraint, ...] | None:
    """The constraints over costs that some architecture may break; None where certainly none meets them all."""
    if any(_excludes_all(graph, constraint) for constraint in constraints):
        return None
    return tuple(constraint for constraint in constraints if _may_be_broken(graph, constraint))


def _excludes_all(graph: SpaceGraph, constraint: CostConstraint) -> bool:
    """Whether no architecture can meet a constraint. Bounds of entangled spaces take seconds, and are not asked for
    where an architecture that is met by chance tells as much."""
    low, high, met = constraint.low, constraint.high, _met(graph, constraint)
    return (high is not None and not any(c <= high for c in met) and _reach(graph, constraint, 1) > high) or (
        low is not None and not any(c >= low for c in met) and _reach(graph, constraint, -1) < low
    )


def _may_be_broken(graph: SpaceGraph, constraint: CostConstraint) -> bool:
    low, high, met = constraint.low, constraint.high, _met(graph, constraint)
    return (low is not None and (any(c < low for c in met) or _reach(graph, constraint, 1) < low)) or (
        high is not None and (any(c > high for c in met) or _reach(graph, constraint, -1) > high)
    )


def _reach(graph: SpaceGraph, constraint: CostConstraint, sign: int) -> int:
    """The least (sign 1) or greatest (-1) cost, or a bound of it."""
    measure = measure_of(graph, constraint)
    return depth_reach(graph, constraint)[sign < 0] if measure is None else extreme(graph, measure, sign)[0]


def _met(graph: SpaceGraph, constraint: CostConstraint) -> tuple[int, ...]:
    """What some architectures at random cost; none where the cost is no exact sum, or there is no circuit of them."""
    known, measure = _costs_met(graph), measure_of(graph, constraint)
    if measure is None:
        return ()
    if measure not in known:
        cost = measured(graph, measure)
        drawn = _drawn(graph) if cost is not None and cost.exact else ()
        known[measure] = tuple([cost.of(answers) for answers in drawn]) if cost is not None else ()
    return known[measure]


@once_per_graph
def _costs_met(graph: SpaceGraph) -> dict[Measure, tuple[int, ...]]:
    return {}


@once_per_graph
def _drawn(graph: SpaceGraph) -> tuple[Mapping[int, int], ...]:
    whole = circuits(graph).whole
    generator = random.Random(0)
    return tuple([whole.draw(generator) for _ in range(DRAWN)]) if whole is not None and whole.count else ()
