"""From the weights of a search to the architecture that they prefer, within the constraints of the space."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from ...diagnostics.budgets import NotFoundWithin, NothingWithin
from ...diagnostics.model import SpaceError
from ...diagnostics.source import Span
from ...ir.diagram import Case
from ...ir.graph import SpaceGraph
from ..architecture import Architecture, of_answers, violations
from ..costs.additive import default_answers
from ..costs.of_architecture import cost_constraints, costs
from ..demand import active
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.elimination import INFINITE, Elimination, Function, eliminate, ordering
from ..validity import validity
from .lagrangian import best_relaxation, bounds
from .preferences import regrets
from .reading import Score, Zeros

LIMIT = 100_000
"""The search within constraints over costs gives up after this many steps."""


def derive(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    score: Score = "beta",
    held: Mapping[str, Any] | None = None,
    limit: int = LIMIT,
    zeros: Zeros = "allowed",
) -> Architecture:
    """The most probable architecture within `where`.

    The likeliest alternative of a choose; the best-scored elements of a keep; a gate, and an element of a keep of
    open size, stays above weight 0.5, within the keep's bounds. Where constraints over costs forbid that, the most
    probable architecture that meets them. ``scores``: see :func:`.preferences.regrets`; ``held``: values that are
    fixed, by path. With ``zeros`` that are never derived, the alternative on a kept edge is its likeliest one that is
    no exact zero, unless `where` or what is held leaves nothing else. Raises SpaceError (E0441, E0442) when there is
    none, or none was found in ``limit`` steps.
    """
    free, fixed = regrets(graph, scores, score, held or {}, zeros)
    return _Derivation(graph, free, fixed, limit).best()


class _Derivation:
    def __init__(self, graph: SpaceGraph, preferences: list[Case], fixed: list[Case], limit: int) -> None:
        self.graph, self.preferences, self.limit = graph, preferences, limit
        self.allowed = [*validity(graph)[0], *fixed]
        self.arithmetic = Arithmetic(graph.diagrams)
        self.bounds = bounds(graph)
        functions = [*preferences, *self.allowed, *(t for b in self.bounds for t in b.cost.terms)]
        self.order = ordering(graph.diagrams, functions)

    def best(self) -> Architecture:
        plain = self._least(self.preferences)
        if plain.least == INFINITE:
            reason = "the constraints over decisions exclude each other, or what is held"
            raise SpaceError([NothingWithin(self.graph.span, self.graph.name, reason)])
        wished = plain.witness()
        if wished is not None and self._admits(wished):
            return of_answers(self.graph, {**default_answers(self.graph), **wished})
        excesses = self._excesses()
        priced = best_relaxation(self.bounds, self._relaxed) if self.bounds else None
        return self._search([plain] if priced is None else [plain, priced], excesses)

    def _least(self, functions: Sequence[Function]) -> Elimination:
        return eliminate(self.graph.diagrams, [*functions, *self.allowed], self.order)

    def _relaxed(self, prices: Sequence[float]) -> Elimination:
        priced = [f for b, p in zip(self.bounds, prices, strict=True) if p for f in b.functions(self.arithmetic, p)]
        return self._least([*self.preferences, *priced])

    def _excesses(self) -> list[Elimination]:
        """The least excess over each bound. Raises SpaceError where it is above 0."""
        found = []
        for bound in self.bounds:
            excess = self._least(bound.functions(self.arithmetic))
            if excess.least > 0:
                metric, extreme = bound.constraint.metric, bound.limit + bound.sign * excess.least
                what = "cheapest has" if bound.sign > 0 else "dearest has no more than"
                reason = f"the {what} {extreme:.0f} {metric}"
                raise SpaceError([NothingWithin(bound.constraint.span, self.graph.name, reason)])
            found.append(excess)
        return found

    def _search(self, guides: Sequence[Elimination], excesses: Sequence[Elimination]) -> Architecture:
        """Answer the variables one after the other, those eliminated last first, the most promising answers first (A*).

        ``guides`` bound the regret of what can still become of some answers from below (the first is the regret
        itself once all is answered), ``excesses`` what it is beyond the bounds.
        """
        eliminations = (*guides, *excesses)
        rows = list(zip(*(reversed(e.buckets) for e in eliminations), strict=True))
        n = len(guides)
        tie = count()
        start = [e.least for e in eliminations]
        heap: list[tuple[float, int, int, list[float], dict[int, int]]] = [(max(start[:n]), 0, next(tie), start, {})]
        seen: set[Architecture] = set()
        for _ in range(self.limit):
            if not heap:
                reason = "its constraints exclude each other"
                raise SpaceError([NothingWithin(self._place(), self.graph.name, reason)])
            _, minus_depth, _, values, answers = heapq.heappop(heap)
            if -minus_depth == len(rows):
                arch = of_answers(self.graph, {**default_answers(self.graph), **answers})
                if arch not in seen and self._admits(answers):
                    return arch
                seen.add(arch)
                continue
            row = rows[-minus_depth]
            for answer in range(row[0].arity):
                extended = {**answers, row[0].variable: answer}
                after = [value + bucket.step(extended) for value, bucket in zip(values, row, strict=True)]
                # Half a unit for rounding: what has all its answers is looked at exactly.
                if INFINITE in after or any(excess > 0.5 for excess in after[n:]):
                    continue
                bound = after[0] if 1 - minus_depth == len(rows) else max(after[:n])
                heapq.heappush(heap, (bound, minus_depth - 1, next(tie), after, extended))
        raise SpaceError([NotFoundWithin(self._place(), self.graph.name, self.limit, "in order of their probability")])

    def _place(self) -> Span:
        return next((c.span for c in cost_constraints(self.graph)), self.graph.span)

    def _admits(self, answers: Mapping[int, int]) -> bool:
        settled = {**default_answers(self.graph), **answers}
        if violations(self.graph, settled, active(self.graph, settled).decisions):
            return False
        if any(bound.excess(settled) > 0 for bound in self.bounds):
            return False
        known = {id(bound.constraint) for bound in self.bounds}
        others = [c for c in cost_constraints(self.graph) if id(c) not in known]
        if not others:
            return True
        exact = costs(self.graph, of_answers(self.graph, settled))
        return all(exact.within(c) for c in others)
