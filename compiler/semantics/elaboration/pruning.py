"""What no output of a graph can demand goes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from ...ir.builder import GraphBuilder
from ...ir.graph import Edge, Node, remade


def pruned(builder: GraphBuilder, outputs: Sequence[int]) -> Mapping[int, int] | range:
    """Leaves out of ``builder`` what no output can demand; ids stay in order. For each node that can be demanded the id
    that it has now."""
    trivial = {decision.id for decision in builder.decisions if decision.trivial}
    used = _used(builder.nodes, (*builder.inputs, *outputs))
    kept: list[Node]
    new: Mapping[int, int] | range
    if used is None and not trivial:
        kept, new = builder.nodes.copy(), range(len(builder.nodes))
    else:
        kept, new = _kept(builder.nodes, used, trivial)
    asked = {ask.decision for node in kept for ask in node.asks}
    asked.update([node.decision for node in kept if node.decision is not None])
    builder.nodes = kept
    if builder.externs:
        applied = {node.op for node in kept if node.kind == "apply"}
        builder.externs = {name: p for name, p in builder.externs.items() if name in applied}
    builder.inputs = [new[id] for id in builder.inputs]
    builder.decisions = [d if d.id in asked else replace(d, demanded=False) for d in builder.decisions]
    return new


def _used(nodes: Sequence[Node], outputs: Iterable[int]) -> bytearray | None:
    """For each node whether something can demand it; None where all are as they stay."""
    used = bytearray(len(nodes))
    for id in outputs:
        used[id] = 1
    whole = True
    for node in reversed(nodes):
        if not used[node.id]:
            whole = False
            continue
        for edge in node.edges:
            if edge.guard is not False:
                used[edge.source] = 1
            else:
                whole = False
        if node.kind == "switch" and len(node.edges) == 1 and not node.asks and node.decision is None:
            whole = False
    return None if whole else used


def _kept(
    nodes: Sequence[Node], used: Sequence[int] | None, trivial: Container[int]
) -> tuple[list[Node], Mapping[int, int]]:
    """The nodes that stay, with new ids, and for each node the id of the one in its place. ``trivial``: the decisions
    that nothing asks for."""
    new: dict[int, int] = {}
    kept: list[Node] = []
    for node in nodes:
        id = node.id
        if used is not None and not used[id]:
            continue
        asks, edges = node.asks, node.edges
        if asks:
            asks = tuple([ask for ask in asks if ask.decision not in trivial])
        if node.kind == "switch" and node.decision is None and not asks and len(edges) == 1:
            new[id] = new[edges[0].source]  # it was there to ask for a site
            continue
        there = [edge for edge in edges if edge.guard is not False]
        moved = new[id] = len(kept)
        if len(asks) == len(node.asks) and moved == id and len(there) == len(edges):
            kept.append(node)
            continue
        edges = tuple([e if new[e.source] == e.source else Edge(new[e.source], e.guard, e.option) for e in there])
        kept.append(remade(node, moved, edges, node.type, asks))
    return kept, new
