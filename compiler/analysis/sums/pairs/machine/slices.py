"""A strip (:mod:`..strip`) counted in machine code: some of its columns at a time for each processor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tables import Effort, TooMuch
from ...words import ALONE, dot
from ..dominance import Told
from ..strip import Rates
from ..vectors import Limits, Vectors, summed
from . import sweep
from .columns import Columns, whole_lines
from .processors import processors
from .rows import Indexed, Rows, Unfit, factor

if TYPE_CHECKING:
    from ...words import Places

RATES = Rates(0.05, 4, 2)
"""On two processors."""

TURN = 4
"""So much longer than to add numbers it takes to turn to the next of the few, in each row of each slice."""

SETTLED = 2
"""So much longer than to add numbers it takes to add a place of what is settled."""

MANY = 40_000_000
"""The longer one of the two lists that a side is kept as has at most so many vectors."""

SHORT = 1 << 31
"""Second costs are below that."""

WIDTH = 1 << 17
"""A slice has about so many columns, half a megabyte, and at most as many more that it shares with the one before."""

GREATEST_UNIT, DIVIDED = 1 << 12, 43
"""To divide a number by a unit it is multiplied by a part of two to some power, and moved to the right by as many bits.
For a number up to the units of 2¹⁹ columns, more than a slice has, that fits in 63 bits and is exact then."""

MOST_RUNS = 1 << 22
"""For a row of the table the other side's sums are at most so many runs of vectors."""

OFTEN = 0.1
"""Seconds after which is told how much is done."""


class Slices:
    """Two sides, of which pairs within limits are counted as :class:`..strip.Strip` does."""

    def __init__(self, own: Sequence[Vectors], other: Sequence[Vectors], limits: Limits) -> None:
        """``own`` and ``other``: parts, of which those of the own side range over little by the first cost. Raises
        Unfit where numbers are too great, and TooMuch."""
        many, few = _side(own, limits)
        others, fewer = _side(other, limits)
        self.far = many.far[0] + few.far[0], many.far[1] + few.far[1]
        self.other_far = others.far[0] + fewer.far[0], others.far[1] + fewer.far[1]
        if max(limits[1], self.far[1], self.other_far[1]) >= SHORT:
            raise Unfit
        self.size = len(many) * len(few)
        costs = few.first, few.second
        rows, columns = (math.gcd(many.units[i], int(np.gcd.reduce(costs[i], initial=0))) or 1 for i in (0, 1))
        self.units = rows, columns
        self.column = others.units[1]
        self.own = Indexed.of(many.in_rows(rows).in_columns(columns))
        self.other = Indexed.of(others.in_columns(1))
        times, self.few_times = factor(few.counts), factor(fewer.counts)
        self.own_times, self.other_times = self.own.rows.times * times, self.other.rows.times * self.few_times
        own_few = (few.first, rows), (few.second, columns), (few.counts, times)
        self.few = tuple(numbers.astype(np.int64) // by for numbers, by in own_few)
        # What the few of the other side leave of the first limit ends in a row of the many if it has the same rest.
        unit = others.units[0]
        first, second = (numbers.astype(np.int64) for numbers in (fewer.first, fewer.second))
        order = np.lexsort((first, first % unit))
        self.other_first, second = first[order], second[order]
        rests, begins = np.unique(self.other_first % unit, return_index=True)
        ends = np.append(begins, len(order))
        self.classes = rests, ends, self.other_first // unit, second, fewer.counts[order] // self.few_times
        # A row of the table is so many of theirs.
        lines = min(rows // unit + 2, len(others.starts) - 1)
        self.runs = lines * len(order)
        self.pad = whole_lines(-(-(1 << self.other.shift) // columns))
        if self.pad > WIDTH or self.runs > MOST_RUNS:
            raise Unfit
        if columns > GREATEST_UNIT:
            raise Unfit
        self.divisor = ((1 << DIVIDED) // columns + 1, DIVIDED) if columns > 1 else (1, 0)

    def within(self, limits: Limits, effort: Effort) -> Sliced:
        """Limits up to those that the sides are made for. Raises TooMuch where counting takes more than the effort."""
        made = Sliced(self, limits)
        effort.worked(made.work)
        return made


def _side(parts: Sequence[Vectors], limits: Limits) -> tuple[Rows, Vectors]:
    """As many parts as possible summed up as one list, and all others. Raises Unfit and TooMuch."""
    parts = sorted(parts, key=len, reverse=True)
    zero = np.zeros(1, dtype=np.int64)
    many, few = Rows.of(parts[0]), Vectors(zero, zero, zero + 1, 1)
    for part in parts[1:]:
        more = _more(many, part, limits) if len(many) * len(part) <= MANY else None
        many, few = (more, few) if more is not None else (many, summed(few, part, limits))
    return many, few


def _more(many: Rows, part: Vectors, limits: Limits) -> Rows | None:
    """All sums of two; None where numbers are too great for one list."""
    if (many.total * part.total).bit_length() > ALONE:
        return None
    with suppress(Unfit):
        return many.summed(part, limits)
    with suppress(Unfit):  # rows that are too far apart are sorted
        return Rows.of(summed(many.as_vectors(np.int64), part, limits))
    return None


@dataclass(frozen=True, eq=False)
class Sliced:
    """Two sides and limits, which are at least 0."""

    sides: Slices
    limits: Limits

    @property
    def shape(self) -> Limits:
        """Of the table: of the own side's sums up to each row and column."""
        sides = self.sides
        far = (
            min(far, limit) // unit + 1 for far, limit, unit in zip(sides.far, self.limits, sides.units, strict=True)
        )
        rows, columns = far
        return rows, columns

    @property
    def settled(self) -> Places:
        """For each of the few of the other side, how many of its many make a sum that all rows allow."""
        return self._below(self.limits[0] - self.sides.units[0] * self.shape[0] + 1)

    def _below(self, first: int) -> Places:
        """For each of the few of the other side, how many of its many make a sum below a first cost."""
        return self.sides.other.rows.below(first - self.sides.other_first)

    @property
    def work(self) -> int:
        rows, columns = self.shape
        settled = self.settled
        near = int((self._below(self.limits[0] + 1) - settled).sum())
        numbers = RATES.cell * rows * columns + RATES.own * self.sides.size + RATES.other * near
        unit, own_few, other_few = self.sides.other.rows.units[0], len(self.sides.few[0]), len(settled)
        turns = (columns // WIDTH + 1) * rows * (own_few + other_few * self.sides.units[0] / unit)
        return round(numbers + TURN * turns) + SETTLED * self._settled_work(settled)

    def _settled_work(self, settled: Places) -> int:
        """The places that what is settled is added to: for each of the few one for each second cost of the many, or one
        for each of these."""
        return int(min(len(settled) * self._shifts + settled.max(initial=0), settled.sum()))

    @property
    def _shifts(self) -> int:
        return self.sides.other.rows.far[1] // self.sides.column + 1

    def count(self, told: Told | None = None) -> int:
        """How many ways of both sides come to no more than the limits together. Raises TooMuch where machine code fails
        on the way."""
        try:
            return self._counted(told)
        except Unfit as error:
            raise TooMuch from error

    def _counted(self, told: Told | None) -> int:
        sides = self.sides
        if not sides.size or not len(sides.other.rows) or not len(sides.other_first):
            return 0
        rows, columns = self.shape
        width = whole_lines(-(-columns // max(1, round(columns / WIDTH))))
        end = whole_lines(columns) + sides.pad
        lows = range(0, end, width)
        done = np.zeros((len(lows) + 1, 2), dtype=np.int64)
        with ThreadPoolExecutor(processors()) as pool:
            tables = [Columns(sides, self.limits, rows, low, min(low + width, end)) for low in lows]
            work = [pool.submit(table.swept, done[i]) for i, table in enumerate(tables)]
            over = pool.submit(Columns(sides, self.limits, rows, end, end).beyond, done[-1])
            settled = pool.submit(self._settled, columns)
            try:
                waiting: set[Future[Any]] = {*work, over, settled}
                while waiting:
                    _, waiting = wait(waiting, timeout=OFTEN)
                    if told:
                        told(int(done[:, 0].sum()), rows * len(done))
            finally:
                done[:, 1] = 1  # whatever ends this, the others end soon
        total, line = 0, []
        before = np.zeros(rows, dtype=np.int64)
        for part in work:
            found = part.result()
            total += found.looked_up + dot(before, found.asking)
            line.append(found.line + before[-1])
            before += found.inside
        total += dot(before, over.result())
        total += dot(settled.result(), np.concatenate(line)[sides.pad : sides.pad + columns])
        return total * sides.own_times * sides.other_times

    def _settled(self, columns: int) -> Places:
        """How many ways of the other side, of what is settled, allow each of so many columns as the last one."""
        sides, settled = self.sides, self.settled
        order = np.argsort(settled, kind="stable")
        _, _, _, second, counts = sides.classes
        ways = np.zeros(columns, dtype=np.int64)
        added = self._settled_work(settled) < int(settled.sum())
        few = settled[order], self.limits[1] - second[order], counts[order]
        shifts = self._shifts if added else 0
        sweep.settled(few, sides.other.rows.vectors, sides.column, sides.units[1], ways, shifts)
        return ways
