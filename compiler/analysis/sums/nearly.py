"""Architectures within constraints over costs whose sums are too many to be told apart: a count that is certain to lie
between two numbers, and exactly uniform samples all the same.

Costs are rounded down to the places of a coarse lattice, and counts are floating-point numbers. No architecture is lost
by that: those that may be within the bounds are proposed, and those that are by their exact costs accepted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..circuits.cost_states import CostStates
from .certainty import Interval
from .grids.gridded import gridded
from .lattice import Bounds, Excess, Lattice, lattice
from .pairs.dominance import Told
from .pairs.halving import halved
from .pairs.narrowing import narrowed
from .programme import FLOATING, Leg, Programme, Window
from .tables import Effort, TooMuch

if TYPE_CHECKING:
    import numpy.typing as npt

    Column = npt.NDArray[Any]

CELLS = 40_000_000
"""So many numbers the tables of all states have about: 320 MB."""

NARROWEST = 50
"""A range that is narrower than this part of what is below its upper end is taken for as wide."""

HALVES_WORK = 16_000_000_000
HALVES_ROOM = 100_000_000
"""To count within two budgets takes so much at most: some seven seconds."""

MINUTES_WORK, MINUTES_ROOM = 8_000_000_000_000, 400_000_000
"""And to count within them where there is time: up to an hour or so."""

WORK, ROOM = 2_500_000_000, 600_000_000
"""To count what is certain to be within the bounds takes at most so much."""

NARROWING_WORK = 8_000_000_000
"""To narrow that interval takes so many numbers on a grid at most: some four seconds. Its memory has limits of its own
(:mod:`.pairs.narrowing`)."""

ROUNDING = 1e-9
"""Floating-point sums of so many positive numbers are off by less than this, relatively."""

SCALE = 1 << 40
"""Weights are rounded up to so many parts of the greatest when one of them is drawn."""

SAFETY = 1 + 1e-3
"""How much likelier than others an architecture may be proposed because of that, and then is rejected more often."""


@dataclass(frozen=True)
class Nearly:
    """``bounds``: of each cost. ``places``: the rounded costs; ``exactly``: the exact ones."""

    states: CostStates
    measures: tuple[int, ...]
    bounds: tuple[Bounds, ...]
    programme: Programme
    places: Lattice
    exactly: Lattice

    @cached_property
    def count(self) -> int | None:
        """How many are within the bounds, where that takes some seconds; None where it takes longer."""
        return self._halved(Effort(HALVES_WORK, HALVES_ROOM))

    def counted(self, told: Told) -> int | None:
        """The same where that takes minutes, ``told`` how much is done; None where it takes hours, or there are not two
        bounds."""
        return self._halved(Effort(MINUTES_WORK, MINUTES_ROOM), told) if self.count is None else self.count

    def _halved(self, effort: Effort, told: Told | None = None) -> int | None:
        if len(self.bounds) != 2:
            return None
        try:
            return halved(self.exactly, self.states.start, effort, told)
        except TooMuch:
            return None

    def narrowed(self, alone: Sequence[Interval]) -> Interval | None:
        """A narrower interval for two costs than that of what is proposed; None where there is none. ``alone``: so many
        are within the bounds of each by itself."""
        try:
            return narrowed(self.exactly, self.states.start, NARROWING_WORK, alone)
        except TooMuch:
            return None

    @cached_property
    def proposed(self) -> float:
        """About how many architectures may be within the bounds."""
        return float(self.programme.count(self.places.windows))

    @cached_property
    def _proposals(self) -> Column:
        """By the first leg's cost, how many architectures may be within the bounds."""
        leg = self.programme.legs[0]
        found: Column = self.programme.following(0, leg.costs, self.places.windows) * leg.counts
        return found

    @cached_property
    def low(self) -> int:
        """At least so many are within the bounds."""
        if self.count is not None:
            return self.count
        return _off(self._certain or 0.0)[0]

    @cached_property
    def _certain(self) -> float | None:
        """About how many are within the bounds, whatever was rounded; None where that takes too long."""
        inside = self.places.certain
        if inside == self.places.windows:
            return self.proposed
        try:
            places = replace(self.places, windows=inside)
            return float(Programme(self.states, places, Effort(WORK, ROOM), True).count(inside))
        except TooMuch:
            return None

    def gridded(self, costs: Sequence[int], alone: Sequence[Interval], work: int) -> Interval | None:
        """So many are within the bounds of some of the costs, in a narrower interval than that of what is proposed;
        None where there is none. ``alone``: so many are within those of each by itself. ``work``: so many numbers are
        added up."""
        try:
            return gridded(self.exactly.of(costs), self.states.start, work, alone)
        except TooMuch:
            return None

    @cached_property
    def high(self) -> int:
        """At most so many are."""
        if self.count is not None:
            return self.count
        return _off(self.proposed)[1]

    def first(self, generator: random.Random, tries: int) -> dict[int, int] | None:
        """The first of so many proposals that is within the bounds; None where none of them is."""
        return next((own for own in (self.draw(generator) for _ in range(tries)) if own is not None), None)

    @property
    def empty(self) -> bool:
        """Whether it is known that nothing is within the bounds."""
        return not self.proposed

    def draw(self, generator: random.Random) -> dict[int, int] | None:
        """One of those within the bounds, each as likely; None where what was proposed is not among them, or nothing
        may be."""
        if self.empty:
            return None
        answers: dict[int, int] = {}
        chosen = possible = 1
        window: Window = self.places.windows
        for i, leg in enumerate(self.programme.legs):
            weights = self._proposals if i == 0 else self.programme.following(i, leg.costs, window) * leg.counts
            at, part, whole = _drawn(weights, generator)
            chosen, possible = chosen * part, possible * whole
            place = tuple(int(c[at]) for c in leg.costs)
            part, whole = self._descend(leg, place, generator, answers)
            chosen, possible = chosen * part, possible * whole
            window = tuple((low - c, high - c) for c, (low, high) in zip(place, window, strict=True))
        # Each architecture is proposed with probability chosen / possible, some a little likelier than others.
        rarest = math.ceil(self.proposed * SAFETY)
        assert chosen * rarest >= possible, "an architecture is proposed too rarely to be as likely as others"
        if generator.randrange(chosen * rarest) >= possible:
            return None
        return answers if self.admits(answers) else None

    def admits(self, answers: Mapping[int, int]) -> bool:
        """Whether what an architecture costs is within the bounds."""
        costs = self.states.costs(answers)
        for measure, (least, most) in zip(self.measures, self.bounds, strict=True):
            cost = costs[measure]
            if (least is not None and cost < least) or (most is not None and cost > most):
                return False
        return True

    def _descend(
        self,
        leg: Leg,
        place: tuple[int, ...],
        generator: random.Random,
        answers: dict[int, int],
    ) -> tuple[int, int]:
        """A way through a leg that costs so much, rounded; how probable it was."""
        chosen = possible = 1
        state = leg.stretch.first
        while state != leg.stretch.last:
            ways = self.places.ways[state]
            rests = [tuple(c - s for c, s in zip(place, way.steps, strict=True)) for way in ways]
            weights = [self.programme.ways(leg, way.state, rest) for way, rest in zip(ways, rests, strict=True)]
            at, part, whole = _drawn(weights, generator)
            chosen, possible = chosen * part, possible * whole
            way = ways[at]
            answers[self.states.asking(state).variable] = way.answer
            state, place = way.state, rests[at]
        return chosen, possible


def _off(nearly: float) -> Interval:
    """What a number is at least and at most that is rounded."""
    return math.floor(nearly * (1 - ROUNDING)), math.ceil(nearly * (1 + ROUNDING))


def _drawn(weights: Sequence[float] | Column, generator: random.Random) -> tuple[int, int, int]:
    """The place of a weight, drawn in proportion to it; the parts that it had, and all parts."""
    import numpy as np

    values = np.asarray(weights, dtype=np.float64)
    parts = np.ceil(values * (SCALE / values.max())).astype(np.int64)
    ends = np.cumsum(parts)
    whole = int(ends[-1])
    at = int(np.searchsorted(ends, generator.randrange(whole), side="right"))
    return at, int(parts[at]), whole


def nearly(
    states: CostStates,
    found: Excess,
    measures: Sequence[int],
    bounds: Sequence[Bounds],
    exactly: Lattice,
    effort: Effort,
    cells: int | None = None,
) -> Nearly:
    """``exactly``: the places of the exact sums; ``cells``: how many numbers tables have,
    :data:`CELLS` by default. Raises TooMuch."""
    if max(found.most[states.start], default=0).bit_length() > FLOATING:
        raise TooMuch
    units = units_for(states, found, bounds, CELLS if cells is None else cells)
    places = lattice(found, states.start, units, bounds)
    return Nearly(states, tuple(measures), tuple(bounds), Programme(states, places, effort, True), places, exactly)


def units_for(states: CostStates, found: Excess, bounds: Sequence[Bounds], most_cells: int) -> tuple[int, ...]:
    """Units that make tables of some ``most_cells`` numbers in all: the same parts of what is allowed of each cost."""
    import numpy as np

    bounds = found.turned(bounds)
    factors = [found.factor(i) for i in range(len(bounds))]
    windows, bands, slacks = [], [], []
    for i, (low, high) in enumerate(bounds):
        whole = found.most[states.start][i]
        windows.append(whole if high is None else min(whole, max(0, math.floor(high) - found.least[i])))
        narrow = 0 if low is None else max(0, math.ceil(low) - found.least[i])
        bands.append(max(windows[-1] - narrow, windows[-1] / NARROWEST))
        slacks.append(bands[-1] if narrow else 0)

    # Of each state what matters of each cost: of thousands of them, asked about again and again.
    columns = zip(zip(*found.most, strict=True), slacks, windows, strict=True)
    widths = [np.minimum(np.array(most, dtype=float) + slack, window) for most, slack, window in columns]

    def cells(parts: float) -> float:
        """How many numbers there are where what is allowed of each cost has so many places."""
        steps = [max(factor, band / parts) for factor, band in zip(factors, bands, strict=True)]
        return float(np.prod([width / step + 1 for width, step in zip(widths, steps, strict=True)], axis=0).sum())

    least, most = 1.0, 2.0**22
    for _ in range(40):
        middle = math.sqrt(least * most)
        least, most = (middle, most) if cells(middle) <= most_cells else (least, middle)
    return tuple(factor * max(1, math.ceil(band / least / factor)) for factor, band in zip(factors, bands, strict=True))
