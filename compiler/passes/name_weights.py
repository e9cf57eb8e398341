"""Gives every application the name of its weights, before anything moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..ir.graph import SpaceGraph
from ..ir.names import Names
from .base import Pass


def name_weights(graph: SpaceGraph) -> SpaceGraph:
    """Sets ``Node.key`` and ``Node.place`` of all applications, by the rule of ``compiler/ir/names.py``."""
    names = Names(graph)
    nodes = tuple(replace(n, key=names.nodes[n.id], place=n.id) if n.kind == "apply" else n for n in graph.nodes)
    return replace(graph, nodes=nodes)


EXAMPLE: Final = """stdsl 1

op unit(c) = relu -> conv(c, 3) -> bn

meta net on x: image(2, 4, 4) {
  a = x -> unit(3)
  b = x -> choose {first: unit(3), second: conv(3, 1)} as kind
  return a + b
}

space s = net
"""
PASS = Pass("name_weights", "names every application's weights", name_weights, required=True, example=EXAMPLE)
