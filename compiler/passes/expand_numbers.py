"""Turns an application whose numbers depend on decisions into one per value, each with weights of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..ir.diagram import Diagram, leaves
from ..ir.graph import Edge, Node, SpaceGraph
from ..ir.names import value_suffix
from .base import Pass, Rewriter


def expand_numbers(graph: SpaceGraph) -> SpaceGraph:
    """Each such node becomes a switch over applications with plain attributes; names end in the values
    (``conv_k3x3x3``).

    Nodes whose shape depends on decisions stay: nothing could mix them.
    """
    rewriter = Rewriter(graph)
    for node in graph.nodes:
        open_ones = [name for name, case in node.attrs if type(case) is Diagram]
        if node.kind == "apply" and open_ones and node.type.fixed:
            rewriter.ids[node.id] = _expand(graph, node, open_ones, rewriter)
        else:
            rewriter.copy(node)
    return rewriter.finish()


def _expand(graph: SpaceGraph, node: Node, open_ones: list[str], rewriter: Rewriter) -> int:
    diagrams = graph.diagrams
    attrs = node.attributes
    joint = diagrams.apply(lambda *values: values, *(attrs[name] for name in open_ones))
    edges = []
    for option, values in enumerate(leaves(joint)):
        given: dict[str, Any] = dict(zip(open_ones, values, strict=True))
        guard = diagrams.apply(lambda case, values=values: case == values, joint)
        plain = replace(
            node,
            attrs=tuple((attrs | given).items()),
            edges=rewriter.edges(node.edges),
            key=node.key + value_suffix(given),
            asks=(),
        )
        edges.append(Edge(rewriter.add(plain), guard, option))
    switch = replace(node, kind="switch", op="", edges=tuple(edges), attrs=(), key="", frozen=False)
    return rewriter.add(switch)


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 4, 4) = x -> conv(3, choose {1, 3} as window) -> relu

space s = net
"""
PASS = Pass(
    "expand_numbers", "one application per value of a chosen number", expand_numbers, required=True, example=EXAMPLE
)
