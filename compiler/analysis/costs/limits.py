"""Whether architectures meet constraints over costs, without building their networks where that is exact."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.graph import CostConstraint, SpaceGraph
from .additive import AdditiveCost
from .measures import depth_under, figures, measure_of, measured


class Limits:
    """Constraints over costs of a space."""

    def __init__(self, graph: SpaceGraph, constraints: tuple[CostConstraint, ...]) -> None:
        self.graph, self.constraints = graph, constraints
        self.sums: list[tuple[AdditiveCost, CostConstraint]] = []
        self.depths = [c for c in constraints if c.metric == "depth"]
        self.others: list[CostConstraint] = []
        """Those over costs that are no exact sums."""
        for constraint in constraints:
            measure = measure_of(constraint)
            if measure is None:
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
        for cost, constraint in self.sums:
            if not _between(constraint, cost.of(answers)):
                return False
        for constraint in self.depths:
            # Under answers to all that is asked, both bounds are the depth.
            if not _between(constraint, depth_under(self.graph, constraint, answers)[0]):
                return False
        return all(figures(self.graph, constraint, answers).within(constraint) for constraint in self.others)


def _between(constraint: CostConstraint, value: int) -> bool:
    low, high = constraint.low, constraint.high
    return (low is None or value >= low) and (high is None or value <= high)
