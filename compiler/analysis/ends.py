"""The smallest and the largest architecture of a space."""

from __future__ import annotations

from ..ir.graph import SpaceGraph
from .architecture import Architecture, of_answers
from .costs.measures import Measure
from .costs.of_architecture import cost_constraints
from .costs.space_bounds import extreme
from .feasible import feasible_extremes
from .memo import once_per_graph


@once_per_graph
def ends(graph: SpaceGraph) -> tuple[Architecture, Architecture] | None:
    """One of the least and one of the greatest FLOPs within `where`; None where these are not known exactly. The same
    ones each time."""
    if not cost_constraints(graph):
        least, greatest = (extreme(graph, Measure("flops"), sign)[1] for sign in (1, -1))
        if least is not None and greatest is not None:
            return least, greatest
    found = feasible_extremes(graph, "flops")
    if found is None:
        return None
    return of_answers(graph, found.cheapest), of_answers(graph, found.dearest)
