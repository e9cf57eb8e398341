"""Whether architectures meet constraints over costs, without building their networks where that is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...ir.graph import CostConstraint, SpaceGraph
from .additive import AdditiveCost, additive_cost, settled
from .longest_path import longest_path
from .measures import depth_under, figures, measure_of, measured
from .table import Table

if TYPE_CHECKING:
    from ..diagrams.lookup import Column

PATIENCE = 16
"""So many depths are looked for node by node before the programme of all of them is worth its time."""


class Limits:
    """Constraints over costs of a space."""

    def __init__(self, graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> None:
        self.graph, self.constraints = graph, tuple(constraints)
        self.sums: list[tuple[AdditiveCost, CostConstraint]] = []
        self.depths: list[CostConstraint] = []
        """Those over depths that are no sums over the decisions of the graph."""
        self.others: list[CostConstraint] = []
        """Those over costs that are no exact sums over the decisions of the graph."""
        self._asked = 0
        for constraint in constraints:
            measure = measure_of(graph, constraint)
            if measure is None:
                self.depths.append(constraint)
                continue
            cost = measured(graph, measure)
            if cost is not None and cost.exact:
                self.sums.append((cost, constraint))
            else:
                self.others.append(constraint)

    @property
    def simple(self) -> bool:
        """Whether all of them are told from sums alone."""
        return not self.depths and not self.others

    def admit(self, answers: Mapping[int, int]) -> bool:
        """Whether the architecture behind the answers meets all of them."""
        self._asked += 1
        for cost, constraint in self.sums:
            if not _between(constraint, cost.of(answers)):
                return False
        for constraint in self.depths:
            if not _between(constraint, self._depth(constraint, answers)):
                return False
        return all(figures(self.graph, constraint, answers).within(constraint) for constraint in self.others)

    def _depth(self, constraint: CostConstraint, answers: Mapping[int, int]) -> int:
        if self._asked <= PATIENCE:
            # Under answers to all that is asked, both bounds are the depth.
            return depth_under(self.graph, constraint, answers)[0]
        if constraint.other is None:
            return longest_path(self.graph).of(settled(self.graph, answers))
        there = constraint.other.graph
        return longest_path(there).of(settled(there, constraint.other.answers(answers)))

    @property
    def in_columns(self) -> bool:
        """Whether :meth:`admitted` can tell: all costs are exact sums where they are measured, or the depth."""
        for constraint in self.constraints:
            there = self.graph if constraint.other is None else constraint.other.graph
            if constraint.metric != "depth" and not additive_cost(there, constraint.metric).exact:
                return False
        return True

    def admitted(self, table: Table) -> Column:
        """Which of the architectures meet all of them."""
        import numpy as np

        fits: Column = np.ones(table.rows, dtype=bool)
        for constraint in self.constraints:
            rows = table if constraint.other is None else table.carried(constraint.other)
            values = rows.cost(constraint.metric)
            if constraint.low is not None:
                fits &= (values >= constraint.low).astype(bool)
            if constraint.high is not None:
                fits &= (values <= constraint.high).astype(bool)
        return fits


def _between(constraint: CostConstraint, value: int) -> bool:
    low, high = constraint.low, constraint.high
    return (low is None or value >= low) and (high is None or value <= high)
