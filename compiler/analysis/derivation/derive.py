"""From the weights of a search to the architecture that they prefer, within the constraints of the space."""

from __future__ import annotations

import heapq
import random
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any

from ...diagnostics.budgets import NotFoundWithin, NothingWithin
from ...diagnostics.model import SpaceError
from ...diagnostics.source import Span
from ...ir.diagram import Case
from ...ir.graph import SpaceGraph
from ...record import record
from ..architecture import Architecture, of_answers, violations
from ..costs.additive import default_answers
from ..costs.limits import Limits
from ..costs.measures import trained_in
from ..costs.of_architecture import cost_constraints
from ..demand import active
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import INFINITE, Elimination, eliminate, ordering
from ..validity import validity
from ..values import encode
from .descent import Descent, Landed, Way
from .exactly import exactly
from .lagrangian import best_relaxation
from .preferences import regrets
from .reading import Method, Score, Zeros
from .summed import summed
from .walk import STEPS, Walk, settled

LIMIT = 20_000
"""The search in order of probability gives up after this many steps: some seconds, and 200 MB."""

DESCENT = 10_000
"""So many answers are then tried depth first, the most promising ones first, for the best that is found."""

LOOKED = 300
"""The search in order of probability gives up after so many architectures whose costs only their networks tell."""


@record
class Derived:
    """``best``: no architecture within `where` is more probable; else it is the best one that was found, when the
    search gave up."""

    architecture: Architecture
    best: bool


def derive(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    score: Score = "beta",
    held: Mapping[str, Any] | None = None,
    zeros: Zeros = "allowed",
    method: Method = "search",
    logits: Mapping[str, Sequence[float]] | None = None,
) -> Architecture:
    """The most probable architecture within `where`, as far as it is found: see :func:`derived`."""
    return derived(graph, scores, score, held, zeros=zeros, method=method, logits=logits).architecture


def derived(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    score: Score = "beta",
    held: Mapping[str, Any] | None = None,
    limit: int = LIMIT,
    zeros: Zeros = "allowed",
    method: Method = "search",
    logits: Mapping[str, Sequence[float]] | None = None,
    part: int = 1,
) -> Derived:
    """The most probable architecture within `where`.

    The likeliest alternative of a choose; the best-scored elements of a keep; a gate, and an element of a keep of open
    size, stays above weight 0.5, within the keep's bounds. Where constraints over costs forbid that, the most probable
    architecture that meets them; where that takes more than ``limit`` steps, the best that is found depth first.
    ``part``: what is searched for after that takes so many times fewer steps. ``scores``, ``logits``: see
    :func:`.preferences.each_regret`; ``held``: values that are fixed, by path. With ``zeros`` that are never derived,
    the alternative on a kept edge is its likeliest one that is no exact zero, unless `where` or what is held leaves
    nothing else. With the ``method`` `exact` it is computed, whatever the constraints over costs, unless one of these
    is no sum or has too many different sums (:func:`.exactly.exactly`): then it is searched for all the same. Raises
    SpaceError (E0441, E0442) when there is none, or none was found.
    """
    answers: dict[int, int] = {}
    for path, value in (held or {}).items():
        answers |= encode(graph.by_path[path], value)
    wanted = regrets(graph, scores, score, set(held or ()), zeros, logits)
    derivation = _Derivation(graph, wanted, answers, limit, part)
    wished = derivation.wished()
    if wished is not None:
        return Derived(wished, True)
    if method == "search":
        return derivation.best()
    preference = summed(graph, scores, score, held, zeros, logits)
    known = exactly(graph, preference, combined=False)
    if known:
        return derivation.known(known[0])
    # Several budgets: a search is sure of the best one mostly long before all combinations of sums are gone through.
    try:
        found = derivation.best()
    except SpaceError:
        if not (known := exactly(graph, preference)):
            raise
    else:
        if found.best or not (known := exactly(graph, preference)):
            return found
    return derivation.known(known[0])


class _Derivation:
    def __init__(
        self, graph: SpaceGraph, preferences: list[Case], held: Mapping[int, int], limit: int, part: int
    ) -> None:
        self.graph, self.preferences, self.held, self.limit, self.part = graph, preferences, held, limit, part
        self.arithmetic = Arithmetic(graph.diagrams)

    def best(self) -> Derived:
        """What is searched for where what is preferred is not within `where`."""
        walk = Walk(self.graph, held=self.held, also=self.preferences)
        relaxed = best_relaxation(walk.bounds, lambda prices: self._relaxed(walk, prices)) if walk.bounds else None
        guides = [walk.least(self.preferences), *([relaxed] if relaxed is not None else [])]
        found = self._in_order(walk, guides)
        if found is not None:
            return Derived(self._architecture(found), True)
        descent = Descent(guides, walk.ceilings, walk.fits, walk.matters)
        landed = descent.run(partial(_promising, goals=len(guides)), walk.within(DESCENT // self.part))
        if landed.answers is not None:
            return Derived(self._architecture(landed.answers), landed.all)
        drawn = Landed(None, 0, True) if landed.all else walk.find(random.Random(0), limit=STEPS // self.part)
        if drawn.answers is not None:
            return Derived(self._architecture(drawn.answers), False)
        if drawn.all:
            raise self._nothing()
        steps = walk.within(self.limit) + landed.steps + drawn.steps
        raise SpaceError([NotFoundWithin(self._place(), self.graph.name, 0, steps, trained_in(self.graph))])

    def known(self, answers: Mapping[int, int] | None) -> Derived:
        """What is best, where that is known; None: there is nothing."""
        if answers is None:
            Walk(self.graph, held=self.held)  # where one constraint alone excludes everything, it says by how much
            raise self._nothing()
        return Derived(of_answers(self.graph, answers), True)

    def wished(self) -> Architecture | None:
        """What is preferred, where it is within `where`."""
        functions = [*self.preferences, *validity(self.graph)[0], *settled(self.graph, self.held)]
        plain = eliminate(self.graph.diagrams, functions, ordering(self.graph.diagrams, functions))
        if plain.least == INFINITE:
            reason = "the constraints over decisions exclude each other, or what is held"
            found = NothingWithin(self.graph.span, self.graph.name, reason, trained=trained_in(self.graph))
            raise SpaceError([found])
        answers = plain.witness()
        if answers is None:
            return None
        whole = {**default_answers(self.graph), **answers}
        if violations(self.graph, whole, active(self.graph, whole).decisions):
            return None
        fits = Limits(self.graph, cost_constraints(self.graph)).admit(whole)
        return self._architecture(answers) if fits else None

    def _relaxed(self, walk: Walk, prices: Sequence[float]) -> Elimination:
        priced = [f for b, p in zip(walk.bounds, prices, strict=True) if p for f in b.functions(self.arithmetic, p)]
        return walk.least([*self.preferences, *priced])

    def _in_order(self, walk: Walk, guides: Sequence[Elimination]) -> Mapping[int, int] | None:
        """Answer the variables one after the other, those eliminated last first, the most promising answers first (A*):
        the first architecture within `where` is the best one. None where that takes too long.

        ``guides`` bound the regret of what can still become of some answers from below (the first is the regret
        itself once all is answered).
        """
        eliminations = (*guides, *(ceiling.elimination for ceiling in walk.ceilings))
        most = [ceiling.most for ceiling in walk.ceilings]
        rows = list(zip(*(reversed(e.buckets) for e in eliminations), strict=True))
        n = len(guides)
        tie = count()
        start = [e.least for e in eliminations]
        heap: list[tuple[float, int, int, list[float], dict[int, int]]] = [(max(start[:n]), 0, next(tie), start, {})]
        seen: set[Architecture] = set()
        steps, looked = walk.within(self.limit), LOOKED if walk.limits.others else self.limit
        for _ in range(steps):
            if not heap:
                raise self._nothing()
            _, minus_depth, _, values, answers = heapq.heappop(heap)
            if -minus_depth == len(rows):
                arch = self._architecture(answers)
                if arch not in seen:
                    if walk.admits(answers):
                        return answers
                    seen.add(arch)
                    if len(seen) == looked:
                        return None
                continue
            row = rows[-minus_depth]
            for answer in range(row[0].arity):
                extended = {**answers, row[0].variable: answer}
                after = [value + bucket.step(extended) for value, bucket in zip(values, row, strict=True)]
                if INFINITE in after or any(value > top for value, top in zip(after[n:], most, strict=True)):
                    continue
                bound = after[0] if 1 - minus_depth == len(rows) else max(after[:n])
                heapq.heappush(heap, (bound, minus_depth - 1, next(tie), after, extended))
        return None

    def _architecture(self, answers: Mapping[int, int]) -> Architecture:
        return of_answers(self.graph, {**default_answers(self.graph), **self.held, **answers})

    def _nothing(self) -> SpaceError:
        reason = "its constraints exclude each other"
        return SpaceError([NothingWithin(self._place(), self.graph.name, reason, trained=trained_in(self.graph))])

    def _place(self) -> Span:
        return next((c.span for c in cost_constraints(self.graph)), self.graph.span)


def _promising(variable: int, ways: list[Way], goals: int) -> list[Way]:
    """The ways with the least bound on the regret first."""
    return sorted(ways, key=lambda way: max(way[1][:goals]))
