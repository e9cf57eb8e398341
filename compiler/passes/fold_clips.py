"""Convolutions over clips that look along space alone, or along time alone, run as 2D ones."""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import Node, SpaceGraph
from .base import Pass

CONVOLUTIONS = frozenset({"conv", "depthwise"})
ATTRIBUTE = "fold"
"""Set on the applications to fold, for the lowering: ``frames`` or ``instants``."""


def fold_clips(graph: SpaceGraph) -> SpaceGraph:
    """Marks convolutions over clips with windows 1×h×w and t×1×1. In the channels-last format that is a free view;
    weights keep their shape.
    """
    return replace(graph, nodes=tuple(_marked(node) for node in graph.nodes))


def _marked(node: Node) -> Node:
    if node.kind != "apply" or node.op not in CONVOLUTIONS or node.type.layout != "clip":
        return node
    attributes = node.attributes
    k, stride = attributes["k"], attributes["stride"]
    if not isinstance(k, tuple) or not isinstance(stride, tuple) or max(k) == 1:
        return node
    if max(stride) > 1 and node.op == "conv" and attributes.get("groups", 1) == 1:
        return node  # measured: a dense strided convolution gains nothing
    how = "frames" if k[0] == 1 else "instants" if k[1] == k[2] == 1 else None
    return replace(node, attrs=(*node.attrs, (ATTRIBUTE, how))) if how else node


PASS = Pass("fold_clips", "runs 1×h×w and t×1×1 convolutions over clips as 2D ones", fold_clips)
