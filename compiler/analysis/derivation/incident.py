"""The decisions on the edges of a node: what a keep, or a site, chooses among is computed by them."""

from __future__ import annotations

from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph


def incident(graph: SpaceGraph, decision: Decision) -> frozenset[int]:
    """The ids of the decisions that are asked for between the elements of a keep (or site) and the tensors they start
    from: back through operators of one input and through alternatives, up to the first sum, concatenation, input or
    operator of several inputs, or the value of an outer choose."""
    found: set[int] = set()
    for node in graph.nodes:
        if node.decision == decision.id and node.kind == "reduce":
            for edge in node.edges:
                found |= _behind(graph, edge.source)
    return frozenset(found - {decision.id})


def _behind(graph: SpaceGraph, id: int) -> set[int]:
    node = graph.nodes[id]
    found: set[int] = set()
    while node.kind == "apply" and len(node.edges) == 1:
        found |= {ask.decision for ask in node.asks}
        node = graph.nodes[node.edges[0].source]
    if node.kind in ("switch", "gate"):
        found |= {ask.decision for ask in node.asks}
        found |= {node.decision} if node.decision is not None else set()
    return {id for id in found if not graph.decisions[id].trivial}
