"""Finding architectures within constraints over costs that hardly any architecture is within."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from functools import cached_property

from ...diagnostics.budgets import NothingWithin
from ...diagnostics.model import SpaceError
from ...ir.decisions import Decision
from ...ir.diagram import Case, Diagram, support
from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import violations
from ..costs.additive import default_answers
from ..costs.limits import Limits
from ..costs.measures import depth_under, measure_of, place_of, trained_in
from ..costs.of_architecture import cost_constraints
from ..demand import active
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import INFINITE, Elimination, Function, eliminate, ordering
from ..diagrams.products import Product
from ..policies.rows import NEVER, LogRows, even_rows
from ..validity import validity
from .descent import Ceiling, Descent, Landed, Way
from .lagrangian import Bound, bounds, in_floats

STEPS = 20_000
"""Looking for an architecture at random gives up after so many answers: a few seconds."""

ROUNDING = 0.5
"""Costs are whole numbers, sums of bounds are floats: what is beyond a bound by less is looked at exactly."""

_JOINT_STEPS = 8
_JOINT_ROUNDING = 1e-9
"""Of all that a weighted sum of bounds adds up."""


DEPTH_SHARE = 10
"""Bounds of the depth take as long as so many steps."""


def settled(graph: SpaceGraph, held: Mapping[int, int]) -> list[Case]:
    """Functions that are 0 for the answers in ``held``, by variable index, and infinite for all others."""
    found = []
    for index, answer in held.items():
        variable = graph.diagrams.variables[index]
        row = [0.0 if a == answer else INFINITE for a in range(variable.arity)]
        found.append(graph.diagrams.case(variable, row))
    return found


class Walk:
    """Depth first through the decisions of a space, only where the lower bounds of what is beyond each constraint let
    something follow.

    Costs that are sums are bounded by elimination, each budget by itself and all of them weighed together, a depth that
    is none by its bounds under the answers so far. ``held``: answers that are settled, by variable index; ``also``:
    further functions that :meth:`least` will be asked of; ``weighed``: whether budgets are weighed together from the
    start, or when :meth:`weigh` is called. Raises SpaceError (E0441) where the bounds exclude everything.
    """

    def __init__(
        self,
        graph: SpaceGraph,
        constraints: Sequence[CostConstraint] | None = None,
        held: Mapping[int, int] | None = None,
        also: Sequence[Function] = (),
        weighed: bool = True,
    ) -> None:
        self.graph, self.held = graph, dict(held or {})
        self.constraints = tuple(cost_constraints(graph) if constraints is None else constraints)
        self.limits = Limits(graph, self.constraints)
        self.bounds = bounds(graph, self.constraints)
        self.arithmetic = Arithmetic(graph.diagrams)
        penalties, complete = validity(graph)
        self._told = complete and self.limits.simple and all(in_floats(*both) for both in self.limits.sums)
        """Whether the functions tell of all architectures whether they are allowed."""
        self.allowed = [*penalties, *settled(graph, self.held)]
        terms = [term for bound in self.bounds for term in bound.cost.terms]
        self.order = ordering(graph.diagrams, [*self.allowed, *terms, *also])
        if not self._told:
            # What no function tells may depend on any decision.
            known = set(self.order)
            own = (v.index for decision in graph.open for v in decision.variables)
            self.order = [*(index for index in own if index not in known), *self.order]
        self.ceilings = self._ceilings()
        self._descent = Descent((), self.ceilings, self.fits, self.matters)
        if weighed:
            self.weigh()

    def weigh(self) -> None:
        """Bounds budgets of different costs together from here on, which takes longer than each by itself does and
        excludes what each of them lets follow."""
        joint = self._joint()
        if joint:
            self.ceilings += joint
            self._descent = Descent((), self.ceilings, self.fits, self.matters)

    def find(self, generator: random.Random, rows: LogRows | None = None, limit: int = STEPS) -> Landed:
        """Answers to all active decisions of an architecture within all constraints. Every question is answered with
        the probabilities of ``rows`` (evenly without them) among the answers that the bounds let something follow: not
        all architectures are as likely. Begins anew, each time for longer, where a beginning leads nowhere."""
        weights = even_rows(self.graph) if rows is None else rows
        limit = self.within(limit)

        def shuffled(variable: int, ways: list[Way]) -> list[Way]:
            row = weights[variable]
            possible = [(row[way[0]] + _gumbel(generator), way) for way in ways if row[way[0]] > NEVER]
            return [way for _, way in sorted(possible, key=lambda pair: -pair[0])]

        tried, pause = 0, 50 + 2 * len(self.order)
        while True:
            landed = self._descent.run(shuffled, min(pause, limit - tried))
            tried += landed.steps
            if landed.answers is not None:
                return Landed(self._whole(landed.answers, weights, generator), tried, False)
            if landed.all or tried >= limit:
                return Landed(None, tried, landed.all)
            pause *= 2

    def within(self, limit: int) -> int:
        """A limit on steps, less where each of them takes long."""
        return limit // DEPTH_SHARE if self.limits.depths else limit

    def fits(self, answers: Mapping[int, int], last: bool) -> bool:
        """Whether what the eliminations do not know of allows the answers: a depth, where it is not known to be
        beyond; all constraints exactly, where they are the ``last``."""
        for constraint in self.limits.depths:
            low, high = depth_under(self.graph, constraint, answers)
            if constraint.high is not None and low > constraint.high:
                return False
            if constraint.low is not None and high < constraint.low:
                return False
        return not last or self.admits(answers)

    def admits(self, answers: Mapping[int, int]) -> bool:
        """Whether the architecture behind the answers is within all constraints."""
        whole = {**default_answers(self.graph), **self.held, **answers}
        if violations(self.graph, whole, active(self.graph, whole).decisions):
            return False
        return self.limits.admit(whole)

    def matters(self, variable: int, answers: Mapping[int, int]) -> bool:
        """Whether some function still depends on a variable after these answers."""
        if not self._told:
            return True
        for product in self._by_variable.get(variable, ()):
            factors = [self.graph.diagrams.restrict(factor, answers) for factor in product]
            if any(not isinstance(f, Diagram) and f == 0 for f in factors):
                continue
            if any(v.index == variable for factor in factors for v in support(factor)):
                return True
        return False

    @cached_property
    def _by_variable(self) -> Mapping[int, Sequence[Product]]:
        found: dict[int, list[Product]] = {}
        functions = [(p,) for p in self.allowed if isinstance(p, Diagram)]
        for product in (*functions, *(t for b in self.bounds for t in b.cost.terms)):
            for v in {v.index for factor in product for v in support(factor)}:
                found.setdefault(v, []).append(product)
        return found

    def least(self, functions: Sequence[Function]) -> Elimination:
        """The least value of a sum of functions over what is allowed."""
        return eliminate(self.graph.diagrams, [*functions, *self.allowed], self.order)

    def _ceilings(self) -> list[Ceiling]:
        excesses = [self.least(bound.functions(self.arithmetic)) for bound in self.bounds]
        for bound, excess in zip(self.bounds, excesses, strict=True):
            if excess.least == INFINITE:
                break
            if excess.least > 0:
                raise self._nothing(bound, excess)
        if not excesses:
            excesses = [self.least([])]
        if any(excess.least == INFINITE for excess in excesses):
            reason = "with what is held" if self.held else "the constraints over decisions exclude each other"
            found = NothingWithin(self.graph.span, self.graph.name, reason, trained=trained_in(self.graph))
            raise SpaceError([found])
        return [Ceiling(excess, ROUNDING) for excess in excesses]

    def _nothing(self, bound: Bound, excess: Elimination) -> SpaceError:
        extreme = bound.limit + bound.sign * excess.least
        known = bound.exact and excess.exact and not self.held
        figure = f"{extreme:,.0f}{'' if known else ' or more'}" if bound.sign > 0 else f"no more than {extreme:,.0f}"
        if bound.constraint.metric == "depth":
            what = f"the {'shallowest' if bound.sign > 0 else 'deepest'} has a depth of {figure}"
        else:
            what = f"the {'cheapest' if bound.sign > 0 else 'dearest'} has {figure} {bound.constraint.metric}"
        reason = f"{what}{place_of(bound.constraint)}"
        trained = trained_in(self.graph)
        return SpaceError([NothingWithin(bound.constraint.span, self.graph.name, reason, trained=trained)])

    def _joint(self) -> list[Ceiling]:
        """The least weighted sum of what is beyond bounds of different costs, which is 0 or less where all are met; the
        weights are moved towards the bounds that the architecture with the least sum is beyond."""
        if len({measure_of(self.graph, bound.constraint) for bound in self.bounds}) < 2:
            return []
        scales = [bound.scale for bound in self.bounds]
        shares = [1 / len(scales)] * len(scales)
        best: Ceiling | None = None
        for _ in range(_JOINT_STEPS):
            priced = [(bound, share * scale) for bound, share, scale in zip(self.bounds, shares, scales, strict=True)]
            found = self.least([f for bound, price in priced for f in bound.functions(self.arithmetic, price)])
            size = sum(price * (abs(b.limit) + b.cost.constant + 10 / b.scale) for b, price in priced)
            if best is None or found.least > best.elimination.least:
                best = Ceiling(found, _JOINT_ROUNDING * size)
            answers = found.witness()
            if answers is None or found.least > best.most:
                break
            # Multiplicative weights: a bound that is broken counts for more.
            moved = [s * math.exp(b.scale * b.excess(answers) / 10) for b, s in zip(self.bounds, shares, strict=True)]
            shares = [share / math.fsum(moved) for share in moved]
        return [best] if best is not None else []

    def _whole(self, answers: Mapping[int, int], rows: LogRows, generator: random.Random) -> dict[int, int]:
        """Answers to all active decisions: those that no constraint depends on are drawn, too."""
        answered = {**self.held, **answers}
        for decision in self.graph.open:
            answered |= _drawn(decision, answered, rows, generator)
        asked = active(self.graph, answered).decisions
        return {v.index: answered[v.index] for id in asked for v in self.graph.decisions[id].variables}


def _drawn(decision: Decision, answered: Mapping[int, int], rows: LogRows, generator: random.Random) -> dict[int, int]:
    """Answers to the variables of a decision that have none. (Those of a keep have, unless any will do.)"""
    answers: dict[int, int] = {}
    for variable in decision.variables:
        if variable.index not in answered:
            weights = [weight + _gumbel(generator) for weight in rows[variable.index]]
            answers[variable.index] = weights.index(max(weights))
    return answers


def _gumbel(generator: random.Random) -> float:
    """Added to logarithms of weights, the greatest sum is drawn in proportion to the weights."""
    return -math.log(-math.log(generator.random() or 1e-300))
