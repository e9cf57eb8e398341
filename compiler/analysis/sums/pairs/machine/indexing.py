"""Where the columns of a row begin, in machine code: by an index of some bits of a column and a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiling import compiled
from .merging import COLUMN


@compiled
def begin(starts: Any, index: Any, shift: Any, columns: Any, row: Any, least: Any) -> Any:
    """The first place of a row whose column is not below the least one, which is at least 0. ``index``: by some bits of
    a column and row, where those begin."""
    end = starts[np.uint64(row + 1)]
    some = min(least >> shift, np.int64(index.shape[0] - 1))
    place = np.int64(index[np.uint64(some), np.uint64(row)])
    while place < end and (columns[np.uint64(place)] & COLUMN) < least:
        place += 1
    return place


@compiled
def indexed(starts: Any, columns: Any, shift: Any, number: Any) -> Any:
    """Where in each row the columns with so many bits begin, and where the row ends, (number + 1, rows)."""
    rows = len(starts) - 1
    index = np.empty((number + 1, rows), dtype=np.int32)
    for row in range(rows):
        place = starts[row]
        for some in range(number):
            while place < starts[row + 1] and ((columns[place] & COLUMN) >> shift) < some:
                place += 1
            index[some, row] = place
        index[number, row] = starts[row + 1]
    return index
