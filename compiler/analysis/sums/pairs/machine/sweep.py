"""Some columns of the table of a strip (:mod:`..strip`), gone through row by row, in machine code.

The own side's sums of some rows that lie in these columns are written down by their rows, then put into the table row
by row, and after each row the sums of the other side that allow just this row are looked up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled
from .indexing import begin
from .lines import LINE, before_lines, put
from .merging import COLUMN, NUMBER

LIMBS = 3
"""So many numbers of 32 bits make one, the lowest first; the last one may have more."""

FARTHEST = np.int64(1 << 31)
"""Columns and second costs are below that."""

CERTAIN = 9e18
"""Products whose sum is below that, nearly, fit in 63 bits."""

SHORTEST = 64.0
"""So many are added up at a time, at least."""


@compiled
def gathered(
    first: Any,
    rows: Any,
    low: Any,
    width: Any,
    own: Any,
    few: Any,
    some: Any,
    room: Any,
    columns: Any,
    counts: Any,
    ends: Any,
) -> None:
    """The own side's sums of some rows, the first one and those behind it, that lie in columns from ``low`` on: of each
    row they begin at a multiple of ``room``, and end at ``ends``."""
    starts, vectors, index, shift, farthest = own
    few_rows, few_columns, few_counts = few
    for row in range(rows):
        ends[row] = row * room
    for i in range(some[0], some[1]):
        shifted = few_columns[i] - low
        if shifted >= width or shifted + farthest < 0:
            continue
        times = few_counts[i]
        above = first - few_rows[i]
        least = max(np.int64(0), -shifted)
        for row in range(max(np.int64(0), -above), min(rows, len(starts) - 1 - above)):
            end = np.uint64(starts[np.uint64(above + row + 1)])
            place = np.uint64(begin(starts, index, shift, vectors, above + row, least))
            at = np.uint64(ends[row])
            while place < end:
                vector = vectors[place]
                column = shifted + (vector & COLUMN)
                if column >= width:
                    break
                columns[at] = column
                counts[at] = times * (vector >> NUMBER)
                at += np.uint64(1)
                place += np.uint64(1)
            ends[row] = at


@compiled
def looked_up(table: Any, before: Any, allowed: Any, divisor: Any, vectors: Any, place: Any, end: Any) -> Any:
    """For some vectors, how many ways each allows, times its own number of ways, added up with what is over left out,
    and how many ways the vectors have in all. ``allowed``: the last column, times the unit of the columns;
    ``divisor``: what a number is multiplied with, and moved to the right by, to divide it by that unit."""
    found, ways = np.int64(0), np.int64(0)
    factor, bits = divisor
    if not bits:
        for i in range(place, end):
            vector = vectors[np.uint64(i)]
            column = np.uint64(allowed - (vector & COLUMN))
            times = vector >> NUMBER
            found += (np.int64(table[column]) + before[column // np.uint64(LINE)]) * times
            ways += times
        return found, ways
    for i in range(place, end):
        vector = vectors[np.uint64(i)]
        column = np.uint64(((allowed - (vector & COLUMN)) * factor) >> bits)
        times = vector >> NUMBER
        found += (np.int64(table[column]) + before[column // np.uint64(LINE)]) * times
        ways += times
    return found, ways


@compiled
def looked_up_at_length(
    table: Any, before: Any, allowed: Any, divisor: Any, vectors: Any, place: Any, end: Any, result: Any
) -> None:
    """The same, in three numbers of 32 bits, added to a result."""
    factor, bits = divisor
    first, second, third = np.int64(0), np.int64(0), np.int64(0)
    for i in range(place, end):
        vector = vectors[np.uint64(i)]
        column = np.uint64(((allowed - (vector & COLUMN)) * factor) >> bits)
        times = vector >> NUMBER
        ways = np.int64(table[column]) + before[column // np.uint64(LINE)]
        low, high = (ways & COLUMN) * times, (ways >> 32) * times
        first += low & COLUMN
        second += (low >> 32) + (high & COLUMN)
        third += high >> 32
    second += first >> 32
    result[0] += first & COLUMN
    result[1] += second & COLUMN
    result[2] += third + (second >> 32)


@compiled
def runs(row: Any, low: Any, high: Any, unit: Any, other: Any, classes: Any, limits: Any, found: Any) -> Any:
    """Which vectors of the other side's many allow, each with one of the few, just a row, and of its columns the last
    one from ``low`` on and before ``high``, about: none that allows ``high``, and some that allow less than ``low``, so
    that what is a run for these columns is none for those before. For each run the first vector, the end, which of the
    few, and what these leave of the second limit, (4, runs); how many runs there are."""
    _, _, index, shift, other_unit = other
    residues, begins, few_rows, few_columns, _ = classes
    number, rows, last_part = 0, index.shape[1], index.shape[0] - 1
    for some in range(len(residues)):
        # What the few leave of the first limit ends in a row of the many, or in none.
        last = (limits[0] - row * unit[0] - residues[some]) // other_unit
        before = (limits[0] - (row + 1) * unit[0] - residues[some]) // other_unit
        before = max(before, few_rows[begins[some]] - 1)
        last = min(last, few_rows[begins[some + 1] - 1] + rows - 1)
        for line in range(before + 1, last + 1):
            for i in range(begins[some], begins[some + 1]):
                other_row = line - few_rows[i]
                left = limits[1] - few_columns[i]
                if other_row < 0 or other_row >= rows or left < low * unit[1]:
                    continue
                # Parts of a row, as they are in the index: those that allow no such column, and those that allow less.
                first = max(np.int64(0), -((high * unit[1] - 1 - left) >> shift))
                end = -((low * unit[1] - 1 - left) >> shift)
                found[0, number] = index[np.uint64(min(first, last_part)), np.uint64(other_row)]
                found[1, number] = index[np.uint64(min(end, last_part)), np.uint64(other_row)]
                found[2, number], found[3, number] = i, left
                number += found[0, number] < found[1, number]
    return number


@compiled
def swept(
    rows: Any,
    ends: Any,
    unit: Any,
    own: Any,
    few: Any,
    other: Any,
    classes: Any,
    limits: Any,
    divisor: Any,
    mean: Any,
    numbers: Any,
    buffer: Any,
    found: Any,
    results: Any,
    done: Any,
) -> Any:
    """Go through the columns from one to before another, ``ends``, row by row, in a table that has some columns before
    them besides. False where it was asked to stop, or numbers of the table became too great for it.

    ``numbers``: the table and how much is before each of its lines. ``results``: for each of the other side's few, what
    is looked up in the table, (few, :data:`LIMBS`); how many of the own side are in it up to each row, but for its last
    columns, which are the first ones of the next table; how many ways of the other side look there in each row.
    ``buffer``: columns, counts, and ends of the own sums of some rows, and how many vectors the longest row has.
    ``mean``: so many ways the other side's many have.
    """
    low, high, pad = ends
    table, before = numbers
    looked, inside, asking = results
    start = low - pad
    covered = (high - pad - start) // LINE
    columns, counts, last, longest = buffer
    together = len(last)
    room = len(columns) // together
    # Of long rows some of the few are put into the table at a time.
    portion = len(few[0]) if together > 1 else max(np.int64(1), room // longest)
    total = np.int64(0)
    for first in range(0, rows, together):
        number = min(together, rows - first)
        for begins in range(0, len(few[0]), portion):
            if done[1]:
                return False
            some = (np.int64(begins), min(np.int64(len(few[0])), np.int64(begins + portion)))
            gathered(first, number, start, high - start, own, few, some, room, columns, counts, last)
            if together == 1:
                total += put(table, columns[: last[0]], counts[: last[0]])
        for i in range(number):
            row = first + i
            if together > 1:
                total += put(table, columns[i * room : last[i]], counts[i * room : last[i]])
            if before_lines(table, before) != total:
                return False
            inside[row] = before[covered] if covered < len(before) else total
            # So many vectors have, on an average, half as many ways as may be added up at a time.
            piece = np.int64(max(SHORTEST, CERTAIN / 2 / (float(total) * mean + 1)))
            asked = np.int64(0)
            for run in range(runs(row, low, high, unit, other, classes, limits, found)):
                if done[1]:
                    return False
                place, end, one, left = found[0, run], found[1, run], found[2, run], found[3, run]
                allowed = left - start * unit[1]
                while place < end:
                    upto = min(end, place + piece)
                    ways, times = looked_up(table, before, allowed, divisor, other[1], place, upto)
                    asked += times * classes[4][one]
                    if float(total) * float(times) < CERTAIN:
                        looked[one, 0] += ways & COLUMN
                        looked[one, 1] += ways >> 32
                    else:
                        looked_up_at_length(table, before, allowed, divisor, other[1], place, upto, looked[one])
                    place = upto
            asking[row] = asked
            done[0] += 1
    return True


@compiled
def beyond(
    rows: Any, low: Any, unit: Any, other: Any, classes: Any, limits: Any, found: Any, asking: Any, done: Any
) -> Any:
    """How many ways of the other side allow all columns, in each row: those that look beyond the last one. False where
    it was asked to stop."""
    for row in range(rows):
        asked = np.int64(0)
        for run in range(runs(row, low, FARTHEST, unit, other, classes, limits, found)):
            if done[1]:
                return False
            times = np.int64(0)
            for i in range(found[0, run], found[1, run]):
                times += other[1][np.uint64(i)] >> NUMBER
            asked += times * classes[4][found[2, run]]
        asking[row] = asked
        done[0] += 1
    return True


@compiled
def settled(few: Any, vectors: Any, unit: Any, column: Any, ways: Any, shifts: Any, done: Any) -> None:
    """Add to ``ways``, for the last column that they allow, those of the other side that all rows allow. ``few``: how
    many of the many are so with each, ascending, what it leaves of the second limit, and its number of ways.
    ``shifts``: so many units the columns of the many have where they are added up by these before; else 0.
    ``column``: what a column of ``ways`` is. What is found is of no use where it was asked to stop."""
    ends, allowed, counts = few
    last = np.int64(len(ways) - 1)
    own = np.zeros(shifts, dtype=np.int64)
    known = np.int64(0)
    for i in range(len(ends)):
        if done[1]:
            return
        if not shifts:
            for place in range(ends[i]):
                left = allowed[i] - (vectors[np.uint64(place)] & COLUMN)
                if left >= 0:
                    ways[min(last, left // column if column > 1 else left)] += (
                        vectors[np.uint64(place)] >> NUMBER
                    ) * counts[i]
            continue
        for place in range(known, ends[i]):
            vector = vectors[np.uint64(place)]
            own[np.uint64((vector & COLUMN) // unit)] += vector >> NUMBER
        known = ends[i]
        if known:
            for shift in range(min(shifts, allowed[i] // unit + 1)):
                left = allowed[i] - shift * unit
                ways[min(last, left // column if column > 1 else left)] += own[shift] * counts[i]
