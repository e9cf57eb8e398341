"""Bounds of the depth of a space's networks: the most convolutions, linear and matrix products on one path."""

from __future__ import annotations

from ...ir.diagram import leaves
from ...ir.graph import Node, SpaceGraph
from ...ops.registry import primitives_of
from ..memo import once_per_graph
from .additive import node_cost


@once_per_graph
def depth_bounds(graph: SpaceGraph) -> tuple[int, int]:
    """No architecture is shallower than the first number, none deeper than the second; some may not come that far."""
    bounds: list[tuple[int, int]] = []
    for node in graph.nodes:
        bounds.append(_of(graph, node, bounds))
    return bounds[graph.outputs[0][1]]


def _of(graph: SpaceGraph, node: Node, bounds: list[tuple[int, int]]) -> tuple[int, int]:
    lows = [bounds[e.source][0] for e in node.edges]
    high = max((bounds[e.source][1] for e in node.edges), default=0)
    match node.kind:
        case "input":
            return 0, 0
        case "switch":
            return min(lows), high
        case "gate":
            return 0, high
        case "reduce":
            always = max((low for low, e in zip(lows, node.edges, strict=True) if e.guard is True), default=0)
            sizes = graph.decisions[node.decision].sizes if node.decision is not None else None
            if sizes is not None and 0 < sizes[0] <= len(lows):
                # Of those that stay, one is at least as deep as the last of as many of the shallowest.
                always = max(always, sorted(lows)[sizes[0] - 1])
            return always, high
        case "apply":
            if primitives_of(graph)[node.op].zero:
                return 0, 0
            own = [cost.layers for cost in leaves(node_cost(graph, node))]
            return min(own) + max(lows), max(own) + high
        case "merged":
            raise AssertionError("merged nodes are made by passes alone")
