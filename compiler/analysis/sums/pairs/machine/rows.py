"""Vectors by rows, as machine code goes through them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..vectors import Limits, Vectors
from .indexing import indexed
from .merging import NUMBER, merged
from .processors import processors

if TYPE_CHECKING:
    import numpy.typing as npt

    from ...words import Places

SHORT = 1 << 31
"""Columns and numbers of ways of single vectors are below that."""

MOST_ROWS, MOST_COLUMNS = 1 << 22, 1 << 22
"""There are at most so many rows, and columns where vectors are summed up: 32 MB each."""

PAIRS = 1 << 21
"""About so many pairs of vectors are looked at in one go."""

TURNS = 4
"""Summing up takes less time than to sort while there are at most so many turns to a row, or to some columns of it, for
each pair."""

INDEXED, FEWEST = 4, 1 << 20
"""An index has about so many vectors for each of its entries, and that many entries besides."""

PIECE = 1 << 20
"""So many vectors are changed at a time."""


class Unfit(Exception):
    """Numbers are too great for this way of counting, or too far apart."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Vectors by their first cost. ``starts``: where each row begins, and the last one ends, (rows + 1,); ``vectors``:
    by row, then column, the column and the number of ways above it in one number. ``units``: what one row and one
    column are; ``times``: all numbers of ways are so many times as great. ``far``: what no cost is beyond. ``total``:
    all ways, those that were left out too."""

    starts: Places
    vectors: Places
    units: Limits
    times: int
    far: Limits
    total: int

    def __len__(self) -> int:
        return len(self.vectors)

    @classmethod
    def of(cls, some: Vectors) -> Rows:
        """Raises Unfit."""
        some = some.arranged()
        units, times = (factor(some.first), factor(some.second)), factor(some.counts)
        if not len(some) or some.far[0] // units[0] >= MOST_ROWS:
            raise Unfit
        if some.far[1] // units[1] >= SHORT or int(some.counts.max()) // times >= SHORT:
            raise Unfit
        starts = np.searchsorted(some.first, np.arange(some.far[0] // units[0] + 2) * units[0])
        vectors = ((some.counts // times) << NUMBER) | (some.second.astype(np.int64) // units[1])
        return cls(starts, vectors, units, times, some.far, some.total)

    @property
    def common(self) -> Limits:
        """What costs have in common: 0 where all are, for they are so many times as much as anything."""
        first, second = (unit if far else 0 for unit, far in zip(self.units, self.far, strict=True))
        return first, second

    @property
    def first(self) -> Places:
        """The first cost of each."""
        return np.repeat(np.arange(len(self.starts) - 1) * self.units[0], np.diff(self.starts))

    @property
    def columns(self) -> Places:
        return self.vectors & ((1 << NUMBER) - 1)

    @property
    def ways(self) -> Places:
        """Without what they have in common."""
        return self.vectors >> NUMBER

    def as_vectors(self, kind: Any) -> Vectors:
        """``kind``: of the costs."""
        second = self.columns * self.units[1]
        return Vectors(self.first.astype(kind), second.astype(kind), self.ways * self.times, self.total)

    def below(self, cost: Places) -> Places:
        """How many have a first cost below each of some."""
        return self.starts[np.clip(-(-cost // self.units[0]), 0, len(self.starts) - 1)]

    def in_columns(self, unit: int) -> Rows:
        """The same, a column being so much less; these are changed. Raises Unfit."""
        if self.far[1] // unit >= SHORT:
            raise Unfit
        if unit != self.units[1]:
            for begin in range(0, len(self), PIECE):
                some = self.vectors[begin : begin + PIECE]
                some += (some & ((1 << NUMBER) - 1)) * (self.units[1] // unit - 1)
        return replace(self, units=(self.units[0], unit))

    def in_rows(self, unit: int) -> Rows:
        """The same, a row being so much less. Raises Unfit."""
        finer = self.units[0] // unit
        rows = (len(self.starts) - 2) * finer + 1
        if rows > MOST_ROWS:
            raise Unfit
        starts = self.starts[-(-np.arange(rows + 1) // finer)] if finer > 1 else self.starts
        return replace(self, starts=starts, units=(unit, self.units[1]))

    @property
    def mean(self) -> float:
        """So many ways each has on an average, without what they have in common."""
        pieces = range(0, len(self), PIECE)
        ways = sum(float((self.vectors[begin : begin + PIECE] >> NUMBER).sum()) for begin in pieces)
        return ways / max(1, len(self))

    def summed(self, few: Vectors, limits: Limits) -> Rows:
        """All sums of a vector of these and one of the few, each once, without those beyond the limits. Raises
        Unfit."""
        adding = self._adding(few, limits)
        step = max(1, adding.rows * PAIRS // (len(self) * len(few)))
        found, ends = _Growing(), [np.zeros(1, dtype=np.int64)]
        for own, vectors in adding.merged([(row, row + step) for row in range(0, adding.rows, step)]):
            ends.append(own + found.size)
            found.append(vectors)
        times, total = self.times * adding.times, self.total * few.total
        return Rows(np.concatenate(ends), found.whole(), adding.units, times, adding.far, total)

    def _adding(self, few: Vectors, limits: Limits) -> _Adding:
        costs = few.first.astype(np.int64), few.second.astype(np.int64)
        rows, columns = (math.gcd(self.common[i], int(np.gcd.reduce(costs[i], initial=0))) or 1 for i in (0, 1))
        far = min(limits[0], self.far[0] + few.far[0]), min(limits[1], self.far[1] + few.far[1])
        number, width = far[0] // rows + 1, far[1] // columns + 1
        pairs = len(self) * len(few)
        if (
            not pairs
            or number > MOST_ROWS
            or width > MOST_COLUMNS
            or number * (len(few) + width // 4096) > TURNS * pairs
        ):
            raise Unfit
        times = factor(few.counts)
        others = costs[0] // rows, costs[1] // columns, few.counts // times
        return _Adding(self.in_rows(rows), others, (rows, columns), far, times)


@dataclass(frozen=True, eq=False)
class _Adding:
    """Many vectors, a row as wide as one of all sums, and the rows, columns and numbers of few, which are ``times`` as
    great; what one row and column of the sums are, and the greatest costs."""

    many: Rows
    few: tuple[Places, Places, Places]
    units: Limits
    far: Limits
    times: int

    @property
    def rows(self) -> int:
        return self.far[0] // self.units[0] + 1

    def merged(self, bands: Sequence[tuple[int, int]]) -> Iterator[tuple[Places, Places]]:
        """Where each row ends, and the vectors, of rows from one to before another. Raises Unfit."""
        if len(bands) == 1:
            yield self._band(bands[0])
            return
        with ThreadPoolExecutor(processors()) as pool:
            yield from pool.map(self._band, bands)

    def _band(self, band: tuple[int, int]) -> tuple[Places, Places]:
        scale, last = self.many.units[1] // self.units[1], self.far[1] // self.units[1]
        ends = band[0], min(band[1], self.rows)
        own, vectors = merged(*ends, self.many.starts, self.many.vectors, scale, self.few, last)
        if not len(own):
            raise Unfit
        return own, vectors


@dataclass(frozen=True, eq=False)
class Indexed:
    """``index``: where in each row the columns with so many bits begin, all but ``shift``, (parts + 1, rows)."""

    rows: Rows
    index: npt.NDArray[Any]
    shift: int

    @classmethod
    def of(cls, rows: Rows) -> Indexed:
        number, greatest = len(rows.starts) - 1, rows.far[1] // rows.units[1]
        most, shift = len(rows) // INDEXED + FEWEST + 2 * number, 0
        while (greatest >> shift) and ((greatest >> shift) + 2) * number > most:
            shift += 1
        return cls(rows, indexed(rows.starts, rows.vectors, shift, (greatest >> shift) + 1), shift)

    @property
    def arrays(self) -> tuple[Places, Places, npt.NDArray[Any], int]:
        """What machine code goes through."""
        return self.rows.starts, self.rows.vectors, self.index, self.shift


def factor(numbers: Places) -> int:
    """The greatest common factor; 1 where there are none but 0."""
    return int(np.gcd.reduce(numbers, initial=0)) or 1


class _Growing:
    """An array that pieces are put to: never there twice."""

    def __init__(self) -> None:
        self._numbers: npt.NDArray[Any] = np.empty(1 << 16, dtype=np.int64)
        self.size = 0

    def append(self, piece: npt.NDArray[Any]) -> None:
        size = self.size + len(piece)
        if size > len(self._numbers):
            self._numbers.resize(size + size // 4, refcheck=False)
        self._numbers[self.size : size] = piece
        self.size = size

    def whole(self) -> npt.NDArray[Any]:
        self._numbers.resize(self.size, refcheck=False)
        return self._numbers
