"""The architectures within constraints over costs, exactly: how many, and which one has which place."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..circuits.cost_states import CostStates
from .optimum import Best, Optimum
from .passing import passing
from .programme import Programme, Window
from .tables import Effort, Scores

PASSING_WORK = 10_000_000_000
PASSING_ROOM = 900_000_000
"""Marginals and optima take more, and are asked for by themselves."""


@dataclass(frozen=True)
class Sums(ABC):
    """As :class:`..circuits.circuit.Circuit`: ``count``, :meth:`unrank`, :meth:`rank`, :meth:`draw` and
    :attr:`answered`; in an order of its own."""

    states: CostStates

    @property
    @abstractmethod
    def count(self) -> int:
        """How many there are."""

    def unrank(self, rank: int) -> dict[int, int]:
        """The answers of the architecture at place ``rank``, from 0. Raises IndexError."""
        if not 0 <= rank < self.count:
            raise IndexError(f"there are {self.count} architectures, none at {rank}")
        return self._at(rank)

    @abstractmethod
    def _at(self, rank: int) -> dict[int, int]: ...

    @abstractmethod
    def rank(self, answers: Mapping[int, int]) -> int:
        """The place of an architecture. Raises KeyError if it is not among them."""

    def draw(self, generator: random.Random) -> dict[int, int]:
        """One of them, each as likely."""
        return self.unrank(generator.randrange(self.count))

    @property
    @abstractmethod
    def passing(self) -> Mapping[tuple[int, int], int]:
        """By state and answer, how many of them go through. Raises TooMuch."""

    @cached_property
    def answered(self) -> dict[int, dict[int, int]]:
        """For each variable and answer the number of them that contain it. Raises TooMuch."""
        found: dict[int, dict[int, int]] = {}
        for (state, answer), n in self.passing.items():
            row = found.setdefault(self.states.asking(state).variable, {})
            row[answer] = row.get(answer, 0) + n
        return found

    def mean(self, measure: int) -> Fraction:
        """The mean of a cost, by its place among the measures of the states. Raises TooMuch."""
        total = sum(
            n * self.states.asking(state).followers[answer][1][measure] for (state, answer), n in self.passing.items()
        )
        return self.states.base[measure] + Fraction(total, self.count)

    @abstractmethod
    def best(self, scores: Scores) -> Best | None:
        """The one with the greatest sum of scores, of a state and an answer. Raises TooMuch."""


@dataclass(frozen=True)
class Single(Sums):
    """Within bounds over one cost. ``window``: the places of those within the bounds."""

    programme: Programme
    window: Window

    @cached_property
    def count(self) -> int:
        return int(self.programme.count(self.window))

    def _at(self, rank: int) -> dict[int, int]:
        return self.programme.unrank(rank, self.window)

    def rank(self, answers: Mapping[int, int]) -> int:
        return self.programme.rank(answers, self.window)

    @cached_property
    def passing(self) -> dict[tuple[int, int], int]:
        return passing(self.programme, self.window, Effort(PASSING_WORK, PASSING_ROOM))

    def best(self, scores: Scores) -> Best | None:
        effort = Effort(PASSING_WORK, PASSING_ROOM)
        return Optimum(self.states, self.programme.places, scores, effort).within(self.window)
