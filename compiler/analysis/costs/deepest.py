"""An architecture that is as deep as bounds say some may be, where what one longest path needs agrees."""

from __future__ import annotations

from ...ir.diagram import Diagram, DiagramTooLarge, Guard, leaves, support, witness
from ...ir.graph import Edge, SpaceGraph
from ..architecture import Architecture, of_answers, violations
from ..demand import active
from .additive import default_answers
from .depth import bounds_of_nodes, layers_of_nodes


def deepest(graph: SpaceGraph) -> Architecture | None:
    """The one that takes all edges of a path which leads from an input to the output along the greatest depths, else
    by default; None where such a path needs answers that exclude each other, or constraints over decisions exclude
    them. How deep the architecture is, is to be seen."""
    bounds, layers = bounds_of_nodes(graph, {}), layers_of_nodes(graph)
    needed: Guard = True
    node = graph.nodes[graph.outputs[0][1]]
    try:
        while node.kind != "input":
            own = layers.get(node.id, 0)
            if type(own) is Diagram:
                most = max(leaves(own))
                needed = _also(graph, needed, graph.diagrams.apply(lambda n, most=most: n == most, own))
            if needed is False:
                return None
            # An exact zero, for which nothing is computed, is no deeper than nothing.
            edges = sorted((e for e in node.edges if e.guard is not False), key=lambda e: -bounds[e.source][1])
            if not edges or bounds[node.id][1] == 0:
                break
            step = _first(graph, needed, [e for e in edges if bounds[e.source][1] == bounds[edges[0].source][1]])
            if step is None:
                return None
            needed, edge = step
            node = graph.nodes[edge.source]
    except DiagramTooLarge:
        return None
    answers = {**default_answers(graph), **(witness(needed) or {})}
    if violations(graph, answers, active(graph, answers).decisions):
        return None
    return of_answers(graph, answers)


def _first(graph: SpaceGraph, needed: Guard, edges: list[Edge]) -> tuple[Guard, Edge] | None:
    """The first edge that may be there with all that is needed, and what is then."""
    for edge in edges:
        both = _also(graph, needed, edge.guard)
        if both is not False:
            return both, edge
    return None


def _also(graph: SpaceGraph, needed: Guard, guard: Guard) -> Guard:
    """Both, with answers that the decisions of ``guard`` allow."""
    if type(guard) is not Diagram:
        return needed if guard is True else False
    asked = {graph.deciding[variable.index].id for variable in support(guard)}
    return graph.diagrams.all([needed, guard, *(graph.decisions[id].valid for id in sorted(asked))])
