"""An exact count within two budgets where a single table of all combinations of sums would be too large: the space is
cut into two halves, whose combinations are far fewer, and the pairs of these that come to no more than is allowed are
counted (:mod:`.dominance`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, product

from .dominance import VECTOR, Side, meeting
from .lattice import Lattice
from .tables import Effort, TooMuch
from .vectors import Limits, Vectors, alike_first, of_stretches, summed
from .words import ALONE

TRIED = 300_000
"""So many sums are looked at at most to find parts whose sums coincide."""

MANY = 4_000_000
"""The longer one of the two lists that a half is kept as has at most so many vectors."""

PARTS = 14
"""Of so many parts all ways of cutting them into halves are looked at; the smallest of more are summed up before."""


def halved(places: Lattice, start: int, effort: Effort) -> int:
    """How many ways there are within the windows of two costs whose sums are exact. Raises TooMuch."""
    limits = tuple(high for _, high in places.windows)
    assert len(limits) == 2
    if min(limits) < 0:
        return 0
    parts = alike_first(of_stretches(places, start), limits, TRIED)
    while len(parts) > PARTS:
        parts.sort(key=len, reverse=True)
        parts.append(summed(parts.pop(), parts.pop(), limits))
    one, other = _halves(parts, limits, effort)
    ends = product(*(_ends(low, high) for low, high in places.windows))
    # What all of them take is known before the first is counted.
    corners = [(sign * turn, meeting(one, other, (first, second), effort)) for (first, sign), (second, turn) in ends]
    return sum(sign * corner.count() for sign, corner in corners)


def _ends(low: int, high: int) -> tuple[tuple[int, int], ...]:
    """What is within a window is what is up to its end, less what is before it."""
    return ((high, 1), (low - 1, -1)) if low > 0 else ((high, 1),)


def _halves(parts: Sequence[Vectors], limits: Limits, effort: Effort) -> tuple[Side, Side]:
    """The cut whose larger half is smallest. Raises TooMuch."""
    whole = range(len(parts))
    sizes = [math.log(max(1, len(part))) for part in parts]
    most = sum(sizes)
    _, chosen = min(
        (max(own, most - own), some)
        for n in whole
        for some in combinations(whole, n)
        if (own := sum(sizes[i] for i in some)) <= most
    )
    halves = [[parts[i] for i in whole if i in chosen], [parts[i] for i in whole if i not in chosen]]
    for half in halves:
        if math.prod(part.total for part in half).bit_length() > ALONE:
            raise TooMuch
        effort.worked(2 * VECTOR * math.prod(len(part) for part in half))
    one, other = (_side(half, limits) for half in halves)
    return one, other


def _side(parts: Sequence[Vectors], limits: Limits) -> Side:
    """As many parts as possible summed up as one list."""
    many, few = _nothing(), _nothing()
    for part in sorted(parts, key=len, reverse=True):
        if len(many) * len(part) <= MANY:
            many = summed(many, part, limits)
        else:
            few = summed(few, part, limits)
    return Side(many.arranged(), few)


def _nothing() -> Vectors:
    import numpy as np

    zero = np.zeros(1, dtype=np.int64)
    return Vectors(zero, zero, zero + 1, 1)
