"""Bounds of the depth of a space's networks: the most convolutions, linear and matrix products on one path."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from operator import attrgetter

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, case_key, leaves
from ...ir.graph import Node, SpaceGraph
from ...ops.registry import primitives_of
from ..demand import holds
from ..memo import once_per_graph
from .additive import node_cost


@once_per_graph
def depth_bounds(graph: SpaceGraph) -> tuple[int, int]:
    """No architecture is shallower than the first number, none deeper than the second; some may not come that far."""
    return depth_bounds_under(graph, {})


def depth_bounds_under(graph: SpaceGraph, answers: Mapping[int, int]) -> tuple[int, int]:
    """The same of the architectures with these answers (by variable index); with all of them, both are the depth."""
    return bounds_of_nodes(graph, answers)[-1]


def bounds_of_nodes(graph: SpaceGraph, answers: Mapping[int, int]) -> list[tuple[int, int]]:
    """The same at each node up to the first output."""
    bounds: list[tuple[int, int]] = []
    layers = layers_of_nodes(graph)
    for node in graph.nodes[: graph.outputs[0][1] + 1]:
        bounds.append(_of(graph, node, bounds, layers, answers))
    return bounds


def _of(
    graph: SpaceGraph,
    node: Node,
    bounds: list[tuple[int, int]],
    layers: Mapping[int, Case],
    answers: Mapping[int, int],
) -> tuple[int, int]:
    present = [(holds(edge.guard, answers), bounds[edge.source]) for edge in node.edges]
    # What no edge may come from is not asked for, so that its bounds do not matter.
    lows = [low for holding, (low, _) in present if holding is not False]
    high = max((high for holding, (_, high) in present if holding is not False), default=0)
    match node.kind:
        case "input":
            return 0, 0
        case "switch":
            return min(lows, default=0), high
        case "gate":
            return (lows[0] if lows and present[0][0] else 0), high
        case "reduce":
            always = max((low for holding, (low, _) in present if holding), default=0)
            keep = graph.decisions[node.decision] if node.decision is not None else None
            sizes = None if keep is None else keep.sizes
            # All of a list is what there is of it.
            if keep is not None and sizes is not None and not keep.trivial and 0 < sizes[0] <= len(lows):
                # Of those that stay, one is at least as deep as the last of as many of the shallowest.
                always = max(always, sorted(lows)[sizes[0] - 1])
            return always, high
        case "apply":
            own = layers[node.id]
            if own is IMPOSSIBLE:
                return 0, 0
            known = leaves(graph.diagrams.restrict(own, answers)) if isinstance(own, Diagram) else (own,)
            return min(known, default=0) + max(lows, default=0), max(known, default=0) + high
        case "merged":
            raise AssertionError("merged nodes are made by passes alone")


@once_per_graph
def layers_of_nodes(graph: SpaceGraph) -> Mapping[int, Case]:
    """How many layers each application is; IMPOSSIBLE for an exact zero, which nothing is computed for."""
    primitives = primitives_of(graph)
    known: dict[Hashable, Case] = {}
    found: dict[int, Case] = {}
    for node in graph.nodes:
        if node.kind != "apply":
            continue
        if primitives[node.op].zero:
            found[node.id] = IMPOSSIBLE
            continue
        cost = node_cost(graph, node)
        key = case_key(cost)
        if key not in known:
            known[key] = graph.diagrams.apply(attrgetter("layers"), cost)
        found[node.id] = known[key]
    return found
