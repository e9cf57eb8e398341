"""The different pairs of sums that independent ways through a space have, each with the number of ways that have it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..lattice import Lattice
from ..programme import own_windows
from ..stretches import Stretch, stretches
from ..tables import Effort, TooMuch, filled, single
from ..words import ALONE
from .packing import packing

if TYPE_CHECKING:
    from ..words import Places

Limits = tuple[int, int]
"""The last place of each of the two costs that is of interest."""

COINCIDING = 1.1
"""Parts are summed up while there are so many times more pairs than sums."""

WORK = 400_000_000
ROOM = 100_000_000
"""The vectors of a stretch take at most so much work, and so many bytes."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """``first`` and ``second``: the places of the two costs, (n,); ``counts``: how many ways have them, (n,), below
    2⁶² in all. ``total``: all ways, those that were left out too."""

    first: Places
    second: Places
    counts: Places
    total: int

    def __len__(self) -> int:
        return len(self.first)

    @property
    def far(self) -> Limits:
        """The greatest of each."""
        return (int(self.first.max()), int(self.second.max())) if len(self) else (0, 0)

    def turned(self) -> Vectors:
        """The two costs in the other order."""
        return replace(self, first=self.second, second=self.first)

    def arranged(self) -> Vectors:
        """By the first cost."""
        import numpy as np

        order = np.argsort(self.first)
        return Vectors(self.first[order], self.second[order], self.counts[order], self.total)


def of_stretches(places: Lattice, start: int) -> list[Vectors]:
    """Those of each stretch of a walk; all their sums are the sums of the walk. Raises TooMuch."""
    packed, stride = packing(places, start)
    return [_of_stretch(packed, stride, stretch) for stretch in stretches(places.ways, start)]


def _of_stretch(packed: Lattice, stride: int, stretch: Stretch) -> Vectors:
    if stretch.count.bit_length() > ALONE:
        raise TooMuch
    ends = {stretch.last: single(1, 1, False)}
    windows = own_windows(packed, stretch)
    table = filled(packed.ways, stretch.states, ends, windows, Effort(WORK, ROOM), True)[stretch.first]
    (at,) = table.places()
    counts = table.found((at,))[0]
    return Vectors(at // stride, at % stride, counts, stretch.count)


def summed(some: Vectors, others: Vectors, limits: Limits) -> Vectors:
    """All sums of two of them, each once, without those beyond the limits. Raises TooMuch."""
    import numpy as np

    total = some.total * others.total
    if total.bit_length() > ALONE:
        raise TooMuch
    if len(some) < len(others):
        some, others = others, some
    if not len(others):
        return replace(others, total=total)
    stride = limits[1] + 1
    keys, counts = [], []
    for first, second, count in zip(others.first, others.second, others.counts, strict=True):
        inside = (some.first <= limits[0] - first) & (some.second <= limits[1] - second)
        keys.append((some.first[inside] + first) * stride + (some.second[inside] + second))
        counts.append(some.counts[inside] * count)
    key, count = np.concatenate(keys), np.concatenate(counts)
    order = np.argsort(key)
    key, count = key[order], count[order]
    new = np.flatnonzero(np.diff(key, prepend=-1))
    if len(new) < len(key):
        count = np.add.reduceat(count, new)
        key = key[new]
    return Vectors(key // stride, key % stride, count, total)


def alike_first(parts: Sequence[Vectors], limits: Limits, most: int) -> list[Vectors]:
    """The same with those summed up whose sums coincide most often, for as long as some do and there are at most
    ``most`` sums to look at. Raises TooMuch."""
    left = list(parts)
    known: dict[tuple[int, int], Vectors] = {}
    while len(left) > 1:
        best, chosen = COINCIDING, None
        for i, some in enumerate(left):
            for j in range(i):
                pair = len(some) * len(left[j])
                if pair > most:
                    continue
                key = (id(some), id(left[j]))
                if key not in known:
                    known[key] = summed(some, left[j], limits)
                if pair / max(len(known[key]), 1) > best:
                    best, chosen = pair / max(len(known[key]), 1), (i, j)
        if chosen is None:
            return left
        both = known[id(left[chosen[0]]), id(left[chosen[1]])]
        gone = [left[place] for place in chosen]
        known = {key: value for key, value in known.items() if not {id(g) for g in gone} & set(key)}
        left = [v for place, v in enumerate(left) if place not in chosen] + [both]
    return left


def ends_of(low: int, high: int) -> tuple[tuple[int, int], ...]:
    """Ends and signs: what is within a window is what is up to its end, less what is before it."""
    return ((high, 1), (low - 1, -1)) if low > 0 else ((high, 1),)


def common_factor(parts: Sequence[Vectors], cost: int) -> int:
    """The greatest common factor of all of their sums; 1 where there are none but 0."""
    import numpy as np

    return math.gcd(*(int(np.gcd.reduce((v.first, v.second)[cost], initial=0)) for v in parts)) or 1
