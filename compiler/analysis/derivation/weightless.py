"""Which alternatives have no weights of their own: skips, pools, zeros."""

from __future__ import annotations

from ...ir.graph import SpaceGraph
from ...ops.registry import primitives_of


def weightless(graph: SpaceGraph) -> dict[str, frozenset[int]]:
    """By path of a choose, the options (from 0) without weights apart from those of norms; for the chooses that have
    both kinds of options."""
    primitives = primitives_of(graph)
    ancestors: list[int] = []
    learnt = 0
    for node in graph.nodes:
        mask = 1 << node.id
        for edge in node.edges:
            mask |= ancestors[edge.source]
        ancestors.append(mask)
        if node.kind == "apply" and primitives[node.op].stateful and not primitives[node.op].norm:
            learnt |= 1 << node.id
    found: dict[str, frozenset[int]] = {}
    for node in graph.nodes:
        if node.kind != "switch" or node.decision is None or graph.decisions[node.decision].kind != "choose":
            continue
        path = graph.decisions[node.decision].path
        common = -1
        for edge in node.edges:
            common &= ancestors[edge.source]
        free = {e.option for e in node.edges if e.option is not None and not ancestors[e.source] & ~common & learnt}
        if path not in found and free and len(free) < len(node.edges):
            found[path] = frozenset(free)
    return found
