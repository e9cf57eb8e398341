"""How many ways there are by one of two costs alone, rounded as it is on a grid for both (:mod:`.narrowing`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..lattice import Lattice
from ..programme import own_windows
from ..stretches import Stretch, stretches
from ..tables import Effort, TooMuch, filled, single
from ..words import ALONE

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..words import Places

    Line = npt.NDArray[Any]

WORK = 1_500_000_000
ROOM = 100_000_000
"""The numbers that are added up, about a second, and the bytes of a table."""


@dataclass(frozen=True)
class Margins:
    """``early`` and ``middle``: the parts whose sums are rounded together, and one by one, by their places; all others
    are not rounded. ``units``: by which each cost is."""

    places: Lattice
    start: int
    early: Collection[int]
    middle: Collection[int]
    units: Sequence[int]

    def upto(self, cost: int, ends: Sequence[int]) -> dict[int, float]:
        """How many ways come to no more than each place, nearly. Raises TooMuch."""
        import numpy as np

        places, unit, last = self.places.of((cost,)), self.units[cost], max(0, *ends)
        effort = Effort(WORK, ROOM)
        lines = [_line(places, stretch, effort) for stretch in stretches(places.ways, self.start)]
        exact = _summed([lines[i] for i in self.early], last, effort)
        rounded = np.bincount(np.arange(len(exact)) // unit, weights=exact)
        middle = [(at // unit, counts) for at, counts in (lines[i] for i in self.middle)]
        rounded = _summed(middle, last // unit, effort, rounded)
        np.cumsum(rounded, out=rounded)
        late = [line for i, line in enumerate(lines) if i not in self.early and i not in self.middle]
        others = _summed(late, last, effort)
        (at,) = np.nonzero(others)
        found = {}
        for end in ends:
            own = at[: np.searchsorted(at, end, side="right")]
            follow = rounded[np.minimum((end - own) // unit, len(rounded) - 1)]
            found[end] = float(np.dot(others[own], follow))
        return found


def _line(places: Lattice, stretch: Stretch, effort: Effort) -> tuple[Places, Line]:
    """What the ways of a stretch cost, and how many ways do."""
    import numpy as np

    if stretch.count.bit_length() > ALONE:
        raise TooMuch
    windows = own_windows(places, stretch)
    ends = {stretch.last: single(1, 1, False)}
    table = filled(places.ways, stretch.states, ends, windows, effort, False)[stretch.first]
    (at,) = table.places()
    return at, table.found((at,))[0].astype(np.float64)


def _summed(lines: Sequence[tuple[Places, Line]], last: int, effort: Effort, begin: Line | None = None) -> Line:
    """How many sums of one of each there are, by what they come to, up to a last place."""
    import numpy as np

    found = np.ones(1) if begin is None else begin[: last + 1]
    for at, counts in lines:
        inside = at <= last
        at, counts = at[inside], counts[inside]
        size = min(last, len(found) - 1 + int(at.max(initial=0))) + 1
        effort.worked(size * (1 + len(at)))
        effort.handles(8 * size)
        moved = np.zeros(size)
        for step, n in zip(at.tolist(), counts.tolist(), strict=True):
            end = min(size, step + len(found))
            moved[step:end] += found[: end - step] * n
        found = moved
    return found
