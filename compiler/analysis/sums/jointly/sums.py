"""The architectures within several bounds at once, exactly: the paths through classes of beginnings.

Their order is that of the answers along the walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...circuits.cost_states import CostStates
from ..exactly import PASSING_ROOM, PASSING_WORK, Sums
from ..lattice import Lattice
from ..optimum import Best
from ..tables import NEVER, Effort, Join, Scores
from ..words import integer, product
from .beginnings import Beginnings, beginnings
from .paths import before, counts, scored

if TYPE_CHECKING:
    from ..words import Words


@dataclass(frozen=True)
class Jointly(Sums):
    """``beginnings``; ``after``: by state, how many ways on there are from each of its classes."""

    beginnings: Beginnings
    after: Mapping[int, Words]

    @cached_property
    def count(self) -> int:
        start = self.beginnings.order[0]
        return integer(self.after[start][:, 0]) if self.beginnings.sizes[start] else 0

    def _at(self, rank: int) -> dict[int, int]:
        answers: dict[int, int] = {}
        state, at = self.beginnings.order[0], 0
        while ways := self.beginnings.places.ways[state]:
            for way, edges in zip(ways, self.beginnings.edges[state], strict=True):
                following = int(edges[at])
                n = integer(self.after[way.state][:, following])
                if rank < n:
                    break
                rank -= n
            else:
                raise AssertionError("there are as many ways on as was counted")
            answers[self.states.asking(state).variable] = way.answer
            state, at = way.state, following
        return answers

    def rank(self, answers: Mapping[int, int]) -> int:
        found, state, at = 0, self.beginnings.order[0], 0
        if not self.count:
            raise KeyError("there is nothing within the constraints over costs")
        while ways := self.beginnings.places.ways[state]:
            answer = answers[self.states.asking(state).variable]
            for way, edges in zip(ways, self.beginnings.edges[state], strict=True):
                following = int(edges[at])
                if way.answer == answer:
                    break
                found += integer(self.after[way.state][:, following])
            else:
                raise KeyError("the architecture is not in the space")
            if following < 0:
                raise KeyError("the architecture is beyond the constraints over costs")
            state, at = way.state, following
        return found

    @cached_property
    def passing(self) -> dict[tuple[int, int], int]:
        import numpy as np

        found: dict[tuple[int, int], int] = {}
        if not self.count:
            return found
        come = before(self.beginnings, Effort(PASSING_WORK, PASSING_ROOM))
        for state in self.beginnings.order:
            for way, edges in zip(self.beginnings.places.ways[state], self.beginnings.edges[state], strict=True):
                inside = np.flatnonzero(edges >= 0)
                found[state, way.answer] = product(come[state][:, inside], self.after[way.state][:, edges[inside]])
        return found

    def best(self, scores: Scores) -> Best | None:
        return best_of(self.states, self.beginnings, scores, Effort(PASSING_WORK, PASSING_ROOM))


def jointly(states: CostStates, places: Lattice, effort: Effort) -> Jointly:
    """``places``: of sums that are exact. Raises TooMuch."""
    found = beginnings(places, states.start, effort)
    return Jointly(states, found, counts(found, effort))


def best_of(states: CostStates, found: Beginnings, scores: Scores, effort: Effort) -> Best | None:
    """The path with the greatest sum of scores, of a state and an answer. Raises TooMuch."""
    tables = scored(found, scores, Join.GREATEST, effort)
    state, at = found.order[0], 0
    if not found.sizes[state] or tables[state][0] == NEVER:
        return None
    score = float(tables[state][0])
    answers: dict[int, int] = {}
    while ways := found.places.ways[state]:
        behind = [
            (float(tables[way.state][edges[at]]) + scores(state, way.answer), -i)
            for i, (way, edges) in enumerate(zip(ways, found.edges[state], strict=True))
        ]
        chosen = -max(behind)[1]
        answers[states.asking(state).variable] = ways[chosen].answer
        state, at = ways[chosen].state, int(found.edges[state][chosen][at])
    return Best(score, answers)
