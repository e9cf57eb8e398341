"""Whether architectures meet constraints over costs, without building their networks where that is exact."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import of_answers
from .additive import ADDITIVE, AdditiveMetric, additive_cost
from .depth import depth_bounds_under
from .of_architecture import costs


class Limits:
    """Constraints over costs of a space."""

    def __init__(self, graph: SpaceGraph, constraints: tuple[CostConstraint, ...]) -> None:
        self.graph, self.constraints = graph, constraints
        self.sums: list[tuple[AdditiveMetric, CostConstraint]] = []
        self.depths = [c for c in constraints if c.metric == "depth"]
        self.others: list[CostConstraint] = []
        """Those over costs that are no exact sums."""
        for constraint in constraints:
            metric = next((m for m in ADDITIVE if m == constraint.metric), None)
            if metric is not None and additive_cost(graph, metric).exact:
                self.sums.append((metric, constraint))
            elif metric is not None:
                self.others.append(constraint)

    @property
    def simple(self) -> bool:
        """Whether all of them are told from sums alone."""
        return not self.depths and not self.others

    def admit(self, answers: Mapping[int, int]) -> bool:
        """Whether the architecture behind the answers meets all of them."""
        for metric, constraint in self.sums:
            if not _between(constraint, additive_cost(self.graph, metric).of(answers)):
                return False
        for constraint in self.depths:
            # Under answers to all that is asked, both bounds are the depth.
            if not _between(constraint, depth_bounds_under(self.graph, answers)[0]):
                return False
        if not self.others:
            return True
        exact = costs(self.graph, of_answers(self.graph, answers))
        return all(exact.within(c) for c in self.others)


def _between(constraint: CostConstraint, value: int) -> bool:
    low, high = constraint.low, constraint.high
    return (low is None or value >= low) and (high is None or value <= high)
