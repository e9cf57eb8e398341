"""The architectures that a search prefers most, one for each of several budgets: from one set of weights, in one go."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Literal, get_args

from ...diagnostics.budgets import NotFoundWithin, NothingWithin
from ...diagnostics.externs import UnknownCost
from ...diagnostics.model import SpaceError
from ...ir.graph import CostConstraint, SpaceGraph
from ...ir.sibling import Sibling
from ..architecture import Architecture, answers_of, of_answers
from ..circuits.patience import SOME_TENTHS
from ..costs.additive import default_answers
from ..costs.measures import depth_reach, figures, measure_of
from ..costs.of_architecture import cost_constraints, unknown_costs
from ..costs.space_bounds import extreme
from ..feasible import feasible_extremes
from ..policies.rows import LogRows
from ..remaining import within
from ..sums.bests import Preference
from .derive import LIMIT, derived
from .exactly import Known, exactly, nearly
from .preferences import apart
from .reading import Score, Zeros
from .summed import summed

Metric = Literal["flops", "params", "activations", "depth"]

POINTS = 10

MOST_POINTS = 1_000
"""A number of budgets above this is a budget that was meant: `front(…, 3_000_000)`."""

SEARCHED = 3
"""The searches of all budgets of a front take together so many times what one of them takes at most."""

SMALLEST = 50
"""Each takes at least such a part of that: a tenth of a second."""


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """``architecture``: the one with the greatest ``score`` that costs at most ``budget``, and what it ``cost``s; None
    where there is none, or none was found. The score is the logarithm of how probable the weights make it, compared
    with what they would like best of all; of trials, the value of their metric, negative where the less is the better.
    ``zeros``: how many edges are kept and zero all the same, where zeros are not to be derived there and nothing else
    is within the budget; the score is without what these weigh, and fewer are preferred to any score.
    ``best``: that it is the best one, or that there is none, is certain."""

    budget: int
    architecture: Architecture | None
    cost: int | None
    score: float | None
    best: bool
    zeros: int = 0

    def document(self) -> dict[str, Any]:
        """For JSON."""
        arch = self.architecture
        own = None
        if arch is not None:
            known = {"cost": self.cost, "score": self.score, "zeros": self.zeros}
            own = {"hash": arch.hash, **known, "values": dict(arch)}
        return {"budget": self.budget, "best": self.best, "architecture": own}


def front(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    metric: Metric,
    budgets: Sequence[int] | int = POINTS,
    score: Score = "beta",
    held: Mapping[str, Any] | None = None,
    zeros: Zeros = "allowed",
    sibling: Sibling | None = None,
    logits: Mapping[str, Sequence[float]] | None = None,
    posterior: LogRows | None = None,
) -> list[FrontPoint]:
    """For each of some budgets of a cost the architecture within it and within `where` that is preferred most, computed
    as :func:`.exactly.exactly` does, searched for where that cannot be. ``budgets``: so many, evenly from what the
    cheapest architecture costs to what the most preferred one within `where` does, where they are a number.
    ``sibling``: where the cost is that of its networks; other arguments as those of :func:`.derive.derived`.
    ``posterior``: rows of :func:`..policies.rows.log_rows`, where what is preferred is what is probable among
    architectures: then every decision that one asks for makes it less so, and the score is the logarithm of its
    probability, `where` left aside. What has to be searched for is looked for by the other arguments.

    Raises ValueError for a cost that there is not, and for budgets that are none, SpaceError where no architecture is
    within `where`, or operators do not state the cost.
    """
    asked = _asked(budgets)
    if metric not in get_args(Metric):
        raise ValueError(f"`{metric}` is no cost; there are {', '.join(get_args(Metric))}")
    measured = graph if sibling is None else sibling.graph
    if metric in unknown_costs(measured):
        raise SpaceError([UnknownCost(graph.span, metric, e.name, e.span) for e in measured.not_stated(metric)])
    preference = summed(graph, scores, score, held, zeros, logits) if posterior is None else Preference(posterior)
    made = _Front(graph, preference, metric, sibling, (scores, score, held, zeros, logits), posterior is not None)
    return made.points(made.evenly(asked) if isinstance(asked, int) else asked)


def _asked(budgets: Sequence[int] | int) -> Sequence[int] | int:
    """The budgets, or how many there are to be. Raises ValueError for what is neither."""
    if isinstance(budgets, Integral) and not isinstance(budgets, bool):
        number = int(budgets)
        if number < 1:
            raise ValueError(f"a front has one budget or more, not {number}")
        if number > MOST_POINTS:
            advice = f"a number says how many budgets there are; one of {number:,} is written [{number}]"
            raise ValueError(f"a front has {MOST_POINTS:,} budgets at most, not {number:,}: {advice}")
        return number
    if isinstance(budgets, str | bool | Real) or not isinstance(budgets, Iterable):
        advice = f"; a single one is written [{budgets}]" if isinstance(budgets, float) else ""
        raise ValueError(f"budgets are a list of numbers, or how many there are to be, not {budgets!r}{advice}")
    listed = list(budgets)
    wrong = [b for b in listed if isinstance(b, bool) or not isinstance(b, Real) or not math.isfinite(b)]
    if wrong:
        raise ValueError(f"a budget is a number, not {wrong[0]!r}")
    return listed


@dataclass(frozen=True)
class _Front:
    """``reading``: scores by path, and how they are read. ``by_probability``: the preference is another one."""

    graph: SpaceGraph
    preference: Preference
    metric: Metric
    sibling: Sibling | None
    reading: tuple[
        Mapping[str, Sequence[float]], Score, Mapping[str, Any] | None, Zeros, Mapping[str, Sequence[float]] | None
    ]
    by_probability: bool = False

    def _constraint(self, budget: int | None) -> CostConstraint:
        return CostConstraint(self.metric, None, budget, self.graph.span, self.sibling)

    def _cost(self, arch: Architecture) -> int:
        found = figures(self.graph, self._constraint(None), answers_of(self.graph, arch))
        cost: int = getattr(found, self.metric)
        return cost

    def evenly(self, number: int) -> list[int]:
        """So many budgets, fewer where costs are few."""
        known = exactly(self.graph, self.preference, combined=False)
        answers = known.get(0)
        best = self._searched(None)[0] if answers is None else of_answers(self.graph, answers)
        assert best is not None, "else it was said that there is none"
        top = self._cost(best)
        low = min(top, self._least())
        steps = max(1, number - 1)
        found = [top - (top - low) * (steps - i) // steps for i in range(number)] if number > 1 else [top]
        return list(dict.fromkeys(found))

    def _least(self) -> int:
        """What the cheapest architecture within `where` costs, or less, where other costs or sums that are too many
        keep that from being known."""
        own, held = self._constraint(None), self.reading[2]
        measure = measure_of(self.graph, own)
        if self.sibling is None and measure is not None and (held or cost_constraints(self.graph)):
            known = feasible_extremes(within(self.graph, held) if held else self.graph, self.metric, SOME_TENTHS)
            if known is not None:
                return known.least
        low = depth_reach(self.graph, own)[0] if measure is None else extreme(self.graph, measure, 1)[0]
        alike = (c for c in cost_constraints(self.graph) if (c.metric, c.other) == (own.metric, own.other))
        return max([low, *(math.ceil(c.low) for c in alike if c.low is not None)])

    def points(self, budgets: Sequence[int]) -> list[FrontPoint]:
        each = [(self._constraint(budget),) for budget in budgets]
        known = self._made(exactly(self.graph, self.preference, each, combined=False))
        near = self._near([place for place in range(len(budgets)) if place not in known], each)
        known |= near
        # As deriving does it: what costs each by itself do not settle is searched for first.
        open_ = [place for place in range(len(budgets)) if place not in known]
        part = min(SMALLEST, max(1, -(-len(open_) // SEARCHED)))
        known |= {place: self._searched(budgets[place], part) for place in open_}
        left = [place for place, (_, best) in known.items() if not best and place not in near]
        if left:
            made = self._made(exactly(self.graph, self.preference, [each[place] for place in left]))
            known |= {left[at]: pair for at, pair in made.items()}
        found = []
        for place, budget in enumerate(budgets):
            arch, best = known[place]
            if arch is None:
                found.append(FrontPoint(budget, None, None, None, best))
                continue
            score, zeros = apart(self.preference.score(answers_of(self.graph, arch), default_answers(self.graph)))
            found.append(FrontPoint(budget, arch, self._cost(arch), score, best, zeros))
        return _rising(found)

    def _near(
        self, places: Sequence[int], each: Sequence[Sequence[CostConstraint]]
    ) -> dict[int, tuple[Architecture | None, bool]]:
        """What is found with rounded costs where the exact ones have too many sums: a search would be long on its
        way there."""
        found = nearly(self.graph, self.preference, [each[place] for place in places]) if places else {}
        return {
            places[at]: (None if answers is None else of_answers(self.graph, answers), best)
            for at, (answers, best) in found.items()
            if answers is not None or best
        }

    def _made(self, known: Known) -> dict[int, tuple[Architecture | None, bool]]:
        """What is known to be best."""
        return {
            place: (None if answers is None else of_answers(self.graph, answers), True)
            for place, answers in known.items()
        }

    def _searched(self, budget: int | None, part: int = 1) -> tuple[Architecture | None, bool]:
        """What is found without the programme, and whether that is the best. ``part``: of the steps that are taken so
        many times fewer."""
        scores, score, held, zeros, logits = self.reading
        sure = not self.by_probability
        graph = self.graph
        if budget is not None:
            graph = replace(graph, constraints=(*graph.constraints, self._constraint(budget)))
        try:
            found = derived(graph, scores, score, held, LIMIT // part, zeros, logits=logits, part=part)
        except SpaceError as error:
            if budget is None or not all(isinstance(d, NothingWithin | NotFoundWithin) for d in error.diagnostics):
                raise
            return None, all(isinstance(d, NothingWithin) for d in error.diagnostics)
        return found.architecture, found.best and sure


def _rising(points: Sequence[FrontPoint]) -> list[FrontPoint]:
    """The points, each that may not be the best with what is better of those within it, in their order."""
    found = list(points)
    held: FrontPoint | None = None
    for place in sorted(range(len(found)), key=lambda place: found[place].budget):
        point = found[place]
        if held is not None and not point.best and _rank(held) > _rank(point):
            found[place] = point = replace(held, budget=point.budget, best=False)
        if point.architecture is not None:
            held = point
    return found


def _rank(point: FrontPoint) -> tuple[float, float]:
    """The greater, the more it is preferred; nothing is preferred least."""
    return (-math.inf, 0) if point.score is None else (-point.zeros, point.score)
