"""Bounds on costs turned into prices: Lagrangian relaxation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...ir.graph import CostConstraint, SpaceGraph
from ...record import record
from ..costs.additive import AdditiveCost
from ..costs.measures import measure_of, measured
from ..costs.of_architecture import cost_constraints
from ..costs.space_bounds import extreme
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import Elimination, Function
from ..diagrams.products import scaled, span_of

STEPS = 24
"""Bisections of one price."""

RELAXATIONS = 80
"""Prices that are tried in all. Any will do: a better one only makes the search within the bounds shorter."""


GREATEST = 1e290
"""Sums of bounds are floats: costs that are greater bound nothing, so that architectures are looked at exactly."""


@record
class Bound:
    """``sign * cost <= sign * limit``, for a cost that is a sum. Where that is not ``exact``, the bound is necessary,
    but does not suffice."""

    constraint: CostConstraint
    cost: AdditiveCost
    sign: int
    limit: float

    @property
    def exact(self) -> bool:
        return self.cost.exact

    def excess(self, answers: Mapping[int, int]) -> float:
        """By how much an architecture is beyond the limit; 0 or less is fine."""
        return self.sign * (self.cost.of(answers) - self.limit)

    def functions(self, arithmetic: Arithmetic, price: float = 1) -> list[Function]:
        """The excess times a price, as functions to add up."""
        functions = [scaled(arithmetic, price * self.sign, term) for term in self.cost.terms]
        return [*functions, price * self.sign * (self.cost.constant - self.limit)]

    @property
    def scale(self) -> float:
        """A price that makes the whole spread of the cost about as bad as a few unlikely answers."""
        spread = sum(span_of(term) for term in self.cost.terms)
        return 10 / spread if spread else 1.0


def in_floats(cost: AdditiveCost, constraint: CostConstraint) -> bool:
    """Whether floats hold a cost and its bounds, whatever is decided."""
    numbers = (cost.constant, constraint.low or 0, constraint.high or 0, *(span_of(term) for term in cost.terms))
    return all(abs(number) < GREATEST for number in numbers)


def bounds(graph: SpaceGraph, constraints: Sequence[CostConstraint] | None = None) -> list[Bound]:
    """Constraints over costs that are sums and that floats hold, one bound per side, without those that no architecture
    breaks; those of the space where none are given."""
    found = []
    for constraint in cost_constraints(graph) if constraints is None else constraints:
        measure = measure_of(graph, constraint)
        cost = None if measure is None else measured(graph, measure)
        if measure is None or cost is None or not in_floats(cost, constraint):
            continue
        for sign, limit in ((1, constraint.high), (-1, constraint.low)):
            if limit is not None and sign * extreme(graph, measure, -sign)[0] > sign * limit:
                # What the sum leaves out may be all that is missing.
                found.append(Bound(constraint, cost, sign, limit - (cost.slack if sign < 0 else 0)))
    return found


def best_relaxation(bounds: Sequence[Bound], relax: Callable[[Sequence[float]], Elimination]) -> Elimination | None:
    """Raise each bound's price until architectures that meet it come out best: the greatest lower bound found on the
    way.

    ``relax(prices)`` is the least regret plus the priced excesses: whatever the prices, no architecture within the
    bounds has less regret. As a function of one price it is concave, and the excess of its witness is its slope.
    """
    prices = [0.0] * len(bounds)
    best: Elimination | None = None
    tried = 0

    def slope(i: int, price: float) -> float | None:
        nonlocal best, tried
        if tried == RELAXATIONS:
            return None
        tried += 1
        prices[i] = price
        relaxed = relax(prices)
        if best is None or relaxed.least > best.least:
            best = relaxed
        answers = relaxed.witness()
        return None if answers is None else bounds[i].excess({**bounds[i].cost.defaults, **answers})

    for _ in range(1 if len(bounds) == 1 else 2):
        for i, bound in enumerate(bounds):
            low, high = 0.0, bound.scale
            for _ in range(60):
                rising = slope(i, high)
                if rising is None:
                    return best
                if rising <= 0:
                    break
                low, high = high, 2 * high
            for _ in range(STEPS):
                middle = (low + high) / 2
                rising = slope(i, middle)
                if rising is None:
                    return best
                low, high = (middle, high) if rising > 0 else (low, middle)
            prices[i] = high
    return best
