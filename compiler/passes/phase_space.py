"""Dilated depthwise convolutions as ordinary ones on the positions that are equal modulo the dilation."""

from __future__ import annotations

from typing import Final

from ..ir.graph import Node, SpaceGraph
from .base import Pass
from .hints import marked


def phase_space(graph: SpaceGraph) -> SpaceGraph:
    """Marks them. Where sizes are no multiples of the dilation, the kernel falls back."""
    return marked(graph, "phases", _dilated)


def _dilated(node: Node) -> bool:
    dilation = node.attributes["dilation"]
    return dilation not in (1, (1, 1), (1, 1, 1))


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 8, 8) = x -> choose {near: depthwise(3), far: depthwise(3, dilation = 2)} as kind

space s = net
"""
PASS = Pass(
    "phase_space",
    "runs dilated depthwise convolutions as ordinary ones on every d-th position",
    phase_space,
    example=EXAMPLE,
)
"""See ``backends/kernels/paths.py``."""
