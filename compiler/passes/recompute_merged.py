"""Computes merged operations again in the backward pass, from what they read and the moments of the batch."""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import Node, SpaceGraph
from .base import Pass
from .merge_targets import EXAMPLE, MIXTURE, Mixture


def recompute_merged(graph: SpaceGraph) -> SpaceGraph:
    """Marks the merged nodes."""

    def marked(node: Node) -> Node:
        if node.kind != "merged" or node.op != MIXTURE:
            return node
        mixture: Mixture = node.attributes["mixture"]
        return replace(node, attrs=(("mixture", replace(mixture, again=True)),))

    return replace(graph, nodes=tuple(marked(node) for node in graph.nodes))


PASS = Pass(
    "recompute_merged",
    "computes merged operations again in the backward pass",
    recompute_merged,
    optional=True,
    example=EXAMPLE,
)
"""See ``merged_sum`` in ``backends/kernels/merged_forward.py``."""
