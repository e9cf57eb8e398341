"""Convolutions and max pools over clips that look along space alone, or along time alone, run as 2D ones."""

from __future__ import annotations

from typing import Final

from ..ir.graph import Node, SpaceGraph
from .base import Pass
from .hints import marked


def fold_clips(graph: SpaceGraph) -> SpaceGraph:
    """Marks convolutions and max pools over clips with windows 1×h×w and t×1×1. In the channels-last format that is
    a free view; weights keep their shape.
    """
    return marked(graph, "clips", _folds)


def _folds(node: Node) -> bool:
    if node.type.layout != "clip":
        return False
    attributes = node.attributes
    k, stride = attributes["k"], attributes["stride"]
    if not isinstance(k, tuple) or not isinstance(stride, tuple) or max(k) == 1:
        return False
    if max(stride) > 1 and node.op == "conv" and attributes.get("groups", 1) == 1:
        return False  # measured: a dense strided convolution gains nothing
    return bool(k[0] == 1 or k[1] == k[2] == 1)


EXAMPLE: Final = """stdsl 1

meta net on x: clip(2, 4, 4, 4) = x -> choose {frames: conv(2, 1x3x3), instants: conv(2, 3x1x1)} as kind

space s = net
"""
PASS = Pass(
    "fold_clips", "runs 1×h×w and t×1×1 convolutions and max pools over clips as 2D ones", fold_clips, example=EXAMPLE
)
