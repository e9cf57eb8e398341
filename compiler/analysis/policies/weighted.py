"""Decisions with weights of their own, independent of each other but for what `where` excludes."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ...ir.decisions import Decision
from ...ir.diagram import evaluate
from ...ir.graph import SpaceGraph
from ..architecture import Architecture, answers_of, of_answers, violations
from ..circuits.circuit import Circuit
from ..circuits.of_space import circuits
from ..costs.limits import Limits
from ..costs.listing import Listing
from ..costs.of_architecture import cost_constraints
from ..demand import active, next_question
from ..derivation.derive import derive
from ..derivation.walk import Walk
from ..feasible import Found, found
from ..marginals import Marginal
from ..remaining import within
from ..sampling import ATTEMPTS, ATTEMPTS_AT_LENGTH
from ..sums.bests import Preference, bests
from ..sums.exactly import PASSING_ROOM, PASSING_WORK, Sums
from ..sums.jointly.weighing import Weighing as Paths
from ..sums.nearly import Nearly
from ..sums.tables import Effort, TooMuch
from ..sums.weighed import Weighed, weighed
from ..values import decode, encode
from .outcomes import listed_outcomes, outcomes_of
from .policy import Policy
from .rows import NEVER, LogRows, even_rows, log_rows, log_sum
from .weighing import Weighing, held_down, pick

FEW_ATTEMPTS = 100
"""So many show whether drawing takes long where the sums of costs are known, which then are weighed once."""


class Weighted(Policy):
    """The probability of an architecture is the product of the weights of its active decisions, over what all within
    `where` weigh together. ``rows``: as :func:`.rows.log_rows` makes them; ``weights``, ``logits``: what they were
    made of."""

    def __init__(
        self,
        graph: SpaceGraph,
        rows: LogRows,
        held: Mapping[str, Any] | None = None,
        weights: Mapping[str, Sequence[float]] | None = None,
        logits: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self.graph, self.rows, self.held = graph, rows, dict(held or {})
        self.weights, self.logits = dict(weights or {}), dict(logits or {})
        self._answers: dict[int, int] = {}
        for path, value in self.held.items():
            self._answers |= encode(graph.by_path[path], value)

    def draw(self, key: int) -> Architecture:
        generator = random.Random(key)
        if isinstance(self._within, Circuit):
            assert self._weighing is not None
            if self._weighing.total == NEVER:
                raise self.nothing()
            return of_answers(self.graph, self._weighing.draw(generator))
        if self._within is not None:
            if self._total == NEVER:
                raise self.nothing()
            return of_answers(self.graph, self._within.unrank(pick(self._listed, generator)))
        return self._by_rejection(generator)

    def log_prob(self, arch: Mapping[str, Any]) -> float | None:
        answers = answers_of(self.graph, arch)
        if self._within is not None:
            try:
                self._within.rank(answers)
            except KeyError:
                return NEVER
        elif isinstance(self._sums, Sums) and self._weighed is not None:
            try:
                self._sums.rank(answers)
            except KeyError:
                return NEVER
            weight = self._weight(answers)
            return weight if weight == NEVER else weight - self._weighed.total
        if self._total is None:
            return None
        weight = self._weight(answers)
        return weight if weight == NEVER else weight - self._total

    def marginals(self) -> dict[str, Marginal] | None:
        if isinstance(self._within, Circuit):
            assert self._weighing is not None
            if self._total == NEVER:
                return None
            found = self._weighing.answered()
        elif self._within is not None and self._total not in (None, NEVER):
            found = self._listed_marginals(self._within)
        else:
            return None
        return {d.path: _marginal(d, found) for d in self.graph.open}

    def outcomes(self, paths: Sequence[str]) -> dict[tuple[Any, ...], float] | None:
        decisions = [self.graph.by_path[path] for path in paths]
        variables = [v.index for decision in decisions for v in decision.variables]
        if self._within is None or self._total in (None, NEVER):
            return None
        if self._weighing is not None:
            found = outcomes_of(self._weighing, variables)
        else:
            assert isinstance(self._within, Listing)
            assert self._total is not None
            listed = (self._within.unrank(place) for place in range(self._within.count))
            chances = (math.exp(weight - self._total) for weight in self._listed)
            found = listed_outcomes(zip(listed, chances, strict=True), variables)
        return {
            tuple(_decoded(decision, dict(zip(variables, outcome, strict=True))) for decision in decisions): chance
            for outcome, chance in found.items()
        }

    def likeliest(self) -> Architecture:
        if isinstance(self._within, Circuit):
            assert self._weighing is not None
            if self._weighing.total == NEVER:
                raise self.nothing()
            return of_answers(self.graph, self._weighing.heaviest())
        if self._within is not None:
            if self._total == NEVER:
                raise self.nothing()
            return of_answers(self.graph, self._within.unrank(self._listed.index(max(self._listed))))
        best = self._best()
        if best is not None:
            return of_answers(self.graph, best)
        # What cannot be weighed is searched for by regrets, which take what nothing asks for at its likeliest.
        return derive(self.graph, self.weights, "beta", self.held, logits=self.logits)

    def _best(self) -> Mapping[int, int] | None:
        """The answers of the likeliest within constraints over costs; None where their sums are not known."""
        graph = self._remaining
        whole = circuits(graph).whole
        if whole is None or not whole.count:
            return None
        found = bests(graph, [cost_constraints(graph)], Preference(self.rows))
        if 0 not in found:
            return None
        if (best := found[0]) is None:
            raise self.nothing()
        return best.answers

    @cached_property
    def _remaining(self) -> SpaceGraph:
        """The space with what is held."""
        return within(self.graph, self.held) if self.held else self.graph

    @cached_property
    def _found(self) -> Found | None:
        """What is within `where` and agrees with what is held."""
        whole = found(self.graph)
        if not self._answers or whole is None:
            return whole
        if isinstance(whole, (Sums, Nearly)):
            return found(self._remaining)  # fewer may be listed, or have a circuit
        return held_down(whole, self._answers) if isinstance(whole, Circuit) else whole.agreeing(self._answers)

    @cached_property
    def _sums(self) -> Sums | Nearly | None:
        """The same, where what is known of it are sums of costs."""
        return self._found if isinstance(self._found, (Sums, Nearly)) else None

    @cached_property
    def _weighed(self) -> Weighed | Paths | None:
        """The same by weight; None where that takes too long."""
        if self._sums is None:
            return None
        asking = self._sums.states.asking
        try:
            return weighed(
                self._sums,
                lambda state, answer: self.rows[asking(state).variable][answer],
                Effort(PASSING_WORK, PASSING_ROOM),
            )
        except TooMuch:
            return None

    def _weight(self, answers: Mapping[int, int]) -> float:
        return sum(self.rows[variable][answer] for variable, answer in answers.items())

    @cached_property
    def _within(self) -> Circuit | Listing | None:
        # Sums know how many there are; :class:`Weighed` what they weigh.
        return None if isinstance(self._found, (Sums, Nearly)) else self._found

    @cached_property
    def _weighing(self) -> Weighing | None:
        return Weighing(self._within, self.rows) if isinstance(self._within, Circuit) else None

    @cached_property
    def _listed(self) -> list[float]:
        """The weights of what is listed one by one."""
        assert isinstance(self._within, Listing)
        return [self._weight(self._within.unrank(place)) for place in range(self._within.count)]

    @cached_property
    def _total(self) -> float | None:
        """What all within `where` weigh, as a logarithm; None where that is not known."""
        if self._weighing is not None:
            return self._weighing.total
        if self._within is not None:
            return log_sum(self._listed)
        return None if self.graph.constraints or not self._settled else 0.0

    @property
    def _settled(self) -> bool:
        """Whether the weights give what is held with certainty, so that all that agrees with it weighs one."""
        return all(self.rows[variable][answer] == 0 for variable, answer in self._answers.items())

    def _listed_marginals(self, within: Listing) -> dict[int, list[float]]:
        found: dict[int, list[float]] = {}
        assert self._total is not None
        for place, weight in enumerate(self._listed):
            for variable, answer in within.unrank(place).items():
                row = found.setdefault(variable, [0.0] * len(self.rows[variable]))
                row[answer] += math.exp(weight - self._total)
        return found

    def _by_rejection(self, generator: random.Random) -> Architecture:
        """Draw with constraints over costs left aside until an architecture is within them; where that takes too long,
        by what all within them weigh; and where that is not known, look for one, with the same weights among what lets
        something follow within them."""
        answers = None if self._rare else self._admitted(generator, self._attempts)
        if answers is None and self._weighed is not None:
            if self._weighed.total == NEVER:
                raise self.nothing()
            answers = self._by_weight(self._weighed, generator)
        if answers is None:
            landed = self._walk.find(generator, self.rows)
            if landed.answers is None:
                raise self.nothing() if landed.all else self.not_found(self._attempts, landed.steps)
            answers = landed.answers
        return of_answers(self.graph, answers)

    @staticmethod
    def _by_weight(weighed: Weighed | Paths, generator: random.Random) -> Mapping[int, int] | None:
        for _ in range(ATTEMPTS):
            if (answers := weighed.draw(generator)) is not None:
                return answers
        return None

    def _admitted(self, generator: random.Random, attempts: int) -> Mapping[int, int] | None:
        """What is drawn within the constraints over costs in a limited number of attempts."""
        for _ in range(attempts):
            free = self._without_costs
            answers = self._step_by_step(generator) if free is None else free.draw(generator)
            if answers is not None and self._limits.admit(answers):
                return answers
        return None

    @cached_property
    def _rare(self) -> bool:
        """Whether it is known that drawing takes too long. Asked of a seed of its own, so that what is drawn for a key
        does not depend on what was drawn before."""
        attempts = self._attempts if self._sums is None else min(FEW_ATTEMPTS, self._attempts)
        return self._admitted(random.Random(0), attempts) is None

    @cached_property
    def _limits(self) -> Limits:
        return Limits(self.graph, cost_constraints(self.graph))

    @cached_property
    def _walk(self) -> Walk:
        return Walk(self.graph, held=self._answers)

    @cached_property
    def _without_costs(self) -> Weighing | None:
        """All architectures but for the constraints over costs; None where there are too many to weigh."""
        whole = circuits(self.graph).whole
        if whole is None:
            return None
        weighing = Weighing(held_down(whole, self._answers), self.rows)
        if weighing.total == NEVER:
            raise self.nothing()
        return weighing

    @property
    def _attempts(self) -> int:
        return ATTEMPTS if self._without_costs is not None and self._limits.simple else ATTEMPTS_AT_LENGTH

    def _step_by_step(self, generator: random.Random) -> dict[int, int] | None:
        """Answer what evaluation asks, as it asks; None where a constraint over decisions is broken."""
        answers = dict(self._answers)
        while (decision := next_question(self.graph, answers)) is not None:
            answers |= self._answer(decision, generator)
        asked = active(self.graph, answers).decisions
        if violations(self.graph, answers, asked):
            return None
        own = {v.index for id in asked for v in self.graph.decisions[id].variables}
        return {variable: answer for variable, answer in answers.items() if variable in own}

    def _answer(self, decision: Decision, generator: random.Random) -> dict[int, int]:
        if decision.kind != "keep":
            (variable,) = decision.variables
            return {variable.index: pick(self.rows[variable.index], generator)}
        for _ in range(ATTEMPTS):
            answers = {v.index: pick(self.rows[v.index], generator) for v in decision.variables}
            if evaluate(decision.valid, answers) is True:
                return answers
        raise self.not_found(ATTEMPTS, 0)


def even(graph: SpaceGraph, held: Mapping[str, Any] | None = None) -> Weighted:
    """Decision by decision, each one evenly: structural variety, where uniform over architectures would nearly always
    take the alternatives that most architectures are behind."""
    return Weighted(graph, even_rows(graph), held)


def weighted(
    graph: SpaceGraph,
    weights: Mapping[str, Sequence[float]],
    held: Mapping[str, Any] | None = None,
    logits: Mapping[str, Sequence[float]] | None = None,
) -> Weighted:
    """Decisions with the weights, or the logits, that a search left; see :func:`.rows.log_rows`. Raises ValueError."""
    rows = log_rows(graph, weights, logits)
    return Weighted(graph, rows, held, weights, logits)


def _decoded(decision: Decision, outcome: Mapping[int, int | None]) -> Any:
    answers = {v.index: answer for v in decision.variables if (answer := outcome[v.index]) is not None}
    return decode(decision, answers) if answers else None


def _marginal(decision: Decision, found: Mapping[int, Sequence[float]]) -> Marginal:
    rows = [found.get(v.index, ()) for v in decision.variables]
    if decision.kind == "keep":
        return Marginal(math.fsum(rows[0]), tuple(row[1] if row else 0.0 for row in rows))
    return Marginal(math.fsum(rows[0]), tuple(rows[0]) or (0.0,) * len(decision.options))
