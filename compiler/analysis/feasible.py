"""The architectures of a space within all its constraints, those over costs included, where they can be had exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from ..ir.collecting import uncollected
from ..ir.graph import CostConstraint, SpaceGraph
from .circuits.circuit import ZERO, Circuit, Product
from .circuits.cost_circuit import Extremes, cost_circuit
from .circuits.of_space import circuits
from .costs.additive import AdditiveMetric, additive_cost
from .costs.listing import Listing, listed
from .costs.of_architecture import cost_constraints
from .costs.space_bounds import binding
from .memo import once_per_graph

Feasible: TypeAlias = Circuit | Listing
"""What is within the constraints, in one order, which is that of the space's circuit: its ``count``, ``unrank``,
``rank``, ``draw`` and ``answered``."""

NOTHING = Circuit((Product(()), Product(())), ZERO)


def feasible(graph: SpaceGraph, extra: Sequence[CostConstraint] = ()) -> Feasible | None:
    """The architectures within all constraints of a space and within ``extra`` ones.

    None where the space is too entangled for a circuit, or is large and has constraints over costs that cut through it
    with very many different costs, or over its depth.
    """
    key = tuple(extra)
    known = _known(graph)
    if key not in known:
        known[key] = _feasible(graph, (*cost_constraints(graph), *extra))
    return known[key]


@once_per_graph
def _known(graph: SpaceGraph) -> dict[tuple[CostConstraint, ...], Feasible | None]:
    return {}


@uncollected()
def _feasible(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> Feasible | None:
    whole = circuits(graph).whole
    if whole is None or not constraints or not whole.count:
        return whole
    small = listed(graph, whole, constraints)
    if small is not None:
        return small
    left = binding(graph, constraints)
    if left is None:
        return NOTHING
    if not left:
        return whole
    found = cost_circuit(graph, whole, left)
    return found.circuit if found is not None else None


def feasible_extremes(graph: SpaceGraph, metric: AdditiveMetric) -> Extremes | None:
    """The least, greatest and mean cost within all constraints of a space that has some over costs; None where they
    cannot be had exactly, or there is nothing."""
    found = feasible(graph)
    whole = circuits(graph).whole
    if found is None or whole is None or not found.count or not additive_cost(graph, metric).exact:
        return None
    if isinstance(found, Listing):
        return _listed_extremes(found, metric)
    left = binding(graph, cost_constraints(graph))
    costs = cost_circuit(graph, whole, left or (), (metric,))
    return costs.extremes(metric) if costs is not None else None


def _listed_extremes(found: Listing, metric: AdditiveMetric) -> Extremes:
    costs = found.table.cost(metric)[found.places]
    least, greatest = int(costs.argmin()), int(costs.argmax())
    mean = Fraction(sum(int(cost) for cost in costs), found.count)
    return Extremes(int(costs[least]), int(costs[greatest]), mean, found.unrank(least), found.unrank(greatest))
