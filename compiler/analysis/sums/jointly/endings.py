"""What can still follow the states of a walk by several costs, and which beginnings it tells apart.

Two ways to a state that leave the bounds open to the same endings need not be told apart. By one cost that is: how many
of the different sums that can follow come to no more than the upper end, and how many stay below the lower one. Where
these sums are too many to be listed, what no ending can take out of the bounds any more is all one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ..lattice import Lattice
from ..tables import SORTED, Effort, TooMuch

if TYPE_CHECKING:
    from ..words import Places

SUMS = 20_000
"""So many sums that can follow are listed at most."""

LISTING = 8
"""At most this part of the effort is spent on listing them."""


@dataclass(frozen=True, eq=False)
class Listed:
    """``breaks``: the places at which what has been spent leaves fewer sums within the bounds, or more, sorted.
    ``alive``: behind how many breaks there are any."""

    breaks: Places
    alive: Places

    @property
    def size(self) -> int:
        return len(self.alive)

    def classes(self, spent: Places) -> Places:
        """The class of each place, -1 where nothing can follow."""
        import numpy as np

        found: Places = self.alive[np.searchsorted(self.breaks, spent, side="right")]
        return found

    def places(self, classes: Places) -> Places:
        """The last place of each class."""
        found: Places = self.breaks[classes] - 1
        return found


@dataclass(frozen=True, slots=True)
class Spread:
    """``first`` and ``last``: of the places from which something may stay within the bounds. Whatever follows is
    within them from ``safe`` to ``settled``, if this is not less."""

    first: int
    last: int
    safe: int
    settled: int

    @property
    def size(self) -> int:
        return max(0, self.last - self.first + 1)

    def classes(self, spent: Places) -> Places:
        import numpy as np

        if self.settled >= self.safe:
            spent = np.where((spent >= self.safe) & (spent <= self.settled), self.settled, spent)
        return np.where((spent >= self.first) & (spent <= self.last), spent - self.first, -1)

    def places(self, classes: Places) -> Places:
        return classes + self.first


Told: TypeAlias = Listed | Spread
"""By one cost: which ways to a state are told apart. The last place of a class stands for all of it."""


def told_apart(places: Lattice, order: Sequence[int], effort: Effort) -> dict[int, tuple[Told, ...]]:
    """For each cost, by the states of ``order``, each before what follows it."""
    lists = [_sums_after(places, order, cost, Effort(effort.work // LISTING, effort.room)) for cost in _costs(places)]
    return {
        state: tuple(
            _listed(own[state], window) if state in own else _spread(far, window)
            for own, far, window in zip(lists, places.far[state], places.windows, strict=True)
        )
        for state in order
    }


def _costs(places: Lattice) -> range:
    return range(len(places.units))


def _sums_after(places: Lattice, order: Sequence[int], cost: int, effort: Effort) -> dict[int, Places]:
    """The different sums of a cost that can follow, sorted, up to the upper end; where they are few."""
    import numpy as np

    found: dict[int, Places] = {}
    high = places.windows[cost][1]
    for state in reversed(order):
        ways = places.ways[state]
        if not ways:
            found[state] = np.zeros(1, dtype=np.int64)
            continue
        steps = {(way.state, way.steps[cost]) for way in ways}
        if any(following not in found for following, _ in steps):
            continue
        try:
            effort.worked(SORTED * (8 + sum(len(found[following]) for following, _ in steps)))
        except TooMuch:
            break
        sums = np.unique(np.concatenate([found[following] + step for following, step in steps]))
        sums = sums[: np.searchsorted(sums, high, side="right")]
        if len(sums) <= SUMS:
            found[state] = sums
    return found


def _listed(sums: Places, window: tuple[int, int]) -> Listed:
    import numpy as np

    low, high = window
    breaks = high + 1 - sums[::-1]
    if low > 0:
        breaks = np.unique(np.concatenate([breaks, low - sums]))
    breaks = breaks[breaks > 0]
    ends = np.append(breaks - 1, high + 1)  # behind the last break nothing is within the upper end
    within = np.searchsorted(sums, high - ends, side="right") > np.searchsorted(sums, low - ends, side="left")
    return Listed(breaks, np.where(within, np.arange(len(ends)), -1))


def _spread(far: int, window: tuple[int, int]) -> Spread:
    low, high = window
    return Spread(max(0, low - far), high, max(0, low), high - far)
