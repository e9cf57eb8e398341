"""Architectures within bounds, drawn by weight, where the logarithms of weights add up over answers.

As the counting programme, with weights in the place of the number of ways, as logarithms: products of hundreds of small
ones stay what they are. Nothing is subtracted, so that what weighs little within a range of costs is as certain as
what is below it weighs much.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from ..circuits.cost_states import Vector
from .bands import band_windows, ending, remaining
from .exactly import Single, Sums
from .jointly.sums import Jointly
from .jointly.weighing import Weighing
from .nearly import Nearly
from .programme import Leg, Window, own_windows
from .stretches import stretches
from .tables import NEVER, Effort, Join, Scores, Table, filled
from .weights import drawn

if TYPE_CHECKING:
    import numpy.typing as npt

    from .words import Places

    Column = npt.NDArray[Any]


def weighed(found: Sums | Nearly, scores: Scores, effort: Effort) -> Weighed | Weighing:
    """What draws of ``found`` by weight. Raises TooMuch."""
    if isinstance(found, Jointly):
        return Weighing(found, scores, effort)
    assert isinstance(found, Single | Nearly)
    return Weighed(found, scores, effort)


class Weighed:
    """Of what is within bounds over costs, exactly known or nearly. ``after``: for each leg, what all that follows it
    weighs, by what is left of the upper ends; of costs without a lower end, up to there."""

    def __init__(self, found: Single | Nearly, scores: Scores, effort: Effort) -> None:
        """Raises TooMuch."""
        self.states, self.scores = found.states, scores
        self._nearly = found if isinstance(found, Nearly) else None
        self._places = found.programme.places
        self.window: Window = self._places.windows
        self.legs: list[Leg] = []
        self.after: list[Table] = []
        if any(low > high or high < 0 for low, high in self.window):
            self._first = _none()
            return
        following = ending(self.window, 0.0, effort)
        run = stretches(self._places.ways, self.states.start)
        for i in range(len(run) - 1, -1, -1):
            stretch = run[i]
            self.after.append(self._cumulative(following, effort))
            effort.kept(self.after[-1])
            ends = {stretch.last: _nothing(len(self.window))}
            windows = own_windows(self._places, stretch)
            own = filled(self._places.ways, stretch.states, ends, windows, effort, True, scores, Join.LOG_SUM)
            self.legs.append(Leg(stretch, own))
            if i:
                ends = {stretch.last: following}
                windows = band_windows(self._places, stretch)
                made = filled(self._places.ways, stretch.states, ends, windows, effort, False, scores, Join.LOG_SUM)
                following = made[stretch.first]
        self.legs.reverse()
        self.after.reverse()
        self._first = self._weights(0, tuple(high for _, high in self.window))

    def _cumulative(self, table: Table, effort: Effort) -> Table:
        import numpy as np

        numbers = table.numbers
        for axis, (low, _) in enumerate(self.window, 1):
            if low <= 0:
                effort.worked(numbers.size * Join.LOG_SUM.work)
                numbers = np.logaddexp.accumulate(numbers, axis=axis)
        return Table(numbers, table.at)

    @property
    def total(self) -> float:
        """The logarithm of what all that may be drawn weighs."""
        import numpy as np

        weights = self._first[1]
        return float(np.logaddexp.reduce(weights)) if len(weights) else NEVER

    def draw(self, generator: random.Random) -> dict[int, int] | None:
        """One, by weight; None where what was drawn is not within the bounds. There is one with a weight."""
        answers: dict[int, int] = {}
        left = tuple(high for _, high in self.window)
        for i, leg in enumerate(self.legs):
            costs, weights = self._first if i == 0 else self._weights(i, left)
            at = drawn(weights, generator)
            cost = tuple(int(column[at]) for column in costs)
            self._descend(leg, cost, generator, answers)
            left = tuple(rest - c for rest, c in zip(left, cost, strict=True))
        if self._nearly is not None and not self._nearly.admits(answers):
            return None
        return answers

    def _weights(self, leg: int, left: Vector) -> tuple[tuple[Places, ...], Column]:
        """The costs of the ways of a leg, and what each weighs with all that follows."""

        own = self.legs[leg].tables[self.legs[leg].stretch.first]
        costs = own.places(NEVER)
        weights: Column = own.found(costs, NEVER)[0]
        rests = tuple(rest - c for rest, c in zip(left, costs, strict=True))
        return costs, weights + remaining(self.after[leg], rests, self.window, NEVER)

    def _descend(self, leg: Leg, cost: Vector, generator: random.Random, answers: dict[int, int]) -> None:
        """A way through a leg that costs so much."""
        import numpy as np

        state = leg.stretch.first
        while state != leg.stretch.last:
            ways = self._places.ways[state]
            rests = [tuple(c - s for c, s in zip(cost, way.steps, strict=True)) for way in ways]
            weights = [
                self.scores(state, way.answer)
                + float(leg.tables[way.state].found(tuple(np.array([c]) for c in rest), NEVER)[0, 0])
                for way, rest in zip(ways, rests, strict=True)
            ]
            at = drawn(np.array(weights), generator)
            answers[self.states.asking(state).variable] = ways[at].answer
            state, cost = ways[at].state, rests[at]


def _nothing(costs: int) -> Table:
    """What follows the end: nothing, which weighs 1."""
    import numpy as np

    return Table(np.zeros((1, *(1 for _ in range(costs)))))


def _none() -> tuple[tuple[Places, ...], Column]:
    import numpy as np

    return (), np.zeros(0)
