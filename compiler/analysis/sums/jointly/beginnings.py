"""The ways from the start of a walk to each of its states, as far as several bounds tell them apart.

All ways to a state of one class can go on alike. An answer leads from class to class, so that classes and answers are
a walk of their own in which each way is within all bounds: counts, greatest scores and weights are those of its paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lattice import Lattice
from ..stretches import reached
from ..tables import FARTHEST, SORTED, Effort, TooMuch
from .endings import told_apart
from .weighted import together

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..words import Places

    Edges = npt.NDArray[np.int32]

LOOKED = 12
"""To find the class of a number takes so much longer than to add it."""

SPARSE = 8
"""Classes are told apart by a table while it has less than so many places for each of them."""


@dataclass(frozen=True, eq=False)
class Beginnings:
    """``order``: states, each before what follows it, from the start to the one end. ``sizes``: how many classes each
    has. ``edges``: for each, by the ways on from it, the class behind each of its classes, -1 where nothing within the
    bounds can follow."""

    places: Lattice
    order: tuple[int, ...]
    sizes: Mapping[int, int]
    edges: Mapping[int, tuple[Edges, ...]]


def beginnings(places: Lattice, start: int, effort: Effort) -> Beginnings:
    """Raises TooMuch."""
    import numpy as np

    if max(places.far[start], default=0) >= FARTHEST:
        raise TooMuch
    order = reached(places.ways, start)
    if any(low > high or high < 0 for low, high in places.windows):
        none = np.zeros(0, dtype=np.int32)
        nowhere = {state: tuple(none for _ in places.ways[state]) for state in order}
        return Beginnings(places, order, dict.fromkeys(order, 0), nowhere)
    told, sums = told_apart(places, order, effort), together(places, order)
    coming: dict[int, list[_Coming]] = {}
    edges: dict[int, list[Edges]] = {}
    sizes: dict[int, int] = {}
    zero = np.zeros(1, dtype=np.int64)
    for state in order:
        own = told[state]
        if state == start:
            columns: list[Places] = [zero for _ in own]
        else:
            columns = _merged(coming.pop(state, []), [t.size for t in own], edges, effort)
            columns = [t.places(column) for t, column in zip(own, columns, strict=True)]
        sizes[state] = count = len(columns[0])
        edges[state] = []
        for at, way in enumerate(places.ways[state]):
            effort.worked(LOOKED * count * len(columns))
            effort.room -= 4 * count
            effort.handles(8 * count * len(columns))
            edges[state].append(np.full(count, -1, dtype=np.int32))
            moved = [column + step for column, step in zip(columns, way.steps, strict=True)]
            classes = [t.classes(column) for t, column in zip(told[way.state], moved, strict=True)]
            inside = np.logical_and.reduce([found >= 0 for found in classes])
            for one in sums:
                allowed = one.allows(way.state, moved)
                if allowed is not None:
                    inside &= allowed
            where = np.flatnonzero(inside)
            if len(where):
                kept = [found[where] for found in classes]
                effort.room -= _bytes(len(where), len(kept))
                effort.handles(0)
                coming.setdefault(way.state, []).append(_Coming(state, at, where, kept))
    return Beginnings(places, order, sizes, {state: tuple(rows) for state, rows in edges.items()})


@dataclass(frozen=True, slots=True, eq=False)
class _Coming:
    """Of the classes of ``state``, those at ``where`` by its way number ``way``; by each cost, the ``classes`` that
    they come to."""

    state: int
    way: int
    where: Places
    classes: list[Places]


def _merged(
    coming: Sequence[_Coming], sizes: Sequence[int], edges: Mapping[int, list[Edges]], effort: Effort
) -> list[Places]:
    """The different classes that come to a state, by each cost; writes the edges to them."""
    import numpy as np

    if not coming:
        return [np.zeros(0, dtype=np.int64) for _ in sizes]
    arrived = sum(len(c.where) for c in coming)
    effort.handles(_bytes(arrived, len(sizes)))
    columns = [np.concatenate(own) for own in zip(*(c.classes for c in coming), strict=True)]
    first, numbers = _different(_keys(columns, sizes, effort), effort)
    begin = 0
    for c in coming:
        edges[c.state][c.way][c.where] = numbers[begin : begin + len(c.where)]
        begin += len(c.where)
    effort.room += _bytes(arrived, len(sizes))
    return [column[first] for column in columns]


def _bytes(numbers: int, costs: int) -> int:
    """What waits for a state takes: where it comes from, and its class by each cost."""
    return 8 * numbers * (1 + costs)


def _keys(columns: Sequence[Places], sizes: Sequence[int], effort: Effort) -> tuple[Places, int]:
    """The columns packed into one number, and up to which."""
    key, size = columns[0], sizes[0]
    for column, more in zip(columns[1:], sizes[1:], strict=True):
        if size * more >= FARTHEST:
            first, numbers = _different((key, size), effort)
            key, size = numbers, len(first)
        if size * more >= FARTHEST:
            raise TooMuch
        key, size = key * more + column, size * more
    return key, size


def _different(packed: tuple[Places, int], effort: Effort) -> tuple[Places, Places]:
    """Where each different key stands, one of its places; and for each key which of them it is."""
    import numpy as np

    keys, size = packed
    effort.handles(40 * len(keys))
    if size <= SPARSE * len(keys):
        effort.worked(LOOKED * len(keys) + size)
        effort.handles(8 * size)
        table = np.zeros(size, dtype=np.int64)
        table[keys] = 1
        there = np.flatnonzero(table)
        table[there] = np.arange(len(there))
        numbers = table[keys]
        first = np.empty(len(there), dtype=np.int64)
        first[numbers] = np.arange(len(keys))
        return first, numbers
    effort.worked(2 * SORTED * len(keys))
    _, first, numbers = np.unique(keys, return_index=True, return_inverse=True)
    return first, numbers
