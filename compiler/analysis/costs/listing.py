"""The architectures of a small space that are within its constraints over costs, looked at one by one."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property

from ...ir.graph import CostConstraint, SpaceGraph
from ..circuits.circuit import Circuit
from .limits import Limits
from .table import Table

LISTED = 20_000
"""Up to this many architectures are looked at one by one. That takes a few tenths of a second."""


class Listing:
    """The places, in the order of a circuit, of what is within the constraints. Answers the same questions as a
    circuit."""

    def __init__(self, circuit: Circuit, table: Table, places: Sequence[int]) -> None:
        self.circuit, self.table, self.places = circuit, table, places

    @property
    def count(self) -> int:
        return len(self.places)

    def unrank(self, rank: int) -> dict[int, int]:
        """As :meth:`Circuit.unrank`."""
        if not 0 <= rank < self.count:
            raise IndexError(f"there are {self.count} architectures, none at {rank}")
        return self.circuit.unrank(self.places[rank])

    def rank(self, answers: Mapping[int, int]) -> int:
        """As :meth:`Circuit.rank`."""
        place = self.circuit.rank(answers)
        rank = bisect_left(self.places, place)
        if rank == self.count or self.places[rank] != place:
            raise KeyError("the architecture is beyond the constraints over costs")
        return rank

    def draw(self, generator: random.Random) -> dict[int, int]:
        """As :meth:`Circuit.draw`."""
        return self.unrank(generator.randrange(self.count))

    def agreeing(self, answers: Mapping[int, int]) -> Listing:
        """Those that agree with ``answers`` wherever they ask for one of these variables."""
        kept = list(self.places)
        for variable, answer in answers.items():
            column = self.table.answers.get(variable)
            if column is not None:
                kept = [place for place in kept if column[place] in (answer, -1)]
        return Listing(self.circuit, self.table, kept)

    @cached_property
    def answered(self) -> dict[int, dict[int, int]]:
        """As :attr:`Circuit.answered`."""
        import numpy as np

        found = {}
        for variable, column in self.table.answers.items():
            answers, counts = np.unique(column[list(self.places)], return_counts=True)
            pairs = zip(answers.tolist(), counts.tolist(), strict=True)
            found[variable] = {answer: n for answer, n in pairs if answer >= 0}
        return found


def listed(graph: SpaceGraph, circuit: Circuit, constraints: Sequence[CostConstraint]) -> Listing | None:
    """What is within the constraints; None where there is too much to list, or a cost is no exact sum."""
    if circuit.count > LISTED:
        return None
    limits = Limits(graph, constraints)
    if not limits.in_columns:
        return None
    table = Table.of_circuit(graph, circuit)
    return Listing(circuit, table, limits.admitted(table).nonzero()[0].tolist())
