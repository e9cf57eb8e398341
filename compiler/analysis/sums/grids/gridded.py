"""A narrow interval for a count within budgets whose sums are too many to be told apart, of any walk and any number of
costs: of what is one entangled whole, as a chain of blocks whose widths are searched, and of three budgets at once.

The first sums and the last ones are exact; what is between them is gone through on grids, costs rounded up for those
that are certain to be within a budget and down for those that may be, each way between two states once. So what is
rounded is half a place a way in the middle, not a whole one. Near a budget only that side of the others is uncertain on
which there are fewer, for how many are within each by itself is known besides (:mod:`..certainty`): which sides these
are a coarse grid says.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from ..certainty import Interval, Possible, added, bounds, certain
from ..lattice import Lattice
from ..tables import FARTHEST, TooMuch
from .bundles import Bundles, bundled
from .ends import Ends, along, ends
from .rounding import Direction, Limits, Rounding
from .sizes import cells_within, roundings

COARSE = 16
"""The coarse grid takes one part in so many of the work."""

Term = tuple[int, bool, int]
"""How many ways come to no more than a place: the sign of that, whether the cost is rounded up, and the place."""

Terms = Sequence[Term]
"""All of them are added up."""

Part = tuple[int, Direction, Limits]
"""The same for all costs."""


def gridded(places: Lattice, start: int, work: int, alone: Sequence[Interval]) -> Interval:
    """At least and at most so many ways are within the windows of all costs. ``places``: of exact sums. ``work``: about
    so many numbers are added up on grids. ``alone``: so many are within the window of each by itself. Raises
    TooMuch."""
    if any(high < max(0, low) for low, high in places.windows):
        return 0, 0
    if max(places.far[start]) >= FARTHEST:
        raise TooMuch
    bundles = bundled(places, start)
    highs = tuple(high for _, high in places.windows)
    counting = _Counting(places.windows, places.far[start], bundles, ends(bundles, highs))
    keys: Collection[Possible] = tuple(product((False, True), repeat=len(highs)))
    if len(highs) > 1:
        cells = counting.cells(work // COARSE, keys)
        counts, margins = counting.counts(cells, keys), counting.margins(cells)
        known = {key: bounds(key, own, margins, alone) for key, own in counts.items()}
        keys = {max(keys, key=lambda key: known[key][0]), min(keys, key=lambda key: known[key][1])}
    cells = counting.cells(work, keys)
    return certain(counting.counts(cells, keys), counting.margins(cells), alone)


@dataclass(frozen=True)
class _Counting:
    """``far``: the most that each cost comes to."""

    windows: Sequence[tuple[int, int]]
    far: Limits
    bundles: Bundles
    ends: Ends

    @cached_property
    def longest(self) -> int:
        """So many ways are rounded at most of one to the end."""
        return roundings(self.bundles, self.ends)

    def cells(self, work: int, keys: Collection[Possible]) -> Limits:
        """How many places the grids have, so that some numbers are found with so much work."""
        highs = [high for _, high in self.windows]

        def runs(cells: Limits) -> int:
            return len(self._asked(cells, keys))

        return cells_within(self.bundles, self.ends, highs, work, runs)

    def counts(self, cells: Limits, keys: Collection[Possible]) -> Mapping[Possible, Interval]:
        """By window how many are certain to be within it, or may be."""
        highs = tuple(high for _, high in self.windows)
        rounding = Rounding(self.bundles, self.ends, range(len(highs)), highs, cells)
        found: dict[tuple[Direction, Limits], float] = {}
        for direction, limits in self._asked(cells, keys).items():
            counts = rounding.counts(direction, limits)
            found.update(((direction, limit), n) for limit, n in zip(limits, counts, strict=True))
        return {key: added((sign, found[up, at]) for sign, up, at in self._parts(cells, key)) for key in keys}

    def margins(self, cells: Limits) -> list[Interval]:
        """For each window by itself, at least so many are certain to be within it, and at most so many may be."""
        found = []
        for cost, (own, n, (_, high)) in enumerate(zip(self._terms(cells), cells, self.windows, strict=True)):
            line = Rounding(self.bundles, along(self.bundles, self.ends, cost, high), (cost,), (high,), (n,))
            upto = {(up, at): line.counts((up,), [(at,)])[0] for up, at in {term[1:] for some in own for term in some}}
            least, most = (added((sign, upto[up, at]) for sign, up, at in some) for some in own)
            found.append((least[0], most[1]))
        return found

    def _asked(self, cells: Limits, keys: Collection[Possible]) -> dict[Direction, list[Limits]]:
        """In which directions is rounded, and up to which limits is counted."""
        found: dict[Direction, list[Limits]] = {}
        for _, up, at in dict.fromkeys(part for key in keys for part in self._parts(cells, key)):
            found.setdefault(up, []).append(at)
        return {up: list(dict.fromkeys(limits)) for up, limits in found.items()}

    def _parts(self, cells: Limits, key: Possible) -> list[Part]:
        """All products of a number for each window."""
        chosen = product(*(own[possible] for own, possible in zip(self._terms(cells), key, strict=True)))
        return [
            (math.prod(sign for sign, _, _ in terms), tuple(up for _, up, _ in terms), tuple(at for _, _, at in terms))
            for terms in chosen
        ]

    def _terms(self, cells: Limits) -> list[tuple[Terms, Terms]]:
        """How many are certain to be within each window, and how many may be."""
        found: list[tuple[Terms, Terms]] = []
        for (low, high), n, far in zip(self.windows, cells, self.far, strict=True):
            surely: list[Term] = [(1, n < high < far, high)]
            perhaps: list[Term] = [(1, False, high)]
            if low > 0:
                # What may be below a narrow window may not be certain to be no more than its upper end.
                nested = n == high or (high - low + 1) * n > self.longest * high
                surely = [*surely, (-1, False, low - 1)] if nested else []
                perhaps.append((-1, n < high, low - 1))
            found.append((surely, perhaps))
        return found
