"""The interval in which the number of architectures is certain to lie where constraints over costs leave too many sums:
what is known of some of the bounds says more of all of them than costs rounded down do."""

from __future__ import annotations

from ..circuits.patience import WORK
from .certainty import Interval
from .nearly import ROUNDING, Nearly
from .within import within_bounds

ROUNDED = 4 * ROUNDING
"""An interval of this part of the count is as narrow as floating-point numbers make it."""


def interval(found: Nearly, whole: Interval) -> Interval:
    """How many are within all bounds. ``whole``: how many there are without any.

    Never more than within some of the bounds by themselves, nor less than what others can take away from these. That
    takes as long again, and is not asked for where all that is open is how floating-point numbers round.
    """
    return _interval(found, whole, {})


def _interval(found: Nearly, whole: Interval, known: dict[tuple[int, ...], Interval]) -> Interval:
    """``known``: what was found by the places of the costs."""
    low, high = found.low, min(found.high, whole[1])
    costs = range(len(found.measures))
    if len(costs) == 1 or high - low <= ROUNDED * high:
        return low, high
    alone = [_within(found, (i,), whole, known) for i in costs]
    for i in costs:
        others = tuple(j for j in costs if j != i)
        rest = _within(found, others, whole, known)
        low, high = max(low, rest[0] + alone[i][0] - whole[1]), min(high, rest[1])
        for j in others if len(others) > 1 else ():
            # What this bound takes away from the rest it takes away from one of them, too.
            both = _within(found, tuple(sorted((i, j))), whole, known)
            low = max(low, rest[0] + both[0] - alone[j][1])
    if len(costs) > 2:
        return low, high
    narrower = found.narrowed(alone) or found.sharper(alone) or (low, high)
    return max(low, narrower[0]), min(high, narrower[1])


def _within(found: Nearly, some: tuple[int, ...], whole: Interval, known: dict[tuple[int, ...], Interval]) -> Interval:
    """Within the bounds at some places."""
    measures, bounds = tuple(found.measures[i] for i in some), tuple(found.bounds[i] for i in some)
    if measures not in known:
        within = within_bounds(found.states, measures, bounds, WORK, beside=True)
        if within is None:
            known[measures] = 0, whole[1]
        elif isinstance(within, Nearly):
            known[measures] = _interval(within, whole, known)
        else:
            known[measures] = within.count, within.count
    return known[measures]
