"""The interval in which the number of architectures is certain to lie where constraints over costs leave too many sums:
what is known of some of the bounds says more of all of them than costs rounded down do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from ..circuits.patience import WORK
from .certainty import Interval
from .exactly import Sums
from .nearly import ROUNDING, Nearly
from .within import within_bounds

ROUNDED = 4 * ROUNDING
"""An interval of this part of the count is as narrow as floating-point numbers make it."""

ALONE = 1_000_000_000
"""How many are within one of several bounds is counted exactly where it takes no more, about a second."""

GRID, LINE, BESIDE = 3_000_000_000, 500_000_000, 700_000_000
"""So many numbers are added up on grids for all bounds at once, some two or three seconds; for one by itself; and for
two beside others."""


def interval(found: Nearly, whole: Interval) -> Interval:
    """How many are within all bounds. ``whole``: how many there are without any.

    Never more than within some of the bounds by themselves, nor less than what others can take away from these. That
    takes as long again, and is not asked for where all that is open is how floating-point numbers round.
    """
    known = found.low, min(found.high, whole[1])
    costs = range(len(found.measures))
    if _narrow(known):
        return known
    if len(costs) == 1:
        return _both(known, found.gridded(costs, [known], LINE))
    alone = [_alone(found, cost, whole) for cost in costs]
    known = _both(known, (sum(low for low, _ in alone) - (len(alone) - 1) * whole[1], min(high for _, high in alone)))
    if len(costs) == 2:
        return _both(known, found.narrowed(alone) or found.gridded(costs, alone, GRID))
    return _both(_beside(found, known, alone), found.gridded(costs, alone, GRID))


def _beside(found: Nearly, known: Interval, alone: Sequence[Interval]) -> Interval:
    """What those within two of more bounds say."""
    costs = range(len(alone))
    pairs: dict[tuple[int, int], Interval] = {}
    for pair in combinations(costs, 2):
        own = tuple(alone[cost] for cost in pair)
        least = 0, min(high for _, high in own)
        pairs[pair] = _exactly(found, pair) or _both(least, found.gridded(pair, own, BESIDE))
    for (one, other), (low, high) in pairs.items():
        # Each further bound takes away no more of these than it does of those within one of the two.
        for cost in costs:
            if cost not in (one, other):
                low -= min(alone[own][1] - pairs[min(own, cost), max(own, cost)][0] for own in (one, other))
        known = _both(known, (low, high))
    return known


def _alone(found: Nearly, cost: int, whole: Interval) -> Interval:
    """How many are within the bounds of one of the costs by itself."""
    exact = _exactly(found, (cost,))
    if exact is not None:
        return exact
    least = 0, whole[1]
    known = found.gridded((cost,), [least], LINE)
    if known is not None:
        return _both(least, known)
    within = within_bounds(found.states, (found.measures[cost],), (found.bounds[cost],), WORK, beside=True)
    return interval(within, whole) if isinstance(within, Nearly) else least


def _exactly(found: Nearly, costs: Sequence[int]) -> Interval | None:
    """So many are within the bounds of some of the costs; None where that takes long."""
    measures, bounds = tuple(found.measures[i] for i in costs), tuple(found.bounds[i] for i in costs)
    within = within_bounds(found.states, measures, bounds, ALONE, exactly=True)
    return (within.count, within.count) if isinstance(within, Sums) else None


def _narrow(known: Interval) -> bool:
    low, high = known
    return high - low <= ROUNDED * high


def _both(known: Interval, further: Interval | None) -> Interval:
    return known if further is None else (max(known[0], further[0]), min(known[1], further[1]))
