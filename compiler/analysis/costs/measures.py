"""What a constraint over costs measures of an architecture: what it costs itself, or what it costs in a sibling."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from ...diagnostics.architectures import ConstraintViolated
from ...diagnostics.model import ArchitectureError
from ...ir.diagram import IMPOSSIBLE, Diagram, DiagramTooLarge
from ...ir.graph import CostConstraint, SpaceGraph
from ...ir.sibling import Sibling
from ...record import record
from ..architecture import Architecture, answers_of, architecture, load
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.products import Product, scaled
from ..joint.translation import translated
from ..memo import once_per_graph
from .additive import ADDITIVE, AdditiveCost, AdditiveMetric, additive_cost, default_answers
from .depth import depth_bounds, depth_bounds_under
from .depth_sum import depth_sum
from .of_architecture import Costs, cost_constraints
from .of_many import costs_under

Metric: TypeAlias = AdditiveMetric | Literal["depth"]
"""A cost that adds up: always, or the depth, in spaces where one path is the longest whatever is chosen."""

METRICS: tuple[Metric, ...] = (*ADDITIVE, "depth")


@record
class Measure:
    """A cost that adds up, of the space's own networks or of those that a sibling makes of its architectures."""

    metric: Metric
    sibling: Sibling | None = None


def measure_of(graph: SpaceGraph, constraint: CostConstraint) -> Measure | None:
    """What a constraint bounds; None for the depth of a space where it does not add up."""
    found = Measure(constraint.metric, constraint.other)
    return found if found.metric != "depth" or measured(graph, found) is not None else None


def bounds_of(
    graph: SpaceGraph, constraints: Sequence[CostConstraint], measure: Measure
) -> tuple[float | None, float | None]:
    """What all constraints together allow of a cost; None is open."""
    own = [c for c in constraints if measure_of(graph, c) == measure]
    lows, highs = [c.low for c in own if c.low is not None], [c.high for c in own if c.high is not None]
    return max(lows, default=None), min(highs, default=None)


def measured(graph: SpaceGraph, measure: Measure) -> AdditiveCost | None:
    """The measure of every architecture of ``graph`` as a sum over its decisions; None where those of a sibling are
    too differently ordered for that, and for a depth that is no sum."""
    if measure.sibling is None:
        return own_cost(graph, measure.metric)
    known = _known(graph)
    if measure not in known:
        there = own_cost(measure.sibling.graph, measure.metric)
        known[measure] = None if there is None else _carried(graph, measure.sibling, there)
    return known[measure]


def own_cost(graph: SpaceGraph, metric: Metric) -> AdditiveCost | None:
    """What the space's own networks cost as a sum; None for a depth that is none."""
    return depth_sum(graph) if metric == "depth" else additive_cost(graph, metric)


@once_per_graph
def _known(graph: SpaceGraph) -> dict[Measure, AdditiveCost | None]:
    return {}


def _carried(graph: SpaceGraph, sibling: Sibling, cost: AdditiveCost) -> AdditiveCost | None:
    """A cost of the sibling as a sum over the decisions of ``graph``."""
    arithmetic = Arithmetic(graph.diagrams)
    constant: float = cost.constant
    terms: list[Product] = []
    try:
        for term in cost.terms:
            factors = [translated(graph.diagrams, sibling, factor) for factor in term]
            plain = [factor for factor in factors if type(factor) is not Diagram]
            # What stays impossible stands behind a condition that never holds.
            if any(factor is IMPOSSIBLE or factor == 0 for factor in plain):
                continue
            number = 1
            for factor in plain:
                number *= factor
            product = tuple(factor for factor in factors if type(factor) is Diagram)
            if product:
                terms.append(product if number == 1 else scaled(arithmetic, number, product))
            else:
                constant += number
    except DiagramTooLarge:
        return None
    return AdditiveCost(int(constant), tuple(terms), cost.slack, default_answers(graph))


def depth_reach(graph: SpaceGraph, constraint: CostConstraint) -> tuple[int, int]:
    """Bounds of the depth that a constraint bounds, over all architectures."""
    return depth_bounds(graph if constraint.other is None else constraint.other.graph)


def depth_under(graph: SpaceGraph, constraint: CostConstraint, answers: Mapping[int, int]) -> tuple[int, int]:
    """The same of the architectures with these answers; with answers to all that is asked for, both are the depth."""
    if constraint.other is None:
        return depth_bounds_under(graph, answers)
    return depth_bounds_under(constraint.other.graph, constraint.other.answers(answers))


def figures(graph: SpaceGraph, constraint: CostConstraint, answers: Mapping[int, int]) -> Costs:
    """What the network costs that a constraint is about, exactly."""
    if constraint.other is None:
        return costs_under(graph, answers)
    return costs_under(constraint.other.graph, constraint.other.answers(answers))


def place_of(constraint: CostConstraint) -> str:
    """Where a constraint measures, for messages: "" where that is the space itself."""
    return "" if constraint.other is None else f" in `{constraint.other.name}`"


def trained_in(graph: SpaceGraph) -> str:
    """The name of the sibling whose costs are bounded, too; "" where there is none."""
    return next((c.other.name for c in cost_constraints(graph) if c.other is not None), "")


def within_budgets(graph: SpaceGraph, arch: Architecture) -> Architecture:
    """``arch``, an architecture of ``graph``. Raises ArchitectureError (E0605) where it breaks a constraint over costs,
    saying what it costs."""
    answers = answers_of(graph, arch)
    broken = []
    known: dict[Sibling | None, Costs] = {}
    for constraint in cost_constraints(graph):
        if constraint.other not in known:
            known[constraint.other] = figures(graph, constraint, answers)
        found = known[constraint.other]
        if not found.within(constraint):
            cost = f"{getattr(found, constraint.metric):,} {constraint.metric}{place_of(constraint)}"
            broken.append(ConstraintViolated(constraint.span, (), cost))
    if broken:
        raise ArchitectureError(broken)
    return arch


def named(graph: SpaceGraph, given: Mapping[str, Any] | str | os.PathLike[str]) -> Architecture:
    """The architecture of ``graph`` that a call names: a mapping from paths to values, or an ``.arch.json`` file.
    Raises ArchitectureError where it is none of the space, or not within its `where`."""
    found = architecture(graph, given) if isinstance(given, Mapping) else load(given, graph)
    return within_budgets(graph, found)
