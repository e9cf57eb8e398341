"""The different pairs of sums that independent ways through a space have, each with the number of ways that have it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

PIECE = 1 << 21
"""About so many sums of two parts are looked at at a time."""

FEW = 1 << 16
"""So many sums are soon sorted: whatever else there is, they are looked at all."""

LOOKED, SHOWING, PLACES = 1 << 20, 1 << 17, 8
"""Of more sums than the one, about as many as the other, in so many places, show how many coincide."""

VERY_MANY, SHORT = 1 << 24, 1 << 29
"""Costs of so many sums are kept in 32 bits where they are less, so that those of two are, too: slow and small."""

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

    def keys(self, stride: int) -> Places:
        """Both costs as one number, the first times ``stride``."""
        import numpy as np

        return np.multiply(self.first, stride, dtype=np.int64) + self.second

    def turned(self) -> Vectors:
        """The two costs in the other order."""
        return replace(self, first=self.second, second=self.first)

    def arranged(self) -> Vectors:
        """By the first cost, then the second."""
        import numpy as np

        key = self.keys(self.far[1] + 1)
        if (key[1:] >= key[:-1]).all():
            return self
        order = np.argsort(key)
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


def summed(some: Vectors, others: Vectors, limits: Limits, machine: ModuleType | None = None) -> Vectors:
    """All sums of two of them, each once, without those beyond the limits. ``machine``: code for very many, if there is
    any (:mod:`.machine`). Raises TooMuch."""
    import numpy as np

    total = some.total * others.total
    if total.bit_length() > ALONE:
        raise TooMuch
    if len(some) < len(others):
        some, others = others, some
    if not len(others):
        return replace(others, total=total)
    some, others = some.arranged(), others.arranged()
    stride = some.far[1] + others.far[1] + 1
    known, added = some.keys(stride), others.keys(stride)
    kind: Any = np.int32 if max(*some.far, *others.far) < SHORT and len(some) * len(others) > VERY_MANY else np.int64
    if machine and len(some) * len(others) > FEW:
        found: Vectors | None = machine.summed(some, others, limits, kind)
        if found:
            return found
    firsts, seconds, counts = [], [], []
    begins = np.zeros(len(others), dtype=np.int64)
    for end in _ends(known, added, len(some) * len(others)):
        ends = np.searchsorted(known, end - added)
        key = np.concatenate([known[i:j] + more for i, j, more in zip(begins, ends, added, strict=True)])
        count = np.concatenate([some.counts[i:j] * n for i, j, n in zip(begins, ends, others.counts, strict=True)])
        begins = ends
        inside = (key < (limits[0] + 1) * stride) & (key % stride <= limits[1])
        if not inside.all():
            key, count = key[inside], count[inside]
        order = np.argsort(key)
        key, count = key[order], count[order]
        new = np.flatnonzero(np.diff(key, prepend=-1))
        if len(new) < len(key):
            count = np.add.reduceat(count, new)
            key = key[new]
        firsts.append((key // stride).astype(kind))
        seconds.append((key % stride).astype(kind))
        counts.append(count)
    return Vectors(_joined(firsts), _joined(seconds), _joined(counts), total)


def _joined(pieces: list[Places]) -> Places:
    """One after the other; the pieces are gone then."""
    import numpy as np

    whole = np.concatenate(pieces)
    pieces.clear()
    return whole


def _ends(known: Places, added: Places, pairs: int, piece: int = PIECE) -> list[int]:
    """Where to begin anew so that about so many sums, a ``piece``, are looked at at a time, the last end beyond
    all."""
    import numpy as np

    last = int(known.max()) + int(added.max()) + 1
    n = -(-pairs // max(1, piece))
    if n == 1:
        return [last]
    few = np.linspace(0, 1, 400)
    drawn = np.sort(np.add.outer(np.quantile(known, few), np.quantile(added, few)).reshape(-1))
    return sorted({*(int(end) for end in np.quantile(drawn, np.arange(1, n) / n)), last})


def alike_first(
    parts: Sequence[Vectors], limits: Limits, most: int, machine: ModuleType | None = None
) -> list[Vectors]:
    """The same with those summed up whose sums coincide most often, for as long as some do and there are at most
    ``most`` sums to look at, of less than 2⁶² ways."""
    left = list(parts)
    known: dict[tuple[int, int], tuple[float, Vectors | None]] = {}
    while len(left) > 1:
        best, chosen = COINCIDING, None
        for i, some in enumerate(left):
            for j in range(i):
                if len(some) * len(left[j]) > most or (some.total * left[j].total).bit_length() > ALONE:
                    continue
                key = (id(some), id(left[j]))
                if key not in known:
                    known[key] = _tried(some, left[j], limits)
                if known[key][0] > best:
                    best, chosen = known[key][0], (i, j)
        if chosen is None:
            return left
        gone = [left[place] for place in chosen]
        _, both = known[id(gone[0]), id(gone[1])]
        known = {key: value for key, value in known.items() if not {id(g) for g in gone} & set(key)}
        both = summed(gone[0], gone[1], limits, machine) if both is None else both
        left = [v for place, v in enumerate(left) if place not in chosen] + [both]
    return left


def _tried(some: Vectors, others: Vectors, limits: Limits) -> tuple[float, Vectors | None]:
    """How many pairs of two there are for each different sum, and the sums where they are few."""
    pairs = len(some) * len(others)
    if pairs > LOOKED:
        return coinciding(some, others, limits), None
    both = summed(some, others, limits)
    return pairs / max(len(both), 1), both


def coinciding(some: Vectors, others: Vectors, limits: Limits) -> float:
    """How many pairs of two there are for each different sum within limits, about; 1 where none shows."""
    import numpy as np

    if len(some) < len(others):
        some, others = others, some
    if not len(others):
        return 1.0
    some, others = some.arranged(), others.arranged()
    stride = some.far[1] + others.far[1] + 1
    known, added = some.keys(stride), others.keys(stride)
    pairs = len(some) * len(others)
    found = _ends(known, added, pairs, min(pairs, SHOWING // PLACES))
    last = min(found[-1], (limits[0] + 1) * stride)
    ends = [0, *(end for end in found if end < last), last]
    seen, different = 0, 0
    pieces = len(ends) - 1
    for place in sorted({pieces * (2 * i + 1) // (2 * PLACES) for i in range(PLACES)}):
        begins, lasts = (np.searchsorted(known, end - added) for end in ends[place : place + 2])
        lengths = lasts - begins
        where = np.arange(int(lengths.sum())) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        key = known[where] + np.repeat(added, lengths)
        key = key[key % stride <= limits[1]]
        seen, different = seen + len(key), different + len(np.unique(key))
    return max(seen, 1) / max(different, 1)


def ends_of(low: int, high: int) -> tuple[tuple[int, int], ...]:
    """Ends and signs: what is within a window is what is up to its end, less what is before it."""
    return ((high, 1), (low - 1, -1)) if low > 0 else ((high, 1),)


def common_factor(parts: Sequence[Vectors], cost: int) -> int:
    """The greatest common factor of all of their sums; 1 where there are none but 0."""
    import numpy as np

    return math.gcd(*(int(np.gcd.reduce((v.first, v.second)[cost], initial=0)) for v in parts)) or 1
