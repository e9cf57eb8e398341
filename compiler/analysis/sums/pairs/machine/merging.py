"""All sums of two sets of vectors, each once, in machine code.

The sums of one row after the other are added up where they stand in a long row of numbers, and marked; what is marked
is then read off in order. So nothing is sorted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from .compiling import compiled, instruction

NUMBER = 32
"""Of one number so many bits are a column, and those above a number of ways."""

COLUMN = np.int64((1 << NUMBER) - 1)

GREATEST = np.int64(1 << 31)
"""Numbers of ways of a vector are below that."""

BITS = 64
"""Of the numbers that marks are kept in: a bit for each column, and one above for each such number."""


@instruction
def lowest(_: Any, number: Any) -> Any:
    """The place of the lowest bit of a number that is not 0."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), generate


@compiled
def merged(first: Any, last: Any, starts: Any, vectors: Any, scale: Any, few: Any, limit: Any) -> Any:
    """The sums in rows from one on to before another: where each row ends, and the vectors, a column and a number of
    ways each; nothing where a number is too great.

    ``starts``, ``vectors``: of the many, where each row begins and the last one ends, and by row, then column, columns
    and numbers; their columns are ``scale`` of those of the sums. ``few``: rows, columns and numbers of the others;
    ``limit``: the last column of interest.
    """
    few_rows, few_columns, few_counts = few
    width = limit + 1
    numbers = np.zeros(width, dtype=np.int64)
    marks = np.zeros(width // BITS + 1, dtype=np.uint64)
    above = np.zeros(len(marks) // BITS + 1, dtype=np.uint64)
    one, low = np.uint64(1), np.uint64(BITS - 1)
    found = np.empty(np.int64(1 << 16), dtype=np.int64)
    ends = np.zeros(last - first, dtype=np.int64)
    at, greatest = np.int64(0), np.int64(0)
    for row in range(first, last):
        marked = np.int64(0)
        for i in range(len(few_rows)):
            own = row - few_rows[i]
            if own < 0 or own >= len(starts) - 1:
                continue
            shifted, times = few_columns[i], few_counts[i]
            for place in range(starts[own], starts[own + 1]):
                vector = vectors[np.uint64(place)]
                wide = (vector & COLUMN) * scale + shifted
                if wide > limit:
                    break
                column = np.uint64(wide)
                known = numbers[column]
                number = known + times * (vector >> NUMBER)
                numbers[column] = number
                greatest = max(greatest, number)
                if known == 0:
                    marked += 1
                    marks[column >> np.uint64(6)] |= one << (column & low)
                    above[column >> np.uint64(12)] |= one << ((column >> np.uint64(6)) & low)
        if greatest >= GREATEST:
            return ends[:0], found[:0]
        if at + marked > len(found):
            longer = np.empty(2 * len(found) + marked, dtype=np.int64)
            longer[:at] = found[:at]
            found = longer
        for i in range(len(above)):
            words = above[np.uint64(i)]
            above[np.uint64(i)] = 0
            while words:
                word = np.uint64(i) * np.uint64(BITS) + lowest(words)
                words &= words - one
                bits = marks[word]
                marks[word] = 0
                while bits:
                    column = word * np.uint64(BITS) + lowest(bits)
                    bits &= bits - one
                    found[at] = (numbers[column] << NUMBER) | np.int64(column)
                    numbers[column] = 0
                    at += 1
        ends[row - first] = at
    return ends, found[:at]
