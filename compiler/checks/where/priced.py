"""The least (greatest) cost of what is within a bound over another cost, by a price on being beyond it: Lagrangian
relaxation with the exact slopes of its witnesses (H. Everett, 1963), in whole numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from ...analysis.costs.additive import AdditiveCost
from ...analysis.costs.measures import Measure, measure_of, measured
from ...analysis.diagrams.arithmetic import Arithmetic
from ...analysis.diagrams.elimination import Elimination, Function, eliminate, ordering
from ...analysis.diagrams.products import scaled
from ...analysis.validity import validity
from ...ir.graph import CostConstraint, SpaceGraph
from ...record import record

PRICES = 12
"""So many prices are tried; two or three are enough where few architectures lie between the cheapest of both costs."""


@record
class Priced:
    """``cost``: nothing within the bound costs less (more); ``met``: answers of architectures within it that were met,
    with what they cost."""

    cost: int
    met: tuple[tuple[int, Mapping[int, int]], ...]


class _Point(NamedTuple):
    """An architecture by its ``cost`` and how far it is ``beyond`` the bound (0 or less is within it), both signed."""

    cost: int
    beyond: int
    answers: Mapping[int, int]


def cheapest_within(graph: SpaceGraph, measure: Measure, sign: int, constraint: CostConstraint) -> list[Priced]:
    """The least (``sign`` 1) or greatest (-1) of a cost within each end of ``constraint``, which bounds another cost;
    none where that is not known, or nothing is within it."""
    other = measure_of(graph, constraint)
    cost, bounded = measured(graph, measure), None if other is None else measured(graph, other)
    if cost is None or bounded is None:
        return []
    ends = [(side, end) for side, end in ((1, constraint.high), (-1, constraint.low)) if end is not None]
    sides = [_Prices(graph, cost, sign, bounded, side, end) for side, end in ends if math.isfinite(end)]
    return [found for found in (side.run() for side in sides) if found is not None]


class _Prices:
    def __init__(
        self, graph: SpaceGraph, cost: AdditiveCost, sign: int, bounded: AdditiveCost, side: int, end: float
    ) -> None:
        self.graph, self.cost, self.sign, self.bounded, self.side = graph, cost, sign, bounded, side
        # What the sum leaves out may be all that is missing at a lower end.
        self.limit = math.floor(end) if side > 0 else math.ceil(end) - bounded.slack
        self.arithmetic = Arithmetic(graph.diagrams)
        self.penalties, complete = validity(graph)
        self.told = complete and cost.exact and bounded.exact
        """Whether witnesses are architectures with the costs that they are said to have."""
        self.order = ordering(graph.diagrams, [*cost.terms, *bounded.terms, *self.penalties])

    def run(self) -> Priced | None:
        free = self._least(1, 0)
        outside, inside = self._point(free), self._point(self._least(0, 1))
        if not _finite(free) or (inside is not None and inside.beyond > 0):
            return None
        best = free.least
        met = [point for point in (outside, inside) if point is not None and point.beyond <= 0]
        for _ in range(PRICES):
            if outside is None or inside is None or outside.beyond <= 0 or inside.cost <= outside.cost:
                break
            rise, run = inside.cost - outside.cost, outside.beyond - inside.beyond
            common = math.gcd(rise, run)
            weight, price = run // common, rise // common
            found = self._least(weight, price)
            if not _finite(found):
                break
            # Within the bound nothing is beyond it, so that the price only lessens the sum.
            best = max(best, -(-found.least // weight))
            point = self._point(found)
            if point is None or found.least >= weight * outside.cost + price * outside.beyond:
                break
            if point.beyond <= 0:
                inside = point
                met.append(point)
            else:
                outside = point
        slack = self.cost.slack if self.sign < 0 else 0
        known = tuple((self.sign * point.cost, point.answers) for point in met) if self.told else ()
        return Priced(self.sign * round(best) + slack, known)

    def _least(self, weight: int, price: int) -> Elimination:
        """The least of the cost and what is beyond the bound, weighed."""
        functions: list[Function] = [*self.penalties]
        for factor, own, constant in (
            (weight * self.sign, self.cost, self.cost.constant),
            (price * self.side, self.bounded, self.bounded.constant - self.limit),
        ):
            if factor:
                functions += [scaled(self.arithmetic, factor, term) for term in own.terms]
                functions.append(factor * constant)
        return eliminate(self.graph.diagrams, functions, self.order)

    def _point(self, found: Elimination) -> _Point | None:
        answers = found.witness()
        if answers is None:
            return None
        return _Point(
            self.sign * self.cost.of(answers),
            self.side * (self.bounded.of(answers) - self.limit),
            {**self.cost.defaults, **answers},
        )


def _finite(found: Elimination) -> bool:
    """Whether it is a number, and one that nothing was rounded in."""
    return isinstance(found.least, int)
