"""What the architectures of a space cost at least, at most and on average."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from ...diagnostics.budgets import NothingWithin
from ...diagnostics.model import SpaceError
from ...ir.collecting import uncollected
from ...ir.diagram import size
from ...ir.graph import SpaceGraph
from ...record import record
from ..architecture import Architecture, of_answers
from ..circuits.cost_circuit import Extremes
from ..circuits.of_space import circuits
from ..circuits.patience import A_QUARTER, AT_LENGTH, SOME_TENTHS, Patience
from ..feasible import EXACT_FLOAT, feasible, feasible_extremes
from ..feasible import found as within_where
from ..memo import once_per_graph
from ..sampling import draw
from ..sums.exactly import Sums
from ..sums.nearly import Nearly
from .additive import AdditiveCost
from .measures import Measure, Metric, measure_of, own_cost
from .of_architecture import cost_constraints
from .space_bounds import binding, extreme, within_costs
from .table import Table

ESTIMATED_FROM = 400
"""Where the mean cannot be had exactly, it is that of so many architectures, drawn with equal probabilities."""

ESTIMATED_SOON = 100
"""The same where that has to be quick."""

ESTIMATED_SLOWLY = 40
"""The same where drawing one takes some hundredths of a second."""

ESTIMATED_IN = 8_000
"""So many are drawn at most to find those; where hardly any is within the constraints, the mean is not known."""

TRIED = 2
"""Of the first ones so many times what is needed are drawn; where not half as many are within the constraints as would
be needed, the others are not drawn."""

ONE_BY_ONE = 50_000
"""So many terms are added up one after the other: to import NumPy takes as long."""

WORK_LIMIT = 20_000_000
"""The mean is estimated where the circuit's nodes times those of the cost are more than this."""


@record
class CostRange:
    """``exact``: architectures with the costs ``min`` and ``max`` exist; else they are bounds. ``mean`` is over all
    architectures, each with the same probability; it is an estimate from a seeded sample unless ``mean_exact``, and
    None where it is not known;
    a whole number, rounded, where floats no longer tell whole numbers apart.
    ``cheapest``, ``dearest``: architectures with the least and greatest cost, where they are known."""

    min: int
    max: int
    mean: float | int | None
    exact: bool
    mean_exact: bool
    cheapest: Architecture | None = None
    dearest: Architecture | None = None


@uncollected()
def cost_range(graph: SpaceGraph, metric: Metric, patience: Patience = AT_LENGTH) -> CostRange | None:
    """The range of a cost over the architectures of a space, within all its constraints; None where an extern operator
    does not state it. Takes no enumeration, but of small spaces.

    Constraints over costs may make it a bound: then the least (greatest) cost without them, cut by them; so they do
    where there is not the ``patience`` to know better. A depth has to be a sum (:func:`.depth_range.depth_range` asks
    for those). Raises SpaceError (E0441) where it is known that no architecture is within the constraints.
    """
    if graph.not_stated(metric):
        return None
    if cost_constraints(graph) and binding(graph, cost_constraints(graph)) != ():
        return _constrained(graph, metric, patience)
    own = Measure(metric)
    (least, cheapest), (greatest, dearest) = extreme(graph, own, 1), extreme(graph, own, -1)
    exact = cheapest is not None and dearest is not None
    found = None if exact else feasible_extremes(graph, metric, patience)
    if found is not None:
        return _known(graph, found)
    cost = own_cost(graph, metric)
    assert cost is not None, "a depth that is no sum has no range here"
    mean = exact_mean(graph, cost)
    if mean is not None:
        return CostRange(least, greatest, _number(mean), exact, True, cheapest, dearest)
    return CostRange(least, greatest, _estimate(graph, cost, patience), exact, False, cheapest, dearest)


def _known(graph: SpaceGraph, found: Extremes) -> CostRange:
    ends = (of_answers(graph, found.cheapest), of_answers(graph, found.dearest))
    return CostRange(found.least, found.greatest, _number(found.mean), True, True, *ends)


def _constrained(graph: SpaceGraph, metric: Metric, patience: Patience) -> CostRange:
    """The range under constraints over costs."""
    constraints = cost_constraints(graph)
    within = feasible(graph, patience)
    if within is not None and not within.count:
        raise SpaceError([NothingWithin(constraints[0].span, graph.name, "all of them break one")])
    found = feasible_extremes(graph, metric, patience)
    if found is not None:
        return _known(graph, found)
    own = Measure(metric)
    (least, cheapest), (greatest, dearest) = extreme(graph, own, 1), extreme(graph, own, -1)
    cheapest = cheapest if within_costs(graph, cheapest) else None
    dearest = dearest if within_costs(graph, dearest) else None
    for constraint in constraints:
        if measure_of(graph, constraint) == own:
            if cheapest is None and constraint.low is not None:
                least = max(least, math.ceil(constraint.low))
            if dearest is None and constraint.high is not None:
                greatest = min(greatest, math.floor(constraint.high))
    cost = own_cost(graph, metric)
    assert cost is not None, "a depth that is no sum has no range here"
    exact = cheapest is not None and dearest is not None
    return CostRange(least, greatest, _estimate(graph, cost, patience), exact, False, cheapest, dearest)


def _estimate(graph: SpaceGraph, cost: AdditiveCost, patience: Patience) -> float | int | None:
    # Without constraints over costs all that is drawn is within them.
    samples = drawn_within(graph, patience if cost_constraints(graph) else AT_LENGTH)
    if not cost.exact or not samples:
        return None
    if len(samples) * len(cost.terms) <= ONE_BY_ONE:
        total = sum(cost.of(answers) for answers in samples)
    else:
        total = sum(int(value) for value in Table.of_answers(graph, samples).summed(cost))
    return _number(Fraction(total, len(samples)))


def _number(value: Fraction | int) -> float | int:
    return float(value) if -EXACT_FLOAT < value < EXACT_FLOAT else round(value)


def drawn_within(graph: SpaceGraph, patience: Patience) -> tuple[Mapping[int, int], ...]:
    """Answers of architectures within all constraints, each as likely; none where too few are found."""
    return _drawn(graph) if patience.at_length else _drawn_sooner(graph)


@once_per_graph
def _drawn_sooner(graph: SpaceGraph) -> tuple[Mapping[int, int], ...]:
    """The same where nearly all that is drawn is within the constraints; else none."""
    if circuits(graph).whole is None:
        return ()  # what is drawn of it is not uniform
    n = ESTIMATED_SLOWLY if isinstance(within_where(graph, patience=A_QUARTER), Sums) else ESTIMATED_SOON
    found = draw(graph, seed=0, n=n, tries=TRIED * n, all_or_none=True, patience=A_QUARTER)
    return found.answers if found.uniform and len(found.answers) == n else ()


@once_per_graph
def _drawn(graph: SpaceGraph) -> tuple[Mapping[int, int], ...]:
    """Architectures that a mean is estimated from."""
    if isinstance(within_where(graph), Nearly):
        few = draw(graph, seed=0, n=ESTIMATED_SLOWLY)
        return few.answers if few.uniform else ()
    if circuits(graph).whole is None:
        return ()  # what is drawn of it is not uniform
    n = ESTIMATED_FROM
    first = draw(graph, seed=0, n=n, tries=TRIED * n, patience=SOME_TENTHS)
    if len(first.answers) < min(n, n * TRIED * n // ESTIMATED_IN // 2):
        return ()
    found = draw(graph, seed=0, n=n, tries=ESTIMATED_IN, patience=SOME_TENTHS)
    return found.answers if found.uniform and len(found.answers) == n else ()


def exact_mean(graph: SpaceGraph, cost: AdditiveCost) -> Fraction | None:
    """The mean over all architectures, constraints over costs left aside; None where it cannot be had exactly."""
    whole = circuits(graph).whole
    if whole is None or not cost.exact or whole.count == 0:
        return None
    nodes = sum(size(factor) for term in cost.terms for factor in term)
    if nodes * len(whole.nodes) > WORK_LIMIT:
        return None
    total = whole.total(cost.terms, graph.diagrams)
    return cost.constant + Fraction(total, whole.count)
