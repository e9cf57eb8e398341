"""Whether architectures meet constraints over costs, without building their networks where that is exact."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import of_answers
from .additive import ADDITIVE, AdditiveMetric, additive_cost
from .of_architecture import costs


class Limits:
    """Constraints over costs of a space."""

    def __init__(self, graph: SpaceGraph, constraints: tuple[CostConstraint, ...]) -> None:
        self.graph = graph
        self.sums: list[tuple[AdditiveMetric, CostConstraint]] = []
        self.others: list[CostConstraint] = []
        for constraint in constraints:
            metric = next((m for m in ADDITIVE if m == constraint.metric), None)
            if metric is not None and additive_cost(graph, metric).exact:
                self.sums.append((metric, constraint))
            else:
                self.others.append(constraint)

    def admit(self, answers: Mapping[int, int]) -> bool:
        """Whether the architecture behind the answers meets all of them."""
        for metric, constraint in self.sums:
            value = additive_cost(self.graph, metric).of(answers)
            if constraint.low is not None and value < constraint.low:
                return False
            if constraint.high is not None and value > constraint.high:
                return False
        if not self.others:
            return True
        exact = costs(self.graph, of_answers(self.graph, answers))
        return all(exact.within(c) for c in self.others)
