"""A narrow interval for a count within two budgets where even the halves of a space have too many combinations.

What most combinations come of is kept exactly, as two sides; what is between them is gone through on a grid. So little
is rounded: what the first side has, once, and once more for each part in between. How many are within each budget by
itself is known besides: so near a budget only that side of the other one is uncertain on which there are fewer
(:mod:`..certainty`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from ..certainty import Interval, added, certain
from ..lattice import Lattice
from ..tables import TooMuch
from ..words import ALONE
from .dominance import Side
from .halving import side
from .margins import Margins
from .vectors import Limits, Vectors, common_factor, of_stretches, summed

if TYPE_CHECKING:
    import numpy.typing as npt

    Grid = npt.NDArray[Any]

Ends = Mapping[int, int]
"""By place the sign of the number up to it."""

TRIED = 300_000
"""Neighbours are summed up while there are at most so many sums to look at."""

FIRST, LOOKS = 80_000_000, 320_000_000
"""The first side has at most so many vectors, and so many are looked up at most: those of the last one for each pair
of ends."""

CELLS = 30_000_000
"""A grid has at most so many: 240 MB, and there are two at a time."""

MOVES = 7_000_000_000
"""So many numbers are added up on the grid at most: some three seconds."""

STEPS, STEP = 60, 1.02
"""So many units are tried that are greater, and smaller, each by so much, than what makes a square of places."""

CACHED = 1 << 16
"""About so many of them are added to at a time."""


@dataclass(frozen=True)
class Divided:
    """Two sides, and between them the parts by whose vectors the grid is moved. ``early``, ``middle``: which parts the
    first side comes of, and which are between, by their places."""

    first: Sequence[Vectors]
    between: Sequence[Vectors]
    last: Sequence[Vectors]
    early: frozenset[int]
    middle: frozenset[int]

    @property
    def moves(self) -> int:
        return sum(map(len, self.between))

    def far(self, limits: Limits) -> Limits:
        """The last places on the grid."""
        one, other = (
            min(high, sum(part.far[cost] for part in (*self.first, *self.between))) for cost, high in enumerate(limits)
        )
        return one, other

    def coarse(self, limits: Limits) -> float:
        """About which part of both limits may be rounded off."""
        cells = min(CELLS, MOVES / max(1, self.moves))
        shares = math.prod((far + 1) / (high + 1) for far, high in zip(self.far(limits), limits, strict=True))
        return (1 + len(self.between)) * math.sqrt(shares / cells)


def narrowed(places: Lattice, start: int, work: int, alone: Sequence[Interval]) -> Interval:
    """At least and at most so many ways are within the windows of two costs. ``work``: so many numbers are looked at on
    grids. ``alone``: so many are within the window of each by itself. Raises TooMuch."""
    highs = tuple(high for _, high in places.windows)
    assert len(highs) == 2
    if any(high < max(0, low) for low, high in places.windows):
        return 0, 0
    looks = math.prod(4 if low > 0 else 2 for low, _ in places.windows)
    divided = _divided(of_stretches(places, start), highs, LOOKS // looks)
    first, last = side(divided.first, highs), side(divided.last, highs).turned()
    far = divided.far(highs)
    units, lost = _units(divided, far, highs)
    shape = (far[0] // units[0] + 1, far[1] // units[1] + 1)
    if shape[0] * shape[1] * (1 + divided.moves) > work:
        raise TooMuch
    margins = Margins(places, start, divided.early, divided.middle, units)
    ends = [_ends(low, high, rest) for (low, high), rest in zip(places.windows, lost, strict=True)]
    asked = [sorted({*surely, *perhaps}) for surely, perhaps in ends]
    known = []
    for cost, (surely, perhaps) in enumerate(ends):
        upto = margins.upto(cost, asked[cost])
        at_least, at_most = (added((sign, upto[end]) for end, sign in some.items()) for some in (surely, perhaps))
        known.append((at_least[0], at_most[1]))
    grid = _grid(first, divided.between, shape, units)
    both = _up_to(grid, last, asked[0], asked[1], units)
    counts: dict[tuple[bool, ...], Interval] = {
        (i > 0, j > 0): added(
            (sign * turn, both[one, other]) for one, sign in ends[0][i].items() for other, turn in ends[1][j].items()
        )
        for i, j in product((0, 1), repeat=2)
    }
    return certain(counts, known, alone)


def _ends(low: int, high: int, lost: int) -> tuple[Ends, Ends]:
    """What is certain to be in a window, and what may be, where places are said to be up to ``lost`` less than they
    are: as numbers up to a place, each with its sign."""
    surely, perhaps = {high - lost: 1}, {high: 1}
    if low > 0:
        surely, perhaps = {**surely, low - 1: -1}, {**perhaps, low - 1 - lost: -1}
    return (surely if high - lost >= low else {}), perhaps


def _divided(parts: Sequence[Vectors], limits: Limits, most: int) -> Divided:
    """The division of which least is rounded off: the first parts, the last ones, of at most so many vectors, and of
    those between them as many as fit, the longest first. Raises TooMuch where there is none."""
    firsts, lasts = _runs(parts, limits), _runs(parts[::-1], limits)
    best: Divided | None = None
    for i in range(1, len(parts)):
        for j in range(1, len(parts) - i + 1):
            first, last = list(firsts[i]), list(lasts[j])
            if not (_fits(first, FIRST) and _fits(last, most)):
                break
            early, middle = set(range(i)), set()
            for place in sorted(range(i, len(parts) - j), key=lambda place: len(parts[place]), reverse=True):
                if _fits([*last, parts[place]], most):
                    last.append(parts[place])
                elif _fits([*first, parts[place]], FIRST):
                    first.append(parts[place])
                    early.add(place)
                else:
                    middle.add(place)
            between = [parts[place] for place in sorted(middle)]
            found = Divided(first, between, last, frozenset(early), frozenset(middle))
            if best is None or found.coarse(limits) < best.coarse(limits):
                best = found
    if best is None:
        raise TooMuch
    return best


def _runs(parts: Sequence[Vectors], limits: Limits) -> list[list[Vectors]]:
    """For each number of the first parts, neighbours among them summed up, so that there are fewest combinations."""
    found: list[tuple[float, list[Vectors]]] = [(0.0, [])]
    whole: list[Vectors | None] = []
    for part in parts:
        # All sums of the parts from each one on.
        whole = [None if run is None or not _fits([run, part], TRIED) else summed(run, part, limits) for run in whole]
        whole.append(part)
        found.append(
            min(
                (
                    (found[at][0] + math.log(max(1, len(run))), [*found[at][1], run])
                    for at, run in enumerate(whole)
                    if run
                ),
                key=lambda pair: pair[0],
            )
        )
    return [runs for _, runs in found]


def _fits(parts: Sequence[Vectors], most: int) -> bool:
    return (
        math.prod(len(part) for part in parts) <= most and math.prod(part.total for part in parts).bit_length() <= ALONE
    )


def _units(divided: Divided, far: Limits, limits: Limits) -> tuple[Limits, Limits]:
    """What a place of the grid is of each cost, and at most how much is rounded off, in no unit: of units that make
    about as many places for both, those by which least of the limits is."""
    cells = min(CELLS, MOVES // max(1, divided.moves))
    root = max(1, math.isqrt(cells))
    losts: list[dict[int, int]] = []
    for cost, last in enumerate(far):
        middle = -(-(last + 1) // root)
        factors = {1, *(common_factor([part], cost) for part in divided.between)}
        about = [max(1, round(middle * STEP**n)) for n in range(-STEPS, STEPS + 1)]
        tried = {middle, *(max(1, unit // factor) * factor for unit in about for factor in factors)}
        own = common_factor(divided.first, cost)
        losts.append({unit: _lost(unit, own, divided.between, cost) for unit in tried})
    _, one, other = min(
        (losts[0][one] / (limits[0] + 1) + losts[1][other] / (limits[1] + 1), one, other)
        for one, other in product(*losts)
        if (far[0] // one + 1) * (far[1] // other + 1) <= max(1, cells)
    )
    return (one, other), (losts[0][one], losts[1][other])


def _lost(unit: int, factor: int, between: Sequence[Vectors], cost: int) -> int:
    """At most so much of a cost is rounded off. ``factor``: that of the first side's sums."""
    rests = (int(((v.first, v.second)[cost] % unit).max(initial=0)) for v in between)
    return unit - math.gcd(unit, factor) + sum(rests)


def _grid(first: Side, between: Sequence[Vectors], shape: tuple[int, int], units: Limits) -> Grid:
    """How many ways come to no more than each place, nearly. Before the first place there is one for what is beyond the
    limits, a row and a column of 0."""
    import numpy as np

    padded = np.zeros((shape[0] + 1, shape[1] + 1))
    for one, other, counts in _vectors(first, [len(first.many)] * len(first.few)):
        one //= units[0]
        other //= units[1]
        inside = (one < shape[0]) & (other < shape[1])
        np.add.at(padded.reshape(-1), ((one + 1) * (shape[1] + 1) + other + 1)[inside], counts[inside])
    spare: Grid | None = None
    for part in between:
        # To fill a grid that is there with zeros takes less than to be given another one.
        padded, spare = _moved(padded, part, units, spare), padded
    np.cumsum(padded, axis=1, out=padded)
    for row in range(1, len(padded)):
        padded[row] += padded[row - 1]
    return padded


def _moved(padded: Grid, part: Vectors, units: Limits, spare: Grid | None = None) -> Grid:
    """The grid with the vectors of a part added, some rows at a time: what these come of is then at hand. ``spare``: a
    grid that the result may stand in."""
    import numpy as np

    order = np.argsort(part.first)
    alike: dict[float, list[tuple[int, int]]] = {}
    for one, other, count in zip(part.first[order], part.second[order], part.counts[order].tolist(), strict=True):
        alike.setdefault(float(count), []).append((int(one) // units[0], int(other) // units[1]))
    if spare is None:
        found = np.zeros_like(padded)
    else:
        found = spare
        found.fill(0)
    grid = padded[1:, 1:]
    rows, columns = grid.shape
    step = max(1, CACHED // columns)
    beside = np.empty((step, columns))
    for begin in range(0, rows, step):
        end = min(begin + step, rows)
        band = found[begin + 1 : end + 1, 1:]
        # Few counts are different: what has the same is added up before it is multiplied.
        for place, (count, vectors) in enumerate(alike.items()):
            target = beside[: end - begin] if place else band
            if place:
                target.fill(0)
            for one, other in vectors:
                low = max(begin, one)
                if low < end and other < columns:
                    target[low - begin :, other:] += grid[low - one : end - one, : columns - other]
            if count != 1:
                target *= count
            if place:
                band += target
    return found


def _vectors(side: Side, ends: Sequence[int]) -> Iterator[tuple[Grid, Grid, Grid]]:
    """Those of the many up to ``ends`` with each of the few: both costs, and how many ways, nearly."""
    import numpy as np

    counts = side.many.counts.astype(np.float64)
    for one, other, count, end in zip(side.few.first, side.few.second, side.few.counts, ends, strict=True):
        yield side.many.first[:end] + one, side.many.second[:end] + other, counts[:end] * float(count)


def _up_to(
    grid: Grid, last: Side, ones: Sequence[int], others: Sequence[int], units: Limits
) -> dict[tuple[int, int], float]:
    """How many ways there are, with those of the last side, whose rounded costs are no more than each of some ends of
    the first and of the second cost. ``last`` is turned."""
    import numpy as np

    found = dict.fromkeys(product(ones, others), 0.0)
    width, flat = grid.shape[1], grid.reshape(-1)
    for second, first, counts in _vectors(last, last.below(others[-1] + 1).tolist()):
        columns = []
        for end in others:
            column = end - second
            column //= units[1]
            columns.append(np.clip(column, -1, width - 2, out=column))
        for one in ones:
            place = one - first
            place //= units[0]
            np.clip(place, -1, grid.shape[0] - 2, out=place)
            place *= width
            place += width + 1
            for other, column in zip(others, columns, strict=True):
                found[one, other] += float(np.dot(flat[place + column], counts))
    return found
