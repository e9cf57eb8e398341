"""The best architectures within bounds over one cost whose sums are too many to be told apart.

Costs are rounded down, so that none within the bounds is lost: the best of those that may be within them is the best
of all if its exact cost is. Else the bounds are drawn in, step by step, up to where whatever is rounded is within them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..circuits.cost_states import CostStates
from .lattice import Bounds, excess, lattice
from .nearly import units_for
from .optimum import Best, Optimum
from .tables import NEVER, Effort, Scores

CELLS = 10_000_000
"""So many scores the tables of all states have about: twice 80 MB."""

WORK = 1_000_000_000
ROOM = 300_000_000
"""It takes about a second."""

DRAWN_IN = 24
"""In so many steps the bounds are drawn in."""

Rounded = tuple[Best | None, bool]
"""An architecture within bounds, None where none was found; whether that is certainly the best, or there is none."""


def rounded(states: CostStates, cost: int, bounds: Sequence[Bounds], scores: Scores) -> list[Rounded]:
    """For each of ``bounds`` over the cost at place ``cost`` among those of the states. Raises TooMuch."""
    found = _all_at_once(states, cost, bounds, scores)
    if len(bounds) == 1:
        return found
    # What is left has smaller units by itself.
    return [
        own if own[1] else _better(own, _all_at_once(states, cost, [bound], scores)[0])
        for own, bound in zip(found, bounds, strict=True)
    ]


def _better(one: Rounded, other: Rounded) -> Rounded:
    """That which is certain, or else has the greater score."""
    return max(one, other, key=lambda found: (found[1], NEVER if found[0] is None else found[0].score))


def _all_at_once(states: CostStates, cost: int, bounds: Sequence[Bounds], scores: Scores) -> list[Rounded]:
    found, start = excess(states, (cost,)), states.start
    loosest = loosest_of(bounds)
    (unit,) = units_for(states, found, (loosest,), CELLS)
    places = lattice(found, start, (unit,), (loosest,))
    if places.windows[0][1] < 0:
        return [(None, True) for _ in bounds]
    optimum = Optimum(states, places, scores, Effort(WORK, ROOM))
    lost = -(-places.lost[0] // unit)

    def within(bound: Bounds) -> Rounded:
        low, high = bound
        ((first, last),) = places.window((bound,), start)
        for step in range(DRAWN_IN + 1):
            drawn = -(-lost * step // DRAWN_IN)
            best = optimum.within(((first if low is None else first + drawn, last if high is None else last - drawn),))
            if best is None:
                return None, step == 0
            exact = states.costs(best.answers)[cost]
            if (low is None or exact >= low) and (high is None or exact <= high):
                return best, step == 0
        return None, False

    return [within(bound) for bound in bounds]


def loosest_of(bounds: Sequence[Bounds]) -> Bounds:
    """What one of several bounds at least allows."""
    lows, highs = zip(*bounds, strict=True)
    return None if None in lows else min(lows), None if None in highs else max(highs)
