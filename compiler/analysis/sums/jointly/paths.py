"""What the ways on from each class of beginnings come to: how many there are, the best of them, what they weigh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..tables import NEVER, Effort, Join, Scores
from ..words import PIECE, carried, words_for
from .beginnings import Beginnings

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..words import Words

    Column = npt.NDArray[Any]


def counts(found: Beginnings, effort: Effort) -> dict[int, Words]:
    """By state how many ways there are on within the bounds from each class, (words, classes + 1); behind them 0, for
    where nothing is. Raises TooMuch."""
    import numpy as np

    ways: dict[int, int] = {}
    tables: dict[int, Words] = {}
    for state in reversed(found.order):
        on = found.places.ways[state]
        ways[state] = sum(ways[way.state] for way in on) if on else 1
        words, size = words_for(ways[state]), found.sizes[state]
        effort.worked(words * size * (1 + len(on)))
        effort.handles(8 * words * size)
        table = np.zeros((words, size + 1), dtype=np.int64)
        if not on:
            table[0, :size] = 1
        for way, edges in zip(on, found.edges[state], strict=True):
            _add(table[:, :size], tables[way.state][:, edges])
        tables[state] = carried(table)
        effort.room -= table.nbytes
    return tables


def before(found: Beginnings, effort: Effort) -> dict[int, Words]:
    """By state how many ways there are from the start to each class, (words, classes). Raises TooMuch."""
    import numpy as np

    ways: dict[int, int] = dict.fromkeys(found.order, 0)
    ways[found.order[0]] = 1
    for state in found.order:
        for way in found.places.ways[state]:
            ways[way.state] += ways[state]
    tables = {state: np.zeros((words_for(ways[state]), found.sizes[state]), dtype=np.int64) for state in found.order}
    for table in tables.values():
        effort.handles(table.nbytes)
        effort.room -= table.nbytes
    tables[found.order[0]][0] = 1
    for state in found.order:
        own = tables[state]
        for way, edges in zip(found.places.ways[state], found.edges[state], strict=True):
            effort.worked(3 * own.size)
            there = tables[way.state]
            for begin in range(0, len(edges), PIECE):
                some = edges[begin : begin + PIECE]
                inside = np.flatnonzero(some >= 0)
                values = _widened(own[:, begin + inside], len(there))
                for word, row in enumerate(values):
                    np.add.at(there[word], some[inside], row)
                carried(there)
    return tables


def _add(table: Words, others: Words) -> None:
    """Adds numbers of as many words or fewer."""
    for word, row in enumerate(_widened(others, len(table))):
        table[word] += row


def _widened(numbers: Words, words: int) -> Words:
    """The same in so many words of 40 bits, where they stand in one of more bits."""
    import numpy as np

    if len(numbers) == words or len(numbers) > 1:
        return numbers
    wide = np.zeros((2, numbers.shape[1]), dtype=np.int64)
    wide[0] = numbers[0]
    return carried(wide)


def scored(found: Beginnings, scores: Scores, join: Join, effort: Effort) -> Mapping[int, Column]:
    """By state, of the scores of the ways on from each class the greatest, or the logarithm of the sum of what they are
    logarithms of; behind them that of nothing. Raises TooMuch."""
    import numpy as np

    tables: dict[int, Column] = {}
    for state in reversed(found.order):
        on, size = found.places.ways[state], found.sizes[state]
        effort.worked(size * (1 + len(on) * join.work))
        effort.handles(8 * size)
        table = np.full(size + 1, NEVER)
        if not on:
            table[:size] = 0.0
        for way, edges in zip(on, found.edges[state], strict=True):
            table[:size] = join.function(table[:size], tables[way.state][edges] + scores(state, way.answer))
        tables[state] = table
        effort.room -= table.nbytes
    return tables
