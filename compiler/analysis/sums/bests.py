"""The best architectures within bounds over costs, for many bounds at once, where scores add up over answers.

Nothing is counted. What is best without bounds, and what is best within those over one cost alone, is looked for
first: where it meets all of them, it is the best within all of them. Only what is left needs the combinations of
several costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...ir.graph import CostConstraint, SpaceGraph
from ..circuits.cost_states import DEAD, CostStates
from ..costs.measures import Measure, bounds_of
from ..diagrams.products import Product, value_of
from ..memo import once_per_graph
from .exactly import PASSING_ROOM, PASSING_WORK
from .jointly.beginnings import beginnings
from .jointly.sums import best_of
from .lattice import Bounds, excess, lattice
from .optimum import Best, Optimum
from .rounded import Rounded, loosest_of, rounded
from .tables import NEVER, Effort, Scores, TooMuch
from .walking.walks import walk
from .within import summed_measures

JOINT_WORK = 2_000_000_000
JOINT_ROOM = 300_000_000
"""Whether there is little to remember of several costs, trying shows: in some four seconds at most, and where many are
asked for, in some eight for all of them."""

QUICK = 300_000_000
"""In so much less than a second it mostly shows where there is."""

UNIT = 2**50
"""Terms of scores are whole numbers of so small a part."""

Rows = Mapping[int, Sequence[float]]


@dataclass(frozen=True)
class Preference:
    """The score of an architecture is the sum of ``rows``, by variable index a score per answer, over all that is asked
    for, less the sum of ``terms``, whole numbers in parts of :data:`UNIT`, which are 0 where nothing is asked for that
    they depend on."""

    rows: Rows
    terms: tuple[Product, ...] = ()

    def score(self, answers: Mapping[int, int], defaults: Mapping[int, int]) -> float:
        """Of answers to all that is asked for; ``defaults``: allowed ones to every variable."""
        plain = math.fsum(self.rows[variable][answer] for variable, answer in answers.items())
        settled = {**defaults, **answers}
        return plain - sum(int(value_of(term, settled)) for term in self.terms) / UNIT


Found = Mapping[int, Best | None]
"""By place of what was asked: the best, None where there is nothing. What is missing is not known."""


def bests(
    graph: SpaceGraph, asked: Sequence[Sequence[CostConstraint]], preference: Preference, combined: bool = True
) -> Found:
    """For each of ``asked`` the best architecture within all constraints of a space over decisions and within these
    over costs. The space has a circuit, and an architecture. ``combined``: combinations of the sums of several costs
    are gone through for what is left after each cost by itself; without it, for about half a second."""
    found = _bounded(graph, asked, preference)
    return {} if found is None else found.answered(combined)


def near_bests(
    graph: SpaceGraph, asked: Sequence[Sequence[CostConstraint]], preference: Preference
) -> Mapping[int, Rounded]:
    """The same for constraints over one cost whose sums are too many, with what of it is certain; nothing for those
    over several."""
    found = _bounded(graph, asked, preference)
    return {} if found is None or found.costs != 1 else found.nearly()


def _bounded(graph: SpaceGraph, asked: Sequence[Sequence[CostConstraint]], preference: Preference) -> _Asked | None:
    """None where a cost is no exact sum, or there is no walk."""
    measures = summed_measures(graph, (c for constraints in asked for c in constraints))
    if measures is None:
        return None
    states = _walked(graph, measures, preference.terms)
    if states is None:
        return None
    bounds = [tuple(bounds_of(graph, constraints, m) for m in measures) for constraints in asked]
    return _Asked(states, preference, bounds)


class _Asked:
    """``bounds``: of each that is asked for, those of each cost."""

    def __init__(self, states: CostStates, preference: Preference, bounds: Sequence[tuple[Bounds, ...]]) -> None:
        self.states, self.preference, self.bounds = states, preference, bounds
        self.costs = len(bounds[0]) if bounds else 0
        self.found: dict[int, Best | None] = {}

    def answered(self, combined: bool) -> Found:
        scores = self._scores()
        free = _unbounded(self.states, scores)
        for place in self._open:
            self._take(place, free)
        for cost in range(self.costs):
            self._alone(cost, scores)
        if self.costs > 1:
            self._together(scores, JOINT_WORK if combined else QUICK)
        return self.found

    def nearly(self) -> Mapping[int, Rounded]:
        """For a single cost, rounded."""
        try:
            return dict(enumerate(rounded(self.states, 0, [own for (own,) in self.bounds], self._scores())))
        except TooMuch:
            return {}

    @property
    def _open(self) -> list[int]:
        return [place for place in range(len(self.bounds)) if place not in self.found]

    def _take(self, place: int, best: Best | None) -> None:
        """What is best within some of the bounds, if that settles it."""
        if best is None or self._meets(best, place):
            self.found[place] = best

    def _meets(self, best: Best, place: int) -> bool:
        return all(
            (low is None or cost >= low) and (high is None or cost <= high)
            for cost, (low, high) in zip(self.states.costs(best.answers), self.bounds[place], strict=False)
        )

    def _alone(self, cost: int, scores: Scores) -> None:
        """By a programme over one of the costs."""
        left = [place for place in self._open if self.bounds[place][cost] != (None, None)]
        if not left:
            return
        start, found = self.states.start, excess(self.states, (cost,))
        places = lattice(found, start, (found.factor(0),), (self._loosest(cost, left),))
        if places.windows[0][1] < 0:
            self.found |= dict.fromkeys(left)
            return
        try:
            optimum = Optimum(self.states, places, scores, Effort(PASSING_WORK, PASSING_ROOM))
        except TooMuch:
            return
        for place in left:
            self._take(place, optimum.within(places.window((self.bounds[place][cost],), start)))

    def _together(self, scores: Scores, work: int) -> None:
        """Within all bounds at once. The tightest ones come first: where they are too much, so are the others."""
        costs, start = tuple(range(self.costs)), self.states.start
        found = excess(self.states, costs)
        units = tuple(found.factor(cost) for cost in costs)
        windows = {place: lattice(found, start, units, self.bounds[place]) for place in self._open}
        left = 2 * JOINT_WORK
        for place in sorted(windows, key=lambda own: [high - low for low, high in windows[own].windows]):
            effort = Effort(min(work, left), JOINT_ROOM)
            left -= effort.work
            try:
                ways = beginnings(windows[place], start, effort)
                self.found[place] = best_of(self.states, ways, scores, Effort(PASSING_WORK, PASSING_ROOM))
            except TooMuch:
                return
            left += max(0, effort.work)

    def _loosest(self, cost: int, places: Sequence[int]) -> Bounds:
        return loosest_of([self.bounds[place][cost] for place in places])

    def _scores(self) -> Scores:
        asking, rows = self.states.asking, self.preference.rows

        def plain(state: int, answer: int) -> float:
            return rows[asking(state).variable][answer]

        def whole(state: int, answer: int) -> float:
            return plain(state, answer) - asking(state).followers[answer][1][-1] / UNIT

        return whole if self.preference.terms else plain


def _unbounded(states: CostStates, scores: Scores) -> Best | None:
    """The best of all; None where there is nothing."""
    best: list[tuple[float, int]] = []
    for state, step in enumerate(states.steps):
        if step is None:
            best.append((0.0, DEAD))
            continue
        ways = [
            (NEVER if follower == DEAD else scores(state, answer) + best[follower][0], -answer)
            for answer, (follower, _) in enumerate(step.followers)
        ]
        score, minus = max(ways)
        best.append((score, -minus))
    score = best[states.start][0]
    if score == NEVER:
        return None
    answers: dict[int, int] = {}
    state = states.start
    while (step := states.steps[state]) is not None:
        answers[step.variable] = answer = best[state][1]
        state = step.followers[answer][0]
    return Best(score, answers)


def _walked(graph: SpaceGraph, measures: tuple[Measure, ...], terms: Sequence[Product]) -> CostStates | None:
    """The walk; kept where it is the same for all scores."""
    if terms:
        return walk(graph, measures, also=terms)
    known = _known(graph)
    if measures not in known:
        known[measures] = walk(graph, measures)
    return known[measures]


@once_per_graph
def _known(graph: SpaceGraph) -> dict[tuple[Measure, ...], CostStates | None]:
    return {}
