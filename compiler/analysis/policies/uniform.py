"""Every architecture of a space with the same probability."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ...ir.graph import SpaceGraph
from ..architecture import Architecture, answers_of, of_answers
from ..circuits.circuit import Circuit
from ..feasible import Feasible, Found, found
from ..marginals import Marginal, marginals_of
from ..remaining import within
from ..sums.exactly import Sums
from ..sums.nearly import Nearly
from ..values import encode
from .policy import Policy
from .weighing import held_down
from .weighted import Weighted, even

PROPOSED = 2_000
"""So many architectures are proposed at most before one is within constraints over costs that are only nearly known."""


class Uniform(Policy):
    """Uniform over the architectures within `where`, in whole numbers as far as these can be counted; where they
    cannot, decision by decision, each one evenly."""

    def __init__(self, graph: SpaceGraph, held: Mapping[str, Any] | None = None) -> None:
        self.graph, self.held = graph, dict(held or {})

    def draw(self, key: int) -> Architecture:
        generator = random.Random(key)
        if isinstance(self._found, Nearly):
            if self._found.empty:
                raise self.nothing()
            answers = self._found.first(generator, PROPOSED)
            if answers is not None:
                return of_answers(self.graph, answers)
        if self._within is None:
            return self._stepwise.draw(key)
        if not self._within.count:
            raise self.nothing()
        return of_answers(self.graph, self._within.draw(generator))

    def log_prob(self, arch: Mapping[str, Any]) -> float | None:
        if self._within is None:
            return None
        try:
            self._within.rank(answers_of(self.graph, arch))
        except KeyError:
            return -math.inf
        return -math.log(self._within.count)

    def marginals(self) -> dict[str, Marginal] | None:
        if self._within is None or not self._within.count:
            return None
        return marginals_of(self.graph, self._within)

    def likeliest(self) -> Architecture:
        if self._within is None:
            return self._stepwise.likeliest()
        if not self._within.count:
            raise self.nothing()
        return of_answers(self.graph, self._within.unrank(0))

    @cached_property
    def _within(self) -> Feasible | None:
        return None if isinstance(self._found, Nearly) else self._found

    @cached_property
    def _found(self) -> Found | None:
        whole = found(self.graph)
        if not self.held or whole is None:
            return whole
        if isinstance(whole, (Sums, Nearly)):
            return found(within(self.graph, self.held))
        answers: dict[int, int] = {}
        for path, value in self.held.items():
            answers |= encode(self.graph.by_path[path], value)
        return held_down(whole, answers) if isinstance(whole, Circuit) else whole.agreeing(answers)

    @cached_property
    def _stepwise(self) -> Weighted:
        return even(self.graph, self.held)
