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
from .circuits.patience import AT_LENGTH, Patience
from .costs.additive import ADDITIVE, additive_cost
from .costs.listing import Listing, listed
from .costs.measures import Measure, Metric, own_cost
from .costs.of_architecture import cost_constraints
from .costs.space_bounds import binding, extreme
from .memo import once_per_graph
from .sums.exactly import Sums
from .sums.nearly import Nearly
from .sums.tables import TooMuch
from .sums.within import within

Feasible: TypeAlias = Circuit | Listing | Sums
"""What is within the constraints, in one order: its ``count``, ``unrank``, ``rank``, ``draw`` and ``answered``. The
order is that of the space's circuit, but for :class:`Sums`."""

Found: TypeAlias = Feasible | Nearly

EXACT_FLOAT = 2**53
"""Whole numbers up to this one are floating-point numbers, too."""

NOTHING = Circuit((Product(()), Product(())), ZERO)


def feasible(graph: SpaceGraph, patience: Patience = AT_LENGTH) -> Feasible | None:
    """The architectures within all constraints of a space.

    None where the space is too entangled for a circuit, or has constraints over costs that cut through it with very
    many different sums (then :func:`found` may know them nearly), or over a depth that is no sum; None, too, where it
    takes longer than there is ``patience``.
    """
    exact = found(graph, patience=patience)
    return None if isinstance(exact, Nearly) else exact


def found(graph: SpaceGraph, extra: Sequence[CostConstraint] = (), patience: Patience = AT_LENGTH) -> Found | None:
    """The same within ``extra`` constraints, too; what cannot be counted exactly, nearly."""
    key = tuple(extra)
    known = _known(graph)
    if not patience.at_length and key not in known:
        # At length there may be another answer, or the same in another order.
        known = _sooner(graph).setdefault(patience, {})
    if key not in known:
        known[key] = _found(graph, (*cost_constraints(graph), *extra), patience)
    return known[key]


@once_per_graph
def _known(graph: SpaceGraph) -> dict[tuple[CostConstraint, ...], Found | None]:
    return {}


@once_per_graph
def _sooner(graph: SpaceGraph) -> dict[Patience, dict[tuple[CostConstraint, ...], Found | None]]:
    return {}


@uncollected()
def _found(graph: SpaceGraph, constraints: Sequence[CostConstraint], patience: Patience) -> Found | None:
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
    bounded = cost_circuit(graph, whole, left, patience=patience)
    return bounded.circuit if bounded is not None else within(graph, left, patience=patience)


def feasible_extremes(graph: SpaceGraph, metric: Metric, patience: Patience = AT_LENGTH) -> Extremes | None:
    """The least, greatest and mean cost within all constraints of a space; None where they cannot be had exactly, or
    there is nothing; None, too, where it takes longer than there is ``patience``."""
    exact = feasible(graph, patience)
    whole = circuits(graph).whole
    if exact is None or whole is None or not exact.count:
        return None
    if isinstance(exact, Listing) and metric == "depth":
        return _listed_extremes(exact, metric)
    cost = own_cost(graph, metric)
    if cost is None or not cost.exact:
        return None
    if isinstance(exact, Listing):
        return _listed_extremes(exact, metric)
    left = binding(graph, cost_constraints(graph)) or ()
    if isinstance(exact, Sums):
        return _extremes_of_sums(graph, left, metric) if patience.at_length else None
    costs = cost_circuit(graph, whole, left, (metric,), AT_LENGTH if left else patience)
    return costs.extremes(metric) if costs is not None else None


def _extremes_of_sums(graph: SpaceGraph, constraints: Sequence[CostConstraint], metric: Metric) -> Extremes | None:
    own = Measure(metric)
    sums = _with_all_costs(graph, constraints) if metric != "depth" else _with_depth(graph, constraints)
    if sums is None or own not in sums.states.measures or extreme(graph, own, -1)[0] >= EXACT_FLOAT:
        return None
    place = sums.states.measures.index(own)
    asking, base = sums.states.asking, sums.states.base[place]

    def added(state: int, answer: int) -> float:
        return float(asking(state).followers[answer][1][place])

    try:
        cheapest, dearest = sums.best(lambda state, answer: -added(state, answer)), sums.best(added)
        assert cheapest is not None, "it is not empty"
        assert dearest is not None, "it is not empty"
        ends = round(base - cheapest.score), round(base + dearest.score)
        return Extremes(*ends, sums.mean(place), cheapest.answers, dearest.answers)
    except TooMuch:
        return None


def _with_all_costs(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> Sums | None:
    """The sums with all costs of the space along; made once."""
    known = _along(graph)
    if not known:
        also = [metric for metric in ADDITIVE if additive_cost(graph, metric).exact]
        sums = within(graph, constraints, also)
        known.append(sums if isinstance(sums, Sums) else None)
    return known[0]


def _with_depth(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> Sums | None:
    """The sums with the depth along, which few ask for."""
    sums = within(graph, constraints, ("depth",))
    return sums if isinstance(sums, Sums) else None


@once_per_graph
def _along(graph: SpaceGraph) -> list[Sums | None]:
    return []


def _listed_extremes(found: Listing, metric: Metric) -> Extremes:
    costs = found.table.cost(metric)[found.places]
    least, greatest = int(costs.argmin()), int(costs.argmax())
    mean = Fraction(sum(int(cost) for cost in costs), found.count)
    return Extremes(int(costs[least]), int(costs[greatest]), mean, found.unrank(least), found.unrank(greatest))
