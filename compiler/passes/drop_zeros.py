"""Leaves exact zeros out of sums and mixtures; their weights still take part in the softmax.

Adding a zero changes nothing but NaN: 0 · NaN would have spread it.
"""

from __future__ import annotations

from typing import Final

from ..ir.graph import Node, SpaceGraph
from ..ops.registry import primitives_of
from .base import Pass, Rewriter
from .drop_unreachable import drop_unreachable


def drop_zeros(graph: SpaceGraph) -> SpaceGraph:
    """A switch, or a sum, without its edges from `zero`, as long as one other is left."""

    primitives = primitives_of(graph)

    def is_zero(node: Node) -> bool:
        return node.kind == "apply" and primitives[node.op].zero

    rewriter = Rewriter(graph)
    for node in graph.nodes:
        edges = node.edges
        if node.kind == "switch" or (node.kind == "reduce" and node.op == "sum"):
            rest = tuple(e for e in edges if not is_zero(graph.nodes[e.source]))
            edges = rest or edges
        rewriter.copy(node, edges=rewriter.edges(edges))
    return drop_unreachable(rewriter.finish())


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 4, 4) {
  y = x -> choose {none: zero, change: conv(2, 1)} as kind
  return [x, y] -> keep 1 as which -> sum
}

space s = net
"""
PASS = Pass("drop_zeros", "leaves exact zeros out of sums and mixtures", drop_zeros, example=EXAMPLE)
