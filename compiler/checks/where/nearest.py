"""How near what is within the others of some constraints comes to one of them: numbers for constraints that exclude
each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from ...analysis.circuits.circuit import Circuit
from ...analysis.circuits.cost_circuit import Extremes, cost_circuit
from ...analysis.circuits.of_space import circuits
from ...analysis.circuits.patience import A_QUARTER
from ...analysis.costs.limits import Limits
from ...analysis.costs.listing import LISTED
from ...analysis.costs.measures import Measure, measure_of, measured
from ...analysis.costs.space_bounds import binding, extreme
from ...analysis.costs.table import Table
from ...analysis.sums.within import exactly_summed
from ...ir.graph import CostConstraint, DecisionConstraint, SpaceGraph
from ...record import record
from .priced import cheapest_within

Constraint = CostConstraint | DecisionConstraint


@record
class Nearest:
    """No architecture within the others has a cost nearer to a constraint than ``cost``: from above (``sign`` 1), all
    of them cost so much or more, from below (-1) so much or less. ``known``: what one of them costs, as near as is
    known; None where none is."""

    sign: int
    cost: int
    known: int | None

    @property
    def exact(self) -> bool:
        return self.cost == self.known

    def beyond(self, constraint: CostConstraint) -> bool:
        """Whether it says that the constraint is out of reach from this side."""
        if self.sign > 0:
            return constraint.high is not None and self.cost > constraint.high
        return constraint.low is not None and self.cost < constraint.low


class Others:
    """``constraints`` that leave no architecture together, each of which may be relaxed."""

    def __init__(self, graph: SpaceGraph, constraints: Sequence[Constraint]) -> None:
        self.costs = [c for c in constraints if isinstance(c, CostConstraint)]
        self.decisions = tuple(c for c in constraints if isinstance(c, DecisionConstraint))
        own = [c for c in graph.constraints if isinstance(c, DecisionConstraint)]
        # What is known of the graph is known of its costs alone, too, unless constraints over decisions are left out.
        self.graph = graph if len(own) == len(self.decisions) else replace(graph, constraints=self.decisions)

    def nearest(self, constraint: CostConstraint) -> tuple[Nearest, ...]:
        """What comes nearest to one of them of what is within the others, from above and from below; nothing where that
        is not known."""
        found = (self._nearest(constraint, sign) for sign in _sides(constraint))
        return tuple(near for near in found if near is not None and near.beyond(constraint))

    def _nearest(self, constraint: CostConstraint, sign: int) -> Nearest | None:
        """From one side: above a range costs what is not below it."""
        others = [c for c in self.costs if c is not constraint]
        within = [*others, *_other_side(constraint, sign)]
        if self._small is not None:
            return self._listed(constraint, within, sign)
        measure = measure_of(self.graph, constraint)
        if measure is None or measured(self.graph, measure) is None:
            return None
        priced = self._priced(constraint, measure, within, sign)
        counted = None if priced is not None and priced.exact else self._counted(measure, within, sign)
        return priced if counted is None else counted

    @cached_property
    def _small(self) -> tuple[Circuit, Table] | None:
        """All that is within the constraints over decisions, where that is little."""
        whole = circuits(self.graph).whole
        if whole is None or not 0 < whole.count <= LISTED or not Limits(self.graph, self.costs).in_columns:
            return None
        return whole, Table.of_circuit(self.graph, whole)

    def _listed(self, constraint: CostConstraint, within: Sequence[CostConstraint], sign: int) -> Nearest | None:
        assert self._small is not None, "it was asked before"
        table = self._small[1]
        rows = table if constraint.other is None else table.carried(constraint.other)
        costs = rows.cost(constraint.metric)
        kept = costs[Limits(self.graph, within).admitted(table)]
        if not len(kept):
            return None
        cost = int(kept.min() if sign > 0 else kept.max())
        return Nearest(sign, cost, cost)

    def _priced(
        self, constraint: CostConstraint, measure: Measure, within: Sequence[CostConstraint], sign: int
    ) -> Nearest | None:
        """By a price on being beyond each of the others, or by what is possible at all."""
        others = [c for c in within if measure_of(self.graph, c) != measure]
        found = [priced for c in others for priced in cheapest_within(self.graph, measure, sign, c)]
        if not found:
            cost, arch = extreme(self.graph, measure, sign)
            whole = arch is not None and not within
            return Nearest(sign, cost, cost if whole else None)
        limits = Limits(self.graph, within)
        costs = [cost for priced in found for cost, answers in priced.met if limits.admit(answers)]
        bounds = [sign * priced.cost for priced in found]
        return Nearest(sign, sign * max(bounds), sign * min(sign * cost for cost in costs) if costs else None)

    def _counted(self, measure: Measure, within: Sequence[CostConstraint], sign: int) -> Nearest | None:
        """By the circuit of all that is within the others, where that takes a fraction of a second."""
        whole = circuits(self.graph).whole
        if whole is None or measure.sibling is not None or not exactly_summed(self.graph, measure):
            return None
        left = binding(self.graph, within)
        costs = None if left is None else cost_circuit(self.graph, whole, left, (measure.metric,), A_QUARTER)
        if costs is None or not costs.circuit.count:
            return None
        found: Extremes = costs.extremes(measure.metric)
        cost = found.least if sign > 0 else found.greatest
        return Nearest(sign, cost, cost)


def _sides(constraint: CostConstraint) -> Iterator[int]:
    """The sides from which a constraint can be relaxed: a greatest cost from above."""
    if constraint.high is not None:
        yield 1
    if constraint.low is not None:
        yield -1


def _other_side(constraint: CostConstraint, sign: int) -> tuple[CostConstraint, ...]:
    """What stays of a range that is relaxed on one side."""
    kept = replace(constraint, high=None) if sign > 0 else replace(constraint, low=None)
    return () if (kept.low, kept.high) == (None, None) else (kept,)
