"""Drops what no output depends on."""

from __future__ import annotations

from ..ir.graph import SpaceGraph
from .base import Rewriter


def drop_unreachable(graph: SpaceGraph) -> SpaceGraph:
    """The graph with the nodes alone that some output reads (and all inputs), and without edges that can never be
    there."""
    reached = set(graph.inputs) | {id for _, id in graph.outputs}
    for node in reversed(graph.nodes):
        if node.id in reached:
            reached.update(edge.source for edge in node.edges if edge.guard is not False)
    rewriter = Rewriter(graph)
    for node in graph.nodes:
        if node.id in reached:
            rewriter.copy(node, edges=rewriter.edges([e for e in node.edges if e.guard is not False]))
    return rewriter.finish()
