"""A space in which architectures of another one are trained: what their answers are there."""

from __future__ import annotations

from collections.abc import Mapping

from ..record import record
from .graph import SpaceGraph


@record(eq=False)
class Sibling:
    """``graph``: the other space. ``own``: for each of its variables (index) that the first space decides too, the
    variable there, and by the answer to that the answer here; ``settled``: answers to its other variables, which
    architectures of the first space do not use."""

    graph: SpaceGraph
    own: Mapping[int, tuple[int, tuple[int, ...]]]
    settled: Mapping[int, int]
    name: str
    """How messages call it."""

    def answers(self, answers: Mapping[int, int]) -> dict[int, int]:
        """Answers to variables of the first space as answers here; what has none there has none here."""
        found = dict(self.settled)
        for variable, (own, here) in self.own.items():
            if own in answers:
                found[variable] = here[answers[own]]
        return found
