"""Bounds of depths that no architecture is within, known without looking for one."""

from __future__ import annotations

from ...analysis.costs.measures import depth_reach, place_of
from ...analysis.costs.of_architecture import cost_constraints
from ...diagnostics.budgets import NothingWithin
from ...ir.graph import SpaceGraph


def unreachable(graph: SpaceGraph) -> NothingWithin | None:
    """What is wrong with a bound of the depth that all architectures break; None where that is not known of any."""
    for constraint in cost_constraints(graph):
        if constraint.metric != "depth":
            continue
        low, high = depth_reach(graph, constraint)
        where = place_of(constraint)
        if constraint.high is not None and low > constraint.high:
            return NothingWithin(constraint.span, graph.name, f"the shallowest has a depth of {low} or more{where}")
        if constraint.low is not None and high < constraint.low:
            return NothingWithin(constraint.span, graph.name, f"the deepest has a depth of {high} or less{where}")
    return None
