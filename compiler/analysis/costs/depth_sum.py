"""The depth of every architecture as a sum over its decisions, where it is one.

Where it is known along which edge of each node the longest path comes, each node has a condition under which it stands
on that path, one path whatever is chosen; the depth is what these nodes add, each under its condition, as it is with
other costs. So it is in chains of blocks with skips, excitations and choices between chains. Cells in which several
paths may be the longest have a true maximum, which is no sum over small functions.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.collecting import uncollected
from ...ir.diagram import IMPOSSIBLE, Case, DiagramTooLarge
from ...ir.graph import SpaceGraph
from ...ops.registry import primitives_of
from ..conditions import Conditions
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.products import FactoredConditions, SumOfProducts
from ..memo import once_per_graph
from .additive import AdditiveCost, default_answers
from .depth import layers_of_nodes
from .longest_edges import LongestEdges, NoSum

STEPS = 10_000
NODE_STEPS = 10
"""So many cases of diagrams are looked at, and so many more for each node: a tenth of a second or less. What takes more
is no sum."""


@once_per_graph
@uncollected()
def depth_sum(graph: SpaceGraph) -> AdditiveCost | None:
    """The depth as an exact sum; None where it is none that is known."""
    layers = layers_of_nodes(graph)
    left, most = graph.diagrams.steps, STEPS + NODE_STEPS * len(graph.nodes)
    graph.diagrams.steps = min(left, most)
    try:
        return _sum(graph, layers)
    finally:
        graph.diagrams.steps = left


def _sum(graph: SpaceGraph, layers: Mapping[int, Case]) -> AdditiveCost | None:
    try:
        edges = LongestEdges(graph)
        there = Conditions(graph, primitives_of(graph), live=True, guards=edges.guards).of
        total = SumOfProducts(FactoredConditions(graph.diagrams, Arithmetic(graph.diagrams)))
        for id, own in layers.items():
            condition = there.get(id, False)
            if own is IMPOSSIBLE or condition is False:
                continue
            if condition is None:
                return None
            total.add(condition, own)
        constant, terms = total.finish()
    except (NoSum, DiagramTooLarge):
        return None
    return AdditiveCost(int(constant), terms, 0, default_answers(graph))
