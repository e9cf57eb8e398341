"""The architectures within constraints over costs, exactly: how many, and which one has which place.

Several costs at once are packed into one number (:mod:`.packing`); the combinations within all bounds are picked out at
the end.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from ..circuits.cost_states import CostStates
from .lattice import Lattice
from .optimum import Best, Optimum
from .packing import Packing, packing
from .passing import passing
from .programme import Programme, Window
from .tables import Effort, Scores

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PASSING_WORK = 10_000_000_000
PASSING_ROOM = 900_000_000
"""Marginals and optima take more, and are asked for by themselves."""

PACKING_WORK = 3_000_000_000
"""So much work is done at most for combinations of sums, of which there are hardly ever few."""


@dataclass(frozen=True)
class Sums:
    """As :class:`..circuits.circuit.Circuit`: ``count``, :meth:`unrank`, :meth:`rank`, :meth:`draw` and
    :attr:`answered`; in an order of its own. ``window``: the places of those within the bounds."""

    states: CostStates
    programme: Programme
    window: Window

    @cached_property
    def count(self) -> int:
        return int(self.programme.count(self.window))

    def unrank(self, rank: int) -> dict[int, int]:
        """The answers of the architecture at place ``rank``, from 0. Raises IndexError."""
        if not 0 <= rank < self.count:
            raise IndexError(f"there are {self.count} architectures, none at {rank}")
        return self._at(rank)

    def rank(self, answers: Mapping[int, int]) -> int:
        """The place of an architecture. Raises KeyError if it is not among them."""
        return self.programme.rank(answers, self.window)

    def draw(self, generator: random.Random) -> dict[int, int]:
        """One of them, each as likely."""
        return self.unrank(generator.randrange(self.count))

    def _at(self, rank: int) -> dict[int, int]:
        return self.programme.unrank(rank, self.window)

    @cached_property
    def passing(self) -> dict[tuple[int, int], int]:
        """By state and answer, how many of them go through. Raises TooMuch."""
        return passing(self.programme, self.window, Effort(PASSING_WORK, PASSING_ROOM))

    @cached_property
    def answered(self) -> dict[int, dict[int, int]]:
        """For each variable and answer the number of them that contain it. Raises TooMuch."""
        found: dict[int, dict[int, int]] = {}
        for (state, answer), n in self.passing.items():
            row = found.setdefault(self.states.asking(state).variable, {})
            row[answer] = row.get(answer, 0) + n
        return found

    def mean(self, measure: int) -> Fraction:
        """The mean of a cost, by its place among the measures of the states. Raises TooMuch."""
        total = sum(
            n * self.states.asking(state).followers[answer][1][measure] for (state, answer), n in self.passing.items()
        )
        return self.states.base[measure] + Fraction(total, self.count)

    def best(self, scores: Scores) -> Best | None:
        """The one with the greatest sum of scores, of a state and an answer. Raises TooMuch."""
        effort = Effort(PASSING_WORK, PASSING_ROOM)
        return Optimum(self.states, self.programme.places, scores, effort).within(self.window)


@dataclass(frozen=True)
class Combined(Sums):
    """The same for several costs."""

    packing: Packing

    @cached_property
    def count(self) -> int:
        ends = self._ends
        return int(ends[-1]) if len(ends) else 0

    def fits(self, packed: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of some combinations are within the bounds."""
        return self.packing.fits(packed, self.window)

    @cached_property
    def _fitting(self) -> npt.NDArray[np.int64]:
        """Which of those that there are."""
        import numpy as np

        return np.flatnonzero(self.fits(self.programme.legs[0].costs[0]))

    @cached_property
    def _ends(self) -> npt.NDArray[np.object_]:
        """The cumulative counts of those."""
        import numpy as np

        return np.cumsum(self.programme.legs[0].counts[self._fitting])

    @cached_property
    def passing(self) -> dict[tuple[int, int], int]:
        return passing(self.programme, self.window, Effort(PASSING_WORK, PASSING_ROOM), self.fits)

    def best(self, scores: Scores) -> Best | None:
        effort = Effort(PASSING_WORK, PASSING_ROOM)
        optimum = Optimum(self.states, self.programme.places, scores, effort, whole=True)
        costs = optimum.costs()
        return optimum.among(self.fits(costs), costs)

    def _at(self, rank: int) -> dict[int, int]:
        import numpy as np

        at = int(np.searchsorted(self._ends, rank, side="right"))
        leg = self.programme.legs[0]
        answers: dict[int, int] = {}
        inner = rank - (int(self._ends[at - 1]) if at else 0)
        self.programme.descend(leg, (int(leg.costs[0][self._fitting[at]]),), inner, answers)
        return answers

    def rank(self, answers: Mapping[int, int]) -> int:
        import numpy as np

        leg = self.programme.legs[0]
        path, _, cost = self.programme.path(0, self.states.start, answers)
        fitting = leg.costs[0][self._fitting]
        at = int(np.searchsorted(fitting, cost[0]))
        if at == len(fitting) or fitting[at] != cost[0]:
            raise KeyError("the architecture is beyond the constraints over costs")
        return (int(self._ends[at - 1]) if at else 0) + self.programme.place(leg, path, cost)


def together(states: CostStates, places: Lattice, work: int, room: int) -> Combined:
    """For several costs at once. Raises TooMuch."""
    packed = packing(places, states.start)
    effort = Effort(min(work, PACKING_WORK), room)
    programme = Programme(states, packed.places, effort, False, whole=True)
    return Combined(states, programme, places.windows, packed)
