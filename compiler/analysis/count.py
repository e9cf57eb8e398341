"""How many architectures a space has."""

from __future__ import annotations

from ..ir.graph import SpaceGraph
from .additive import ADDITIVE, additive_cost
from .architecture import of_answers
from .circuits import CountResult, circuits, decided
from .costs import cost_constraints
from .limits import Limits
from .space_costs import costs_are_free, costs_exclude_all, extreme, within_costs

LISTED = 20_000
"""Up to this many architectures are looked at one by one where constraints over costs leave no other way."""


def count(graph: SpaceGraph) -> CountResult:
    """The number of architectures within `where`: exact, or an interval where the structure is too entangled, or where
    constraints over costs cut through a large space (``low`` is then 1 if an architecture within them is known)."""
    result = decided(graph)
    if not cost_constraints(graph) or result.high == 0 or costs_are_free(graph):
        return result
    if costs_exclude_all(graph):
        return CountResult(0, 0)
    whole = circuits(graph).whole
    if whole is not None and whole.count <= LISTED:
        limits = Limits(graph, cost_constraints(graph))
        n = sum(limits.admit(whole.unrank(rank)) for rank in range(whole.count))
        return CountResult(n, n)
    return CountResult(1 if _some(graph) else 0, result.high)


def _some(graph: SpaceGraph) -> bool:
    """Whether one of the cheapest or dearest architectures, or one of a few others, is within the constraints."""
    for metric in ADDITIVE:
        for sign in (1, -1):
            if within_costs(graph, extreme(graph, additive_cost(graph, metric), sign)[1]):
                return True
    whole = circuits(graph).whole
    if whole is None:
        return False
    places = [whole.count * i // 64 for i in range(64)]
    return any(within_costs(graph, of_answers(graph, whole.unrank(p))) for p in places)
