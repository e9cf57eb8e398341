"""The dynamic programme over sums: how many architectures are within bounds, and which one has a place among them.

Stretch by stretch of the walk there is a table of what its own ways cost, and the cumulative one of all that follows;
so that the ways within the bounds are counted without a list of their sums. An architecture's place is by what its
stretches cost, the first one first; then by the answers in each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from ..circuits.cost_states import CostStates, Vector
from .bands import band_windows, ending, remaining
from .lattice import Lattice
from .stretches import Stretch, stretches
from .tables import FARTHEST, Effort, Table, TooMuch, filled, single
from .words import cumulative, integer, integers, words_for

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from .words import Places, Words

    Column = npt.NDArray[Any]

Window = tuple[tuple[int, int], ...]
"""For each cost the first and the last place."""

FLOATING = 1_000
"""Counts of so many bits are floating-point numbers still."""


@dataclass(frozen=True)
class Leg:
    """A stretch with the ``tables`` of its states: ways to its end by what they cost."""

    stretch: Stretch
    tables: Mapping[int, Table]

    @cached_property
    def costs(self) -> tuple[Places, ...]:
        """The different costs of its ways, an array for each cost."""
        return self.tables[self.stretch.first].places()

    @cached_property
    def counts(self) -> npt.NDArray[np.object_]:
        """How many ways have each of :attr:`costs`."""
        return integers(self.tables[self.stretch.first].found(self.costs))


class Programme:
    """Ways through a walk that are within a window of places. ``legs``; ``after``: the cumulative table of all that
    follows a leg, for each."""

    def __init__(
        self,
        states: CostStates,
        places: Lattice,
        effort: Effort,
        floating: bool,
    ) -> None:
        """``floating``: numbers are only nearly what they are, and those of the windows of ``places`` alone are known:
        nothing is subtracted then, so that what is rounded is small beside each of them. Raises
        TooMuch."""
        if max(places.far[states.start], default=0) >= FARTHEST:
            raise TooMuch
        self.states, self.places = states, places
        self.band = places.windows if floating else None
        self.legs: list[Leg] = []
        self.after: list[Table] = []
        self._known: dict[Window, tuple[Column, Column]] = {}
        costs = len(places.units)
        found = stretches(places.ways, states.start)
        total = 1
        for stretch in found:
            total *= stretch.count
        words = 1 if floating else words_for(total)
        if floating and total.bit_length() > FLOATING:
            raise TooMuch
        if self.band is not None and any(low > high or high < 0 for low, high in self.band):
            return
        following = single(words, costs, False) if self.band is None else ending(self.band, 1.0, effort)
        for i in range(len(found) - 1, -1, -1):
            stretch = found[i]
            open_ends = tuple(self.band is None or low <= 0 for low, _ in places.windows)
            self.after.append(Table(cumulative(following.numbers, open_ends), following.at))
            effort.kept(self.after[-1])
            own = 1 if floating else words_for(stretch.count)
            windows = own_windows(places, stretch)
            tables = filled(
                places.ways, stretch.states, {stretch.last: single(own, costs, floating)}, windows, effort, True
            )
            self.legs.append(Leg(stretch, tables))
            if i:
                windows = whole_windows(places, stretch) if self.band is None else band_windows(places, stretch)
                run = filled(places.ways, stretch.states, {stretch.last: following}, windows, effort, False)
                following = run[stretch.first]
        self.legs.reverse()
        self.after.reverse()

    # -- counting

    def count(self, window: Window) -> int | float:
        """How many ways are within the window."""
        assert self.band is None or window == self.band, "floating-point numbers are those of one window"
        if any(low > high or high < 0 for low, high in window):
            return 0
        return sum(self._weights(0, window), 0)

    def _weights(self, leg: int, window: Window) -> npt.NDArray[np.object_]:
        """For each cost of the leg, the ways that have it, with all that can follow within the window."""
        found: npt.NDArray[np.object_] = self.legs[leg].counts * self.following(leg, self.legs[leg].costs, window)
        return found

    def following(self, leg: int, costs: tuple[Places, ...], window: Window) -> npt.NDArray[np.object_]:
        """How many ways follow the leg within the window, after each of some costs; with floating-point numbers, within
        their own window less what came before."""
        import numpy as np

        if self.band is not None:
            left = tuple(high - cost for cost, (_, high) in zip(costs, window, strict=True))
            return remaining(self.after[leg], left, self.band, 0)
        total: npt.NDArray[np.object_] = np.zeros(len(costs[0]), dtype=object)
        for corner in product((0, 1), repeat=len(window)):
            ends = tuple(
                (high if side == 0 else low - 1) - cost
                for side, cost, (low, high) in zip(corner, costs, window, strict=True)
            )
            if any(side and low <= 0 for side, (low, _) in zip(corner, window, strict=True)):
                continue
            found = integers(_up_to(self.after[leg], ends))
            total = total + (found if sum(corner) % 2 == 0 else -found)
        return total

    # -- architectures

    def unrank(self, place: int, window: Window) -> dict[int, int]:
        """The answers of the architecture at a place among those within the window."""
        import numpy as np

        answers: dict[int, int] = {}
        for i, leg in enumerate(self.legs):
            following, ends = self._first(window) if i == 0 else self._counted(i, window)
            at = int(np.searchsorted(ends, place, side="right"))
            place -= int(ends[at - 1]) if at else 0
            inner, place = divmod(place, int(following[at]))
            costs = tuple(int(c[at]) for c in leg.costs)
            self.descend(leg, costs, inner, answers)
            window = tuple((low - c, high - c) for c, (low, high) in zip(costs, window, strict=True))
        return answers

    def _first(self, window: Window) -> tuple[Column, Column]:
        """The same for the first leg, whose window mostly stays."""
        if window not in self._known:
            self._known = {window: self._counted(0, window)}
        return self._known[window]

    def _counted(self, leg: int, window: Window) -> tuple[Column, Column]:
        """How many ways follow a leg within the window after each of its costs, and the cumulative numbers of all."""
        import numpy as np

        following = self.following(leg, self.legs[leg].costs, window)
        return following, np.cumsum(self.legs[leg].counts * following)

    def descend(self, leg: Leg, costs: Vector, place: int, answers: dict[int, int]) -> None:
        """Within a leg: the way at a place among those that cost so much."""
        state = leg.stretch.first
        while state != leg.stretch.last:
            variable = self.states.asking(state).variable
            for way in self.places.ways[state]:
                rest = tuple(c - s for c, s in zip(costs, way.steps, strict=True))
                n = self.ways(leg, way.state, rest)
                if place < n:
                    answers[variable] = way.answer
                    state, costs = way.state, rest
                    break
                place -= n
            else:
                raise AssertionError("a table says that there is a way where there is none")

    def ways(self, leg: Leg, state: int, costs: Vector) -> int:
        import numpy as np

        if any(c < 0 for c in costs):
            return 0
        if state == leg.stretch.last:
            return int(not any(costs))
        return integer(leg.tables[state].found(tuple(np.array([c]) for c in costs))[:, 0])

    def rank(self, answers: Mapping[int, int], window: Window) -> int:
        """The place of an architecture among those within the window. Raises KeyError if it is none of them."""
        import numpy as np

        # Each leg's place counts for all that can follow it: from the last leg on.
        state = self.states.start
        places: list[tuple[int, int, int]] = []
        for i, leg in enumerate(self.legs):
            path, state, total = self.path(i, state, answers)
            following = self.following(i, leg.costs, window)
            same = np.ones(len(leg.costs[0]), dtype=bool)
            for column, cost in zip(leg.costs, total, strict=True):
                same &= column == cost
            at = int(np.argmax(same))
            if not same[at] or not following[at]:
                raise KeyError("the architecture is beyond the constraints over costs")
            before = int(sum((leg.counts * following)[:at], 0))
            places.append((before, self.place(leg, path, total), int(following[at])))
            window = tuple((low - c, high - c) for c, (low, high) in zip(total, window, strict=True))
        found = 0
        for before, inner, following_one in reversed(places):
            found += before + inner * following_one
        return found

    def path(
        self, leg: int, state: int, answers: Mapping[int, int]
    ) -> tuple[list[tuple[int, int]], int, tuple[int, ...]]:
        """The states and answers of an architecture in a leg from a state on, where that leads, and what it costs.
        Raises KeyError."""
        path: list[tuple[int, int]] = []
        total = tuple(0 for _ in self.places.units)
        while state != self.legs[leg].stretch.last:
            answer = answers[self.states.asking(state).variable]
            way = next((w for w in self.places.ways[state] if w.answer == answer), None)
            if way is None:
                raise KeyError("the architecture is not in the space")
            path.append((state, answer))
            total = tuple(a + b for a, b in zip(total, way.steps, strict=True))
            state = way.state
        return path, state, total

    def place(self, leg: Leg, path: Sequence[tuple[int, int]], costs: Vector) -> int:
        """The place of a way among those of its leg that cost as much."""
        place = 0
        for state, answer in path:
            for way in self.places.ways[state]:
                rest = tuple(c - s for c, s in zip(costs, way.steps, strict=True))
                if way.answer == answer:
                    costs = rest
                    break
                place += self.ways(leg, way.state, rest)
        return place


def own_windows(places: Lattice, stretch: Stretch) -> dict[int, Vector]:
    """The last places that matter of the tables of a stretch alone: nothing before it costs less than 0."""
    rest = places.far[stretch.last]
    return {
        state: tuple(
            min(high, far - r) for far, r, (_, high) in zip(places.far[state], rest, places.windows, strict=True)
        )
        for state in stretch.states
    }


def whole_windows(places: Lattice, stretch: Stretch) -> dict[int, Vector]:
    """The same with all that follows the stretch."""
    return {
        state: tuple(min(high, far) for far, (_, high) in zip(places.far[state], places.windows, strict=True))
        for state in stretch.states
    }


def _up_to(table: Table, ends: tuple[Places, ...]) -> Words:
    """The cumulative numbers of a table up to some places, (words, n); nothing is before place 0."""
    import numpy as np

    numbers = table.numbers
    if table.at is not None:
        if not len(table.at):
            return np.zeros((len(numbers), len(ends[0])), dtype=numbers.dtype)
        where = np.searchsorted(table.at, ends[0], side="right") - 1
        found = numbers[:, np.maximum(where, 0)]
        return np.where(where >= 0, found, 0)
    inside = np.ones(len(ends[0]), dtype=bool)
    clipped = []
    for end, n in zip(ends, numbers.shape[1:], strict=True):
        inside &= end >= 0
        clipped.append(np.clip(end, 0, n - 1))
    index: Any = (slice(None), *clipped)
    return np.where(inside, numbers[index], 0)
