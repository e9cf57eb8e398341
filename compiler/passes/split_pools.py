"""Max pools over space and time as one over space and then one over time."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..ir.graph import Edge, Node, SpaceGraph, TensorType
from ..ops.registry import PRIMITIVES
from .base import Pass, Rewriter


def split_pools(graph: SpaceGraph) -> SpaceGraph:
    """Every max pool over clips with a window over both becomes two. Of equal values each takes the first, as the one
    pool did. A pool over space alone of the same source is the first half, and then shared.
    """
    rewriter = Rewriter(graph)
    for node in graph.nodes:
        if not _splits(node):
            rewriter.copy(node)
            continue
        (kt, kh, kw), (st, sh, sw) = node.attributes["k"], node.attributes["stride"]
        source = node.edges[0].source
        over_space = tuple((dict(node.attrs) | {"k": (1, kh, kw), "stride": (1, sh, sw)}).items())
        over_time = tuple((dict(node.attrs) | {"k": (kt, 1, 1), "stride": (st, 1, 1)}).items())
        shape = PRIMITIVES["max_pool"].shape((graph.nodes[source].type.concrete(),), dict(over_space))
        type = TensorType(shape.layout, shape.dims)
        edges = (Edge(rewriter.ids[source]),)
        between = rewriter.add(replace(node, attrs=over_space, type=type, edges=edges, asks=()))
        rewriter.copy(node, attrs=over_time, edges=(Edge(between),))
    return rewriter.finish()


def _splits(node: Node) -> bool:
    if node.kind != "apply" or node.op != "max_pool" or node.type.layout != "clip" or not node.type.fixed:
        return False
    kt, kh, kw = node.attributes["k"]
    return bool(kt > 1 and max(kh, kw) > 1)


EXAMPLE: Final = """stdsl 1

meta net on x: clip(2, 4, 4, 4) = x -> choose {skip: identity, pool: max_pool(3x3x3)} as kind

space s = net
"""
PASS = Pass(
    "split_pools",
    "runs max pools over space and time as one over space, then one over time",
    split_pools,
    example=EXAMPLE,
)
