"""How many ways come to no more than some limits where costs are rounded to the places of a grid, each way between two
states once, up or down: so many at least, or at most."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .bundles import Bundles
from .ends import Ends, Sums, of_bundle

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..words import Places

    Grid = npt.NDArray[Any]

CACHED = 1 << 16
"""So many places are added to at a time."""

ROOMY = 2
"""One part in so many of a row is the room beside it at most."""

Limits = tuple[int, ...]
"""A place of each cost."""

Direction = tuple[bool, ...]
"""Of each cost whether it is rounded up."""

Steps = Mapping[float, Sequence[Limits]]
"""By how many ways have them: by how many places of a grid they move."""


@dataclass(frozen=True)
class Rounding:
    """``costs``: which costs of the walk are looked at; ``ends`` are of these alone. ``highs``: the last place of each
    that is of interest; ``cells``: so many places of the grid these are, as many where nothing is rounded."""

    bundles: Bundles
    ends: Ends
    costs: Sequence[int]
    highs: Limits
    cells: Limits

    def counts(self, up: Direction, limits: Sequence[Limits]) -> list[float]:
        """About how many ways come to no more than each of some limits, none of which is above :attr:`highs`."""
        import numpy as np

        found = [0.0] * len(limits)
        for state, grid in self._grids(up):
            last = self.ends.last[state]
            for axis in range(grid.ndim):
                np.cumsum(grid, axis=axis, out=grid)
            for i, limit in enumerate(limits):
                rests = [end - cost for end, cost in zip(limit, last.costs, strict=True)]
                inside = np.logical_and.reduce([rest >= 0 for rest in rests])
                # What is left allows whole places of the grid alone, whichever way is rounded.
                places = [self._places(i, rest[inside], False) for i, rest in enumerate(rests)]
                index = tuple(np.minimum(at, n - 1) for at, n in zip(places, grid.shape, strict=True))
                found[i] += float(np.dot(grid[index], last.counts[inside]))
        return found

    def _grids(self, up: Direction) -> Iterator[tuple[int, Grid]]:
        """How many ways come to each state from which all sums to the end are known, and to none of these before, by
        what they cost."""
        ways, known = self.bundles.ways, self.ends.last
        before: dict[int, list[int]] = {}
        for state in self.ends.between:
            for after in ways[state]:
                before.setdefault(after, []).append(state)
        needed = {state: len(ways[state]) for state in self.ends.between}
        grids: dict[int, Grid] = {}
        for state in self.bundles.order:
            coming = [one for one in before.get(state, ()) if one in grids]
            own = self.ends.first.get(state)
            if own is not None or coming:
                grid = self._grid(own, [(grids[one], self._steps(one, state, up)) for one in coming], up)
                if state in known:
                    yield state, grid
                else:
                    grids[state] = grid
            for one in coming:
                needed[one] -= 1
                if not needed[one]:
                    del grids[one]

    def _steps(self, state: int, after: int, up: Direction) -> Steps:
        import numpy as np

        costs, counts = self._rounded(of_bundle(self.bundles.ways[state][after], self.costs), up)
        found: dict[float, list[Limits]] = {}
        if len(counts):
            rows, at = np.unique(np.stack(costs, axis=1), axis=0, return_inverse=True)
            many = np.bincount(at.reshape(-1), weights=counts)
            for row, n in zip(rows.tolist(), many.tolist(), strict=True):
                found.setdefault(n, []).append(tuple(row))
        return found

    def _rounded(self, sums: Sums, up: Direction) -> tuple[list[Places], Grid]:
        """Those within the grid: by places of it, and how many ways have each."""
        import numpy as np

        inside = np.logical_and.reduce([own <= high for own, high in zip(sums.costs, self.highs, strict=True)])
        places = [self._places(i, own[inside], up[i]) for i, own in enumerate(sums.costs)]
        return places, sums.counts[inside]

    def _places(self, place: int, costs: Places, up: bool) -> Places:
        high, cells = self.highs[place], self.cells[place]
        if cells == high:
            return costs
        return -(-costs * cells // high) if up else costs * cells // high

    def _grid(self, own: Sums | None, coming: Sequence[tuple[Grid, Steps]], up: Direction) -> Grid:
        """Of what comes to a state: ``own`` sums, and those that come from others by steps."""
        import numpy as np

        costs = range(len(self.costs))
        reach = [0] * len(costs)
        for grid, steps in coming:
            for i in costs:
                furthest = max((step[i] for some in steps.values() for step in some), default=0)
                reach[i] = max(reach[i], grid.shape[i] - 1 + furthest)
        if own is not None:
            begin, counts = self._rounded(own, up)
            reach = [max(last, int(at.max(initial=0))) for last, at in zip(reach, begin, strict=True)]
        shape = tuple(min(last, n) + 1 for last, n in zip(reach, self.cells, strict=True))
        # Beside each row there is room for what moves beyond its end, so that a whole grid moves as one line does.
        margins = tuple(
            min(
                max((step[i] for _, steps in coming for some in steps.values() for step in some), default=0), n // ROOMY
            )
            for i, n in enumerate(shape)
        )
        wide = (shape[0], *(n + more for n, more in zip(shape[1:], margins[1:], strict=True)))
        found = np.zeros(wide)
        inner = found[tuple(slice(n) for n in shape)]
        if own is not None:
            flat = np.ravel_multi_index(tuple(begin), shape)
            inner += np.bincount(flat, weights=counts, minlength=inner.size).reshape(shape)
        for grid, steps in coming:
            _add(found, shape, grid, steps)
        return np.ascontiguousarray(inner)


def _add(found: Grid, shape: Limits, grid: Grid, steps: Steps) -> None:
    """Add to a grid another one, moved by each of some steps. ``shape``: of the grid without the room beside its
    rows."""
    import numpy as np

    kept = tuple(slice(min(n, size)) for n, size in zip(grid.shape, shape, strict=True))
    line = np.zeros((len(grid[kept]), *found.shape[1:]))
    line[kept] = grid[kept]
    line = line.reshape(-1)
    target = found.reshape(-1)
    lengths = [math.prod(found.shape[i + 1 :]) for i in range(found.ndim)]
    # Few numbers of ways are different: what has the same is added up before it is multiplied.
    near: dict[float, list[int]] = {}
    for count, moves in steps.items():
        for move in moves:
            if all(step <= whole - n for step, whole, n in zip(move[1:], found.shape[1:], shape[1:], strict=True)):
                near.setdefault(count, []).append(sum(map(operator.mul, move, lengths)))
            elif all(step < n for step, n in zip(move, shape, strict=True)):
                _add_far(found, shape, grid[kept], move, count)
    beside = np.empty(min(CACHED, len(target)))
    for begin in range(0, len(target), CACHED):
        band = target[begin : begin + CACHED]
        for count, offsets in near.items():
            own = band if count == 1 else beside[: len(band)]
            if count != 1:
                own.fill(0)
            for offset in offsets:
                low, high = max(begin, offset), min(begin + len(band), offset + len(line))
                if low < high:
                    part = own[low - begin : high - begin]
                    part += line[low - offset : high - offset]
            if count != 1:
                own *= count
                band += own


def _add_far(found: Grid, shape: Limits, grid: Grid, move: Limits, count: float) -> None:
    """The same for a step that leaves little of a row."""
    ends = [min(n, size - step) for n, size, step in zip(grid.shape, shape, move, strict=True)]
    to = tuple(slice(step, step + end) for step, end in zip(move, ends, strict=True))
    found[to] += grid[tuple(slice(end) for end in ends)] * count
