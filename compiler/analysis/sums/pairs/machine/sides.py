"""Two sides of a space (:mod:`..strip`) as machine code goes through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from ...tables import Effort
from ...words import ALONE
from ..vectors import Limits, Vectors, summed
from .lines import whole_lines
from .rows import Indexed, Rows, Unfit, factor
from .slices import MOST_BYTES, RATES, WIDTH, Slices

MANY, FEW = RATES.many, 1 << 21
"""Of the longer and the shorter ones of the two lists that each side is kept as."""

SORTED = 5_000_000
"""So many sums are sorted at most, where they are not found in their order: that takes six times the memory."""

SHORT, GREATEST = 1 << 31, 1 << 62
"""Second costs, and first ones, are below that."""

GREATEST_UNIT, DIVIDED = 1 << 12, 43
"""To divide a number by a unit it is multiplied by a part of two to some power, and moved to the right by as many bits.
For a number up to the units of 2¹⁹ columns, more than a slice has, that fits in 63 bits and is exact then."""

MOST_RUNS = 1 << 18
"""For a row of the table the other side's sums are at most so many runs of vectors."""


class Sides:
    """What pairs within limits are counted of, as :class:`..strip.Strip` does."""

    def __init__(self, own: Sequence[Vectors], other: Sequence[Vectors], limits: Limits) -> None:
        """``own`` and ``other``: parts, of which those of the own side range over little by the first cost. Raises
        Unfit where numbers are too great, or too many, or a side has none, and TooMuch."""
        others, fewer = _side(other, limits, MANY)
        many, few = _side(own, limits, MANY - len(others))
        self.far = many.far[0] + few.far[0], many.far[1] + few.far[1]
        self.other_far = others.far[0] + fewer.far[0], others.far[1] + fewer.far[1]
        if max(limits[1], self.far[1], self.other_far[1]) >= SHORT or limits[0] >= GREATEST:
            raise Unfit
        self.size = len(many) * len(few)
        if not self.size or not len(others) or not len(fewer):
            raise Unfit
        costs = few.first, few.second
        rows, columns = (math.gcd(many.common[i], int(np.gcd.reduce(costs[i], initial=0))) or 1 for i in (0, 1))
        if columns > GREATEST_UNIT:
            raise Unfit
        self.units = rows, columns
        self.divisor = ((1 << DIVIDED) // columns + 1, DIVIDED) if columns > 1 else (1, 0)
        if not others.far[0]:
            others = others.in_rows(rows)
        self.column = others.units[1]
        self.own = Indexed.of(many.in_rows(rows).in_columns(columns))
        self.other = Indexed.of(others.in_columns(1))
        self.longest = int(np.diff(self.own.rows.starts).max())
        """So many of the own side's many are in a row at most."""
        self.mean = self.other.rows.mean
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
        """So many columns before a slice belong to its table: by its index a vector of the other side may look there"""
        if self.pad > WIDTH or self.runs > MOST_RUNS or Slices(self, limits).kept > MOST_BYTES:
            raise Unfit

    def within(self, limits: Limits, effort: Effort) -> Slices:
        """Limits up to those that the sides are made for. Raises TooMuch where counting takes more than the effort."""
        made = Slices(self, limits)
        effort.worked(made.work)
        return made


def _side(parts: Sequence[Vectors], limits: Limits, most: int) -> tuple[Rows, Vectors]:
    """As many parts as possible summed up as one list of so many, and all others. Raises Unfit and TooMuch."""
    parts = sorted(parts, key=len, reverse=True)
    zero = np.zeros(1, dtype=np.int64)
    few = Vectors(zero, zero, zero + 1, 1)
    many = Rows.of(parts[0] if parts else few)
    for part in parts[1:]:
        more = _more(many, part, limits) if len(many) * len(part) <= most else None
        if more is None and len(few) * len(part) > FEW:
            raise Unfit
        many, few = (more, few) if more is not None else (many, summed(few, part, limits))
    return many, few


def _more(many: Rows, part: Vectors, limits: Limits) -> Rows | None:
    """All sums of two; None where they, or their numbers, are too much for one list."""
    if (many.total * part.total).bit_length() > ALONE:
        return None
    with suppress(Unfit):
        return many.summed(part, limits)
    if len(many) * len(part) <= SORTED:
        with suppress(Unfit):  # rows that are too far apart are sorted
            return Rows.of(summed(many.as_vectors(np.int64), part, limits))
    return None
