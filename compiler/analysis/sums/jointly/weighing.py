"""Architectures within several bounds at once, drawn by weight."""

from __future__ import annotations

import random

from ..tables import NEVER, Effort, Join, Scores
from ..weights import drawn
from .paths import scored
from .sums import Jointly


class Weighing:
    """Of what is within the bounds, where the logarithms of weights add up over answers.
    ``total``: the logarithm of what all weigh."""

    def __init__(self, found: Jointly, scores: Scores, effort: Effort) -> None:
        """Raises TooMuch."""
        self._states, self._found, self._scores = found.states, found.beginnings, scores
        self._tables = scored(self._found, scores, Join.LOG_SUM, effort) if found.count else {}
        self.total = float(self._tables[self._found.order[0]][0]) if found.count else NEVER

    def draw(self, generator: random.Random) -> dict[int, int]:
        """One of them, by weight. There is one with a weight."""
        import numpy as np

        answers: dict[int, int] = {}
        state, at = self._found.order[0], 0
        while ways := self._found.places.ways[state]:
            edges = self._found.edges[state]
            weights = [
                float(self._tables[way.state][own[at]]) + self._scores(state, way.answer)
                for way, own in zip(ways, edges, strict=True)
            ]
            chosen = drawn(np.array(weights), generator)
            answers[self._states.asking(state).variable] = ways[chosen].answer
            state, at = ways[chosen].state, int(edges[chosen][at])
        return answers
