"""How many architectures a space has."""

from __future__ import annotations

import random
from dataclasses import replace

from ..ir.graph import CostConstraint, SpaceGraph
from .architecture import of_answers
from .circuits.of_space import CountResult, circuits, decided
from .circuits.patience import AT_LENGTH, Patience
from .costs.additive import ADDITIVE
from .costs.measures import Measure, measure_of
from .costs.of_architecture import cost_constraints
from .costs.space_bounds import binding, extreme, known_within, within_costs
from .feasible import found
from .sums.interval import interval
from .sums.nearly import Nearly
from .sums.pairs.dominance import Told

PROPOSED = 300
"""Where nothing is certain to be within the constraints, so many are looked at."""


def count(graph: SpaceGraph, patience: Patience = AT_LENGTH) -> CountResult:
    """The number of architectures within `where`: exact, or an interval where the structure is too entangled, or where
    constraints over costs cut through a large space with too many different sums: then a narrow one that is certain, or
    a wide one where costs are no sums. ``low`` is 1 where no more is certain and an architecture within them is known.
    With less ``patience`` than at length a wide one, too, where to know better takes longer."""
    result = decided(graph)
    if not cost_constraints(graph) or result.high == 0:
        return result
    within = found(graph, patience=patience)
    if isinstance(within, Nearly):
        low, high = interval(within, (result.low, result.high))
        some = low > 0 or (high > 0 and (within.first(random.Random(0), PROPOSED) is not None or _some(graph)))
        return CountResult(low or int(some), high)
    if within is not None:
        return CountResult(within.count, within.count)
    left = binding(graph, cost_constraints(graph))
    if left is None:
        return CountResult(0, 0)
    return _beyond_sums(graph, result.high, patience) if left else result


def count_exactly(graph: SpaceGraph, told: Told) -> CountResult:
    """As :func:`count`, but exact within two budgets where that takes minutes; ``told`` now and then how much of it is
    done, and of how much."""
    within = found(graph) if cost_constraints(graph) else None
    if isinstance(within, Nearly) and (n := within.counted(told)) is not None:
        return CountResult(n, n)
    return count(graph)


def _beyond_sums(graph: SpaceGraph, high: int, patience: Patience) -> CountResult:
    """Where a depth is bounded that is no sum, or costs are too much together: at most as many as there are within the
    depth, or within the others."""
    costs = cost_constraints(graph)
    deep = [c for c in costs if c.metric == "depth"]
    parts = [[c for c in costs if c not in deep], [c for c in deep if measure_of(graph, c) is not None]]
    for part in parts:
        if part and len(part) < len(costs):
            kept = tuple(c for c in graph.constraints if not isinstance(c, CostConstraint) or c in part)
            high = min(high, count(replace(graph, constraints=kept), patience).high)
    return CountResult(1 if high and _some(graph) else 0, high)


def _some(graph: SpaceGraph) -> bool:
    """Whether one is known to be within the constraints, or one of the cheapest or dearest architectures is, or one of
    a few others."""
    if known_within(graph):
        return True
    for metric in ADDITIVE:
        for sign in (1, -1):
            if within_costs(graph, extreme(graph, Measure(metric), sign)[1]):
                return True
    whole = circuits(graph).whole
    if whole is None:
        return False
    places = [whole.count * i // 64 for i in range(64)]
    return any(within_costs(graph, of_answers(graph, whole.unrank(p))) for p in places)
