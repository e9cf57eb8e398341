"""A narrow interval for a count within two budgets where even the halves of a space have too many combinations.

What most combinations come of is kept exactly, as two lists; what is between them is gone through on a grid. So little
is rounded: what the first list has, once, and once more for each part in between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from .lattice import Lattice
from .tables import Effort, TooMuch
from .vectors import Limits, Vectors, alike_first, of_stretches, summed
from .words import ALONE

if TYPE_CHECKING:
    import numpy.typing as npt

    Grid = npt.NDArray[Any]

TRIED = 2_000
"""So many sums are looked at at most to find parts whose sums coincide; long lists take long to go through."""

LISTED = 3_000_000
"""A list has at most so many vectors."""

CELLS = 8_000_000
"""A grid has at most so many."""

MOVES = 2_500_000_000
"""So many numbers are added up on the grid at most: some four seconds."""

PARTS_OF_FLOAT = 1e-9
"""Floating-point sums of so many positive numbers are off by less than this, relatively."""


@dataclass(frozen=True)
class Rounded:
    """Vectors in whole units, rounded down. ``lost``: at most so much of each cost, in no unit."""

    first: npt.NDArray[Any]
    second: npt.NDArray[Any]
    counts: npt.NDArray[Any]
    lost: Limits


def narrowed(places: Lattice, start: int, effort: Effort) -> tuple[int, int]:
    """At least and at most so many ways are within the windows of two costs. Raises TooMuch."""
    highs = tuple(high for _, high in places.windows)
    assert len(highs) == 2
    if min(highs) < 0:
        return 0, 0
    parts = alike_first(of_stretches(places, start), highs, TRIED)
    if len(parts) < 3:
        raise TooMuch
    first, between, last = _divided(parts, highs)
    cells = min(CELLS, MOVES // max(1, sum(map(len, between))))
    # The grid has the same number of places for each cost.
    far = [min(high, sum(part.far[i] for part in (first, *between))) + 1 for i, high in enumerate(highs)]
    side = math.isqrt(cells)
    units = (-(-far[0] // side), -(-far[1] // side))
    shape = (far[0] // units[0] + 1, far[1] // units[1] + 1)
    effort.worked(shape[0] * shape[1] * (1 + sum(map(len, between))))
    lists = [_rounded(part, units) for part in (first, *between)]
    grid = _grid(lists, shape)
    lost = (sum(part.lost[0] for part in lists), sum(part.lost[1] for part in lists))
    least = most = 0.0
    for (one, sign), (other, turn) in product(*(_ends(low, high) for low, high in places.windows)):
        certain = _up_to(grid, last, (one - lost[0], other - lost[1]), units)
        possible = _up_to(grid, last, (one, other), units)
        if sign * turn > 0:
            least, most = least + certain, most + possible
        else:
            least, most = least - possible, most - certain
    error = PARTS_OF_FLOAT * _up_to(grid, last, (highs[0], highs[1]), units)
    return max(0, math.floor(least - error)), math.ceil(most + error)


def _ends(low: int, high: int) -> tuple[tuple[int, int], ...]:
    return ((high, 1), (low - 1, -1)) if low > 0 else ((high, 1),)


def _divided(parts: Sequence[Vectors], limits: Limits) -> tuple[Vectors, list[Vectors], Vectors]:
    """Two lists, as long as they may be, and what is left between them: the shortest of the parts, whose vectors are
    what the grid is moved by."""
    left = sorted(parts, key=len)
    lists = [left.pop(), left.pop()]
    while left:
        # What saves most moves first, to the shorter list that it fits to.
        fitting = [(p, i) for p in reversed(left) for i in (0, 1) if _fits(lists[i], p)]
        if not fitting:
            break
        part = fitting[0][0]
        chosen = min((i for p, i in fitting if p is part), key=lambda i: len(lists[i]))
        lists[chosen] = summed(lists[chosen], part, limits)
        left = [p for p in left if p is not part]
    return lists[0], left, lists[1]


def _fits(one: Vectors, other: Vectors) -> bool:
    return len(one) * len(other) <= LISTED and (one.total * other.total).bit_length() <= ALONE


def _rounded(part: Vectors, units: Limits) -> Rounded:
    import numpy as np

    first, rest = np.divmod(part.first, units[0])
    second, other = np.divmod(part.second, units[1])
    lost = (int(rest.max(initial=0)), int(other.max(initial=0)))
    return Rounded(first, second, part.counts.astype(np.float64), lost)


def _grid(lists: Sequence[Rounded], shape: tuple[int, int]) -> Grid:
    """How many ways come to no more than each place, nearly."""
    import numpy as np

    grid = np.zeros(shape)
    own = lists[0]
    inside = (own.first < shape[0]) & (own.second < shape[1])
    np.add.at(grid, (own.first[inside], own.second[inside]), own.counts[inside])
    for part in lists[1:]:
        moved = np.zeros(shape)
        for first, second, count in zip(part.first, part.second, part.counts, strict=True):
            if first < shape[0] and second < shape[1]:
                source = grid[: shape[0] - first, : shape[1] - second]
                target = moved[first:, second:]
                target += source if count == 1 else source * count
        grid = moved
    np.cumsum(grid, axis=0, out=grid)
    return np.cumsum(grid, axis=1, out=grid)


def _up_to(grid: Grid, last: Vectors, limits: Limits, units: Limits) -> float:
    """How many ways there are whose rounded costs are no more than the limits, with the last list's."""
    import numpy as np

    rest = limits[0] - last.first, limits[1] - last.second
    inside = (rest[0] >= 0) & (rest[1] >= 0)
    first = np.minimum(rest[0][inside] // units[0], grid.shape[0] - 1)
    second = np.minimum(rest[1][inside] // units[1], grid.shape[1] - 1)
    return float(np.dot(grid[first, second], last.counts[inside].astype(np.float64)))
