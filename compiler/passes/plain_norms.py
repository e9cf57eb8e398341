"""Norms of candidate operations without scale and bias, as DARTS searches with batch-norms (Liu et al., DARTS, ICLR
2019, A.1.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..ir.graph import SpaceGraph
from ..ops.registry import primitives_of
from .base import Pass


def plain_norms(graph: SpaceGraph) -> SpaceGraph:
    """A norm is a candidate's if it stands inside one alternative of a `choose`: everything that reads it leads
    through that alternative.

    A scale there would trade off against the alternative's weight.
    """
    inside, primitives = candidates(graph), primitives_of(graph)
    nodes = []
    for node in graph.nodes:
        if node.kind == "apply" and primitives[node.op].norm and inside[node.id]:
            attrs = tuple((name, False if name == "affine" else value) for name, value in node.attrs)
            node = replace(node, attrs=attrs)
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


def candidates(graph: SpaceGraph) -> list[frozenset[tuple[int, int]]]:
    """For each node the alternatives (decision, option) that every way from it to an output leads through."""
    outputs = {id for _, id in graph.outputs}
    found: list[frozenset[tuple[int, int]] | None] = [frozenset() if n.id in outputs else None for n in graph.nodes]
    for node in reversed(graph.nodes):
        here = found[node.id]
        if here is None:
            continue  # nothing reads it
        for edge in node.edges:
            through = here
            decision = graph.decisions[node.decision] if node.decision is not None else None
            if node.kind == "switch" and decision and decision.kind == "choose" and edge.option is not None:
                through = here | {(decision.id, edge.option)}
            before = found[edge.source]
            found[edge.source] = through if before is None else before & through
    return [f or frozenset() for f in found]


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 4, 4) {
  stem = x -> bn
  return stem -> choose {plain: identity, wide: conv(2, 3) -> bn} as kind
}

space s = net
"""
PASS = Pass("plain_norms", "norms of candidates without scale and bias", plain_norms, required=True, example=EXAMPLE)
