"""How many pairs, one of each of two sets of vectors, come to no more than two limits.

One cost goes up row by row: what the one set has up to a row, and what the other still allows there, meet in a
cumulative table over the other cost. A few rows at a time have a small table of their own, over the vectors that there
are in them. Neither set is ever there as a whole: each is all sums of two lists, and those of some rows are put
together when their turn comes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..tables import Effort
from ..words import ALONE, dot
from . import running
from .vectors import Limits, Vectors, common_factor

if TYPE_CHECKING:
    from ..words import Places

Told = Callable[[int, int], None]
"""What is told how much is done, and of how much."""

BLOCK = 1 << 20
"""So many vectors are looked at at once, about."""

SHORT, GATHERED = 1 << 11, 1 << 17
"""Fewer are looked at together, about so many."""

VECTOR, COLUMN, CELL = 20, 4, 2
"""To look at a vector takes so much longer than to add numbers, and that to go through a column, or a number of a small
table."""


@dataclass(frozen=True, eq=False)
class Side:
    """All sums of a vector of ``many``, by the first cost, and one of ``few``."""

    many: Vectors
    few: Vectors

    @cached_property
    def far(self) -> Limits:
        """The greatest of each cost."""
        return self.many.far[0] + self.few.far[0], self.many.far[1] + self.few.far[1]

    @property
    def total(self) -> int:
        return self.many.total * self.few.total

    @property
    def size(self) -> int:
        return len(self.many) * len(self.few)

    def turned(self) -> Side:
        return Side(self.many.turned().arranged(), self.few.turned())

    def below(self, row: int) -> Places:
        """For each vector of the few, how many of the many make a sum below a row."""
        import numpy as np

        # What no number of 32 bits may be is below all of those, or beyond them.
        kind = self.many.first.dtype
        rows = np.clip(np.subtract(row, self.few.first, dtype=np.int64), np.iinfo(kind).min, np.iinfo(kind).max)
        return np.searchsorted(self.many.first, rows.astype(kind), side="left")

    def between(self, begins: Places, ends: Places) -> tuple[Places, Places, Places]:
        """The sums of the many from one place to another with each of the few: both costs, and how many ways."""
        import numpy as np

        lengths = ends - begins
        where = np.arange(int(lengths.sum())) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
        return (
            np.add(self.many.first[where], np.repeat(self.few.first, lengths), dtype=np.int64),
            np.add(self.many.second[where], np.repeat(self.few.second, lengths), dtype=np.int64),
            self.many.counts[where] * np.repeat(self.few.counts, lengths),
        )

    def gathered(self, begins: Places, ends: Places) -> Iterator[tuple[Places, Places, Places]]:
        """The same in no order: those with each of the few by themselves, and where these are short together."""
        import numpy as np

        lengths = ends - begins
        for i in np.flatnonzero(lengths >= SHORT):
            # The one of the few stays an array, or else NumPy 1 adds it in as many bits as the many have.
            own, alone = slice(begins[i], ends[i]), slice(i, i + 1)
            yield (
                self.many.first[own] + self.few.first[alone],
                self.many.second[own] + self.few.second[alone],
                self.many.counts[own] * self.few.counts[i],
            )
        lengths[lengths >= SHORT] = 0
        upto = np.cumsum(lengths)
        first, done = 0, 0
        while done < upto[-1]:
            last = max(first + 1, int(np.searchsorted(upto, done + GATHERED, side="right")))
            part = np.zeros_like(lengths)
            part[first:last] = lengths[first:last]
            yield self.between(begins, begins + part)
            first, done = last, int(upto[last - 1])

    def blocks(self, begins: Places, ends: Places) -> Iterator[tuple[Places, Places, Places]]:
        """The same in blocks."""
        import numpy as np

        if int((ends - begins).sum()) <= 2 * BLOCK:
            yield self.between(begins, ends)
            return
        step = max(1, BLOCK // len(self.few))
        for first in range(int(begins.min()), int(ends.max()), step):
            low, high = np.clip(first, begins, ends), np.clip(first + step, begins, ends)
            yield self.between(low, high)


def meeting(one: Side, other: Side, limits: Limits, effort: Effort) -> Meeting:
    """The smaller side has less than 2⁶² ways. Raises TooMuch where counting takes more than the effort."""
    if other.size > one.size:
        one, other = other, one
    assert other.total.bit_length() <= ALONE
    turned = one.turned(), other.turned(), (limits[1], limits[0])
    # The cost of which fewer places matter is gone through row by row, if there is no other reason.
    if _places(*turned) < _places(one, other, limits):
        one, other, limits = turned
    return Meeting(one, other, limits, effort)


def _places(one: Side, other: Side, limits: Limits) -> tuple[int, int]:
    """How many rows and columns matter, multiplied, and how many rows."""
    low, high = _rows(one, other, limits)
    return (high - low + 1) * _Columns(one, other, limits[1]).number, high - low


def _rows(one: Side, other: Side, limits: Limits) -> tuple[int, int]:
    """The first costs up to which nothing of the other side is too much, and beyond which all is, or nothing there."""
    low = max(0, limits[0] - one.far[0])
    return low, max(low, min(limits[0], other.far[0]))


class _Columns:
    """The second costs that matter, by which the other side's sums are told apart: only those that are sums of it, or
    only those that one of the one side may leave of the limit, whichever have the greater common factor."""

    def __init__(self, one: Side, other: Side, limit: int) -> None:
        self.limit = limit
        left, own = (common_factor((side.many, side.few), 1) for side in (one, other))
        self.unit, rest = (own, 0) if own >= left else (left, limit % left)
        # From what is left at least to the most, or to what there is.
        self.least = rest + (max(0, limit - one.far[1]) - rest) // self.unit * self.unit
        most = (limit - self.least) // self.unit
        self.number = min(most, max(0, -((self.least - other.far[1]) // self.unit))) + 1

    def of(self, second: Places) -> Places:
        """The first column that so much is not too much for; as many as there are, or more, if none is."""
        import numpy as np

        column = second + (self.unit - 1 - self.least)
        column //= self.unit
        return np.maximum(column, 0, out=column)

    def allowed(self, second: Places) -> tuple[Places, Places]:
        """Which of the one side may be within the limit, and the columns that they still allow."""
        import numpy as np

        inside = np.flatnonzero(second <= self.limit)
        column = (self.limit - self.least) - second[inside]
        column //= self.unit
        return inside, np.minimum(column, self.number - 1, out=column)


class Meeting:
    """Two sides and limits, which are at least 0: what is to be counted, and what work it is."""

    def __init__(self, one: Side, other: Side, limits: Limits, effort: Effort) -> None:
        import numpy as np

        self.one, self.other, self.limits = one, other, limits
        self.low, self.high = _rows(one, other, limits)
        self.columns = _Columns(one, other, limits[1])
        rows, columns = self.high - self.low, self.columns.number
        self.step = max(1, min(rows, math.isqrt(COLUMN * rows * columns // (CELL * (other.size + 1)) + 1)))
        effort.worked(VECTOR * (one.size + 2 * other.size))
        effort.worked(COLUMN * (rows // self.step + 1) * columns + CELL * self.step * other.size)
        self.below = np.zeros(columns, dtype=np.int64)
        """How many ways of the other side there are in the rows so far, up to each column."""

    def count(self, told: Told | None = None) -> int:
        """How many ways of both sides come to no more than the limits together."""
        import numpy as np

        if not self.one.size or not self.other.size:
            return 0
        # Up to and with the lowest row; then some at a time; what the one side still allows beyond the highest is all.
        edge = self.low + 1
        others = self.other.below(edge)
        self._gather(others)
        # Of the one side what still allows so many rows: from the dear ones to the cheap.
        ones = self.one.below(self.limits[0] + 1 - edge)
        total = self._met(ones, self.one.below(self.limits[0] + 1 - self.low))
        while edge <= self.high:
            last = min(edge + self.step, self.high + 1)
            more, fewer = self.other.below(last), self.one.below(self.limits[0] + 1 - last)
            total += self._some_rows(edge, last, (others, more), (fewer, ones))
            edge, others, ones = last, more, fewer
            if told:
                told(edge - self.low, self.high + 1 - self.low)
        if told:
            told(1, 1)
        return total + self._met(np.zeros_like(ones), ones)

    def _gather(self, ends: Places) -> None:
        """What the other side has in its lowest rows."""
        import numpy as np

        for _, second, counts in self.other.blocks(np.zeros_like(ends), ends):
            columns = self.columns.of(second)
            inside = columns < self.columns.number
            np.add.at(self.below, columns[inside], counts[inside])
        np.cumsum(self.below, out=self.below)

    def _met(self, begins: Places, ends: Places) -> int:
        """Pairs of what the one side has from one place to another and all rows so far."""
        total = 0
        for _, second, counts in self.one.blocks(begins, ends):
            inside, columns = self.columns.allowed(second)
            total += dot(counts[inside], self.below[columns])
        return total

    def _some_rows(self, first: int, last: int, others: tuple[Places, Places], ones: tuple[Places, Places]) -> int:
        import numpy as np

        row, second, counts = self.other.between(*others)
        columns = self.columns.of(second)
        inside = np.flatnonzero(columns < self.columns.number)
        # Sorting numbers is much faster than finding the order of some.
        both = np.sort(columns[inside] * len(columns) + inside)
        columns, order = np.divmod(both, max(1, len(columns)))
        # By column, how many of the vectors of these rows are up to it, and where the sum of so many of them stands.
        runs = np.diff(columns, prepend=0, append=self.columns.number)
        rows = last - first
        places, length = running.places(len(runs), rows), running.length(len(runs))
        own = np.zeros((running.LANES, rows, length), dtype=np.int64)
        flat = own.reshape(-1)
        flat[(row[order] - first) * length + places[1:]] = counts[order]
        running.summed_up(own)
        for i in range(1, rows):
            own[:, i] += own[:, i - 1]
        upto = np.repeat(places, runs)
        total = 0
        for cost, second, counts in self.one.blocks(*ones):
            inside, allowed = self.columns.allowed(second)
            place = self.limits[0] - first - cost[inside]
            place *= length
            place += upto.take(allowed)
            ways = flat.take(place)
            ways += self.below.take(allowed)
            total += dot(counts[inside], ways)
        self.below += flat[(rows - 1) * length :].take(upto)
        return total
