"""How little and how much the architectures of a space can cost, and what follows for its constraints over costs."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import Architecture, answers_of, of_answers
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import INFINITE, Elimination, Function, eliminate, ordering
from ..diagrams.products import scaled
from ..memo import once_per_graph
from ..validity import validity
from .additive import AdditiveCost
from .limits import Limits
from .measures import Measure, depth_reach, measure_of, measured
from .of_architecture import cost_constraints


def extreme(graph: SpaceGraph, measure: Measure, sign: int) -> tuple[int, Architecture | None]:
    """The least (sign 1) or greatest (-1) cost without constraints over costs, and an architecture that has it; where
    that cannot be had, a bound and None."""
    known = _extremes(graph)
    if (measure, sign) not in known:
        cost = measured(graph, measure)
        if cost is not None:
            known[measure, sign] = _extreme(graph, cost, sign)
        else:
            assert measure.sibling is not None, "the costs of a space itself are always a sum, or nearly"
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
    return eliminate(graph.diagrams, functions, ordering(graph.diagrams, functions)), complete


def within_costs(graph: SpaceGraph, arch: Architecture | None) -> bool:
    """Whether there is an architecture and it meets the constraints over costs."""
    return arch is not None and Limits(graph, cost_constraints(graph)).admit(answers_of(graph, arch))


def binding(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> tuple[CostConstraint, ...] | None:
    """The constraints over costs that some architecture may break; None where certainly none meets them all."""
    left = []
    for constraint in constraints:
        measure = measure_of(constraint)
        least, greatest = (
            depth_reach(graph, constraint)
            if measure is None
            else (extreme(graph, measure, 1)[0], extreme(graph, measure, -1)[0])
        )
        low, high = constraint.low, constraint.high
        if (high is not None and least > high) or (low is not None and greatest < low):
            return None
        if (low is not None and least < low) or (high is not None and greatest > high):
            left.append(constraint)
    return tuple(left)
