"""Reads the input of an `identity` instead of the identity."""

from __future__ import annotations

from typing import Final

from ..ir.graph import SpaceGraph
from ..ops.registry import primitives_of
from .base import Pass, Rewriter


def splice_identities(graph: SpaceGraph) -> SpaceGraph:
    rewriter, primitives = Rewriter(graph), primitives_of(graph)
    for node in graph.nodes:
        if node.kind == "apply" and primitives[node.op].identity:
            rewriter.ids[node.id] = rewriter.ids[node.edges[0].source]
        else:
            rewriter.copy(node)
    return rewriter.finish()


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 4, 4) = x -> choose {skip: identity, change: conv(2, 1)} as kind -> relu

space s = net
"""
PASS = Pass("splice_identities", "reads through identities", splice_identities, example=EXAMPLE)
