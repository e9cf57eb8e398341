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
from ..feasible import Feasible, feasible
from ..marginals import Marginal, marginals_of
from ..values import encode
from .policy import Policy
from .weighing import held_down
from .weighted import Weighted, even


class Uniform(Policy):
    """Uniform over the architectures within `where`, in whole numbers as far as these can be counted; where they
    cannot, decision by decision, each one evenly."""

    def __init__(self, graph: SpaceGraph, held: Mapping[str, Any] | None = None) -> None:
        self.graph, self.held = graph, dict(held or {})

    def draw(self, key: int) -> Architecture:
        if self._within is None:
            return self._stepwise.draw(key)
        if not self._within.count:
            raise self.nothing()
        return of_answers(self.graph, self._within.draw(random.Random(key)))

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
        found = feasible(self.graph)
        if not self.held or found is None:
            return found
        answers: dict[int, int] = {}
        for path, value in self.held.items():
            answers |= encode(self.graph.by_path[path], value)
        return held_down(found, answers) if isinstance(found, Circuit) else found.agreeing(answers)

    @cached_property
    def _stepwise(self) -> Weighted:
        return even(self.graph, self.held)
