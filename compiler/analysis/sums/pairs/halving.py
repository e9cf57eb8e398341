"""An exact count within two budgets where a single table of all combinations of sums would be too large: the space is
cut in two, each of which has far fewer combinations, and the pairs of these that come to no more than is allowed are
counted: of two halves that are alike (:mod:`.dominance`), or of what ranges over little by one cost and all else
(:mod:`.strip`), whichever takes less."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations, product

from ..lattice import Lattice
from ..tables import Effort, TooMuch
from ..words import ALONE
from .cuts import about, balanced, narrowest
from .dominance import VECTOR, Meeting, Side, Told, meeting
from .strip import Strip
from .vectors import Limits, Vectors, alike_first, ends_of, of_stretches, summed

TRIED = 300_000
"""So many sums are looked at at most to find parts whose sums coincide."""

MANY = 4_000_000
"""The longer one of the two lists that a half is kept as has at most so many vectors."""

LONGER_TRIED, LONGER_COMPARED, LONGER_MANY = 3_000_000, 8_000_000, 40_000_000
"""The same where there is time for more, and so many sums of two parts are looked at to see how many coincide."""

STEPS = 1000
"""So many steps are told of each count of what two sides have in common."""

PARTS = 14
"""Of so many parts all ways of cutting them into halves are looked at; the smallest of more are summed up before."""


def halved(places: Lattice, start: int, effort: Effort, told: Told | None = None) -> int:
    """How many ways there are within the windows of two costs whose sums are exact. ``told`` how much is done, there is
    time for minutes. Raises TooMuch."""
    limits = tuple(high for _, high in places.windows)
    assert len(limits) == 2
    if min(limits) < 0:
        return 0
    parts = alike_first(of_stretches(places, start), limits, LONGER_TRIED if told else TRIED)
    while len(parts) > PARTS:
        parts.sort(key=len, reverse=True)
        parts.append(summed(parts.pop(), parts.pop(), limits))
    meets = _longer(parts, limits, effort) if told else _meeting(parts, limits, effort)
    ends = product(*(ends_of(low, high) for low, high in places.windows))
    # What all of them take is known before the first is counted.
    corners = [(sign * turn, meets((first, second))) for (first, sign), (second, turn) in ends]
    return sum(
        sign * corner.count(told and _part_of(told, done, len(corners))) for done, (sign, corner) in enumerate(corners)
    )


def _part_of(told: Told, done: int, parts: int) -> Told:
    """Told of one part of several that take about as long, in the same steps."""
    return lambda now, whole: told(done * STEPS + STEPS * now // whole, parts * STEPS)


def _meeting(parts: Sequence[Vectors], limits: Limits, effort: Effort) -> Callable[[Limits], Meeting | Strip]:
    """What two sides of the space have in common within limits up to these, by the way that is less work. Raises
    TooMuch."""
    halves, narrow = balanced(parts), narrowest(parts, limits)
    if narrow is not None and narrow.work < min(about(*halves, limits), effort.work):
        own, others = (side(some, limits) for some in (narrow.own, narrow.others))
        if not narrow.turned:
            return lambda ends: Strip(own, others, ends, effort)
        own, others = own.turned(), others.turned()
        return lambda ends: Strip(own, others, ends[::-1], effort)
    for half in halves:
        if math.prod(part.total for part in half).bit_length() > ALONE:
            raise TooMuch
        effort.worked(2 * VECTOR * math.prod(len(part) for part in half))
    one, other = (side(half, limits) for half in halves)
    return lambda ends: meeting(one, other, ends, effort)


def _longer(parts: Sequence[Vectors], limits: Limits, effort: Effort) -> Callable[[Limits], Meeting | Strip]:
    """As :func:`_meeting`, but such that what takes minutes takes fewer: lists of very many sums that coincide."""
    shares = {
        (i, j): len(parts[i]) * len(parts[j]) / max(1, len(summed(parts[i], parts[j], limits)))
        for i, j in combinations(range(len(parts)), 2)
        if len(parts[i]) * len(parts[j]) <= LONGER_COMPARED
    }
    narrow = narrowest(parts, limits, shares)
    if narrow is None:
        return _meeting(parts, limits, effort)
    if narrow.work > effort.work:
        raise TooMuch
    own, others = narrow.own, narrow.others
    if not narrow.turned:
        sides = side(own, limits, LONGER_MANY), side(others, limits, LONGER_MANY)
        return lambda ends: Strip(*sides, ends, effort, beside=True)
    across = limits[1], limits[0]
    sides = _across(own, across), _across(others, across)
    return lambda ends: Strip(*sides, (ends[1], ends[0]), effort, beside=True)


def _across(parts: Sequence[Vectors], limits: Limits) -> Side:
    """A side of the two costs in the other order. (To turn parts takes less than to turn it.)"""
    return side([part.turned() for part in parts], limits, LONGER_MANY)


def side(parts: Sequence[Vectors], limits: Limits, most: int = MANY) -> Side:
    """As many parts as possible summed up as one list of about ``most``."""
    many, few = _nothing(), _nothing()
    for part in sorted(parts, key=len, reverse=True):
        if len(many) * len(part) <= most:
            many = summed(many, part, limits)
        else:
            few = summed(few, part, limits)
    return Side(many.arranged(), few)


def _nothing() -> Vectors:
    import numpy as np

    zero = np.zeros(1, dtype=np.int64)
    return Vectors(zero, zero, zero + 1, 1)
