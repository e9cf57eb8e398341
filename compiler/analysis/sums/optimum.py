"""The best architecture within bounds where scores add up over answers, and the best for many bounds at once.

As the counting programme, with the greatest score in the place of the number of ways; an optimum is exact, but for the
rounding of floating-point sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..circuits.cost_states import CostStates
from .lattice import Lattice
from .programme import Leg, Window, own_windows, whole_windows
from .stretches import stretches
from .tables import FARTHEST, NEVER, Effort, Scores, Table, TooMuch, filled

if TYPE_CHECKING:
    import numpy.typing as npt

    from .words import Places

    Column = npt.NDArray[Any]


@dataclass(frozen=True)
class Best:
    """An architecture with the greatest score within bounds."""

    score: float
    answers: dict[int, int]


class Optimum:
    """``after``: of each leg the best score of all that follows it, by what that costs."""

    def __init__(self, states: CostStates, places: Lattice, scores: Scores, effort: Effort) -> None:
        """Raises TooMuch."""
        if max(places.far[states.start], default=0) >= FARTHEST:
            raise TooMuch
        self.states, self.places, self.scores = states, places, scores
        self.legs: list[Leg] = []
        self.after: list[Table] = []
        following = _nothing()
        found = stretches(places.ways, states.start)
        for i in range(len(found) - 1, -1, -1):
            stretch = found[i]
            self.after.append(following)
            ends = {stretch.last: _nothing()}
            own = filled(places.ways, stretch.states, ends, own_windows(places, stretch), effort, True, scores)
            self.legs.append(Leg(stretch, own))
            if i:
                ends = {stretch.last: following}
                windows = whole_windows(places, stretch)
                run = filled(places.ways, stretch.states, ends, windows, effort, False, scores)
                following = run[stretch.first]
                effort.kept(following)
        self.legs.reverse()
        self.after.reverse()

    def within(self, window: Window) -> Best | None:
        """The best within a window of places of one cost; None where there is nothing."""
        import numpy as np

        answers: dict[int, int] = {}
        ((low, high),) = window
        score = NEVER
        for i, leg in enumerate(self.legs):
            costs, own = _entries(leg.tables[leg.stretch.first])
            total = own + _greatest(self.after[i], low - costs, high - costs)
            if not len(total) or (best := float(total[at := int(np.argmax(total))])) == NEVER:
                return None
            score = best if i == 0 else score
            cost = int(costs[at])
            self._descend(leg, cost, answers)
            low, high = low - cost, high - cost
        return Best(score, answers)

    def _descend(self, leg: Leg, cost: int, answers: dict[int, int]) -> None:
        """The answers of the best way through a leg that costs so much."""
        import numpy as np

        state = leg.stretch.first
        while state != leg.stretch.last:
            found = [
                float(leg.tables[way.state].found((np.array([cost - way.steps[0]]),), NEVER)[0, 0])
                + self.scores(state, way.answer)
                for way in self.places.ways[state]
            ]
            way = self.places.ways[state][found.index(max(found))]
            answers[self.states.asking(state).variable] = way.answer
            state, cost = way.state, cost - way.steps[0]


def _nothing() -> Table:
    """What follows the end: nothing, which scores 0."""
    import numpy as np

    return Table(np.zeros((1, 1)))


def _entries(table: Table) -> tuple[Places, Column]:
    (places,) = table.places(NEVER)
    return places, table.numbers[0] if table.at is not None else table.numbers[0][places]


def _greatest(table: Table, lows: Column, highs: Column) -> Column:
    """The greatest score from one place to another, for each pair of them."""
    import numpy as np

    if table.at is None:
        first, last = np.maximum(lows, 0), np.minimum(highs, table.size - 1)
    else:
        first = np.searchsorted(table.at, lows, side="left")
        last = np.searchsorted(table.at, highs, side="right") - 1
    result = np.full(len(first), NEVER)
    asked = np.flatnonzero(first <= last)
    spans = last[asked] - first[asked] + 1
    levels = np.frexp(spans)[1] - 1
    best, width = table.numbers[0], 1
    for level in range(int(levels.max(initial=-1)) + 1):
        here = asked[levels == level]
        # Two stretches of this length cover what is between the ends.
        result[here] = np.maximum(best[first[here]], best[last[here] - width + 1])
        best, width = np.maximum(best[:-width], best[width:]), 2 * width
    return result
