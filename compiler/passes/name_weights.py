"""Gives every application the name of its weights, before anything moves."""

from __future__ import annotations

from dataclasses import replace

from ..ir.graph import SpaceGraph
from ..ir.names import Names
from .base import Pass


def name_weights(graph: SpaceGraph) -> SpaceGraph:
    """Sets ``Node.key`` and ``Node.place`` of all applications, by the rule of ``compiler/ir/names.py``."""
    names = Names(graph)
    nodes = tuple(replace(n, key=names.nodes[n.id], place=n.id) if n.kind == "apply" else n for n in graph.nodes)
    return replace(graph, nodes=nodes)


PASS = Pass("name_weights", "names every application's weights", name_weights, required=True)
