"""Dilated depthwise convolutions as ordinary ones on the positions that are equal modulo the dilation."""

from __future__ import annotations

from ..ir.graph import Node, SpaceGraph
from .base import Pass
from .hints import marked


def phase_space(graph: SpaceGraph) -> SpaceGraph:
    """Marks them. Where sizes are no multiples of the dilation, the kernel falls back."""
    return marked(graph, "phases", _dilated)


def _dilated(node: Node) -> bool:
    dilation = node.attributes["dilation"]
    return dilation not in (1, (1, 1), (1, 1, 1))


PASS = Pass("phase_space", "runs dilated depthwise convolutions as ordinary ones on every d-th position", phase_space)
"""See ``backends/kernels/paths.py``."""
