"""How a convolution may be computed: words that passes set on applications, for the lowering and the kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..ir.graph import Node, SpaceGraph
from ..ops.registry import primitives_of

ATTRIBUTE = "kernel hints"
"""Of applications: words with blanks between, such as ``clips phases narrow``. No attribute of the operation itself:
take it off before the operation is emitted. Its name has a blank, which no parameter of a user's operator has."""


def hints_of(node: Node) -> str:
    """The words on a node."""
    found = node.attributes.get(ATTRIBUTE, "")
    assert isinstance(found, str)
    return found


def without_hints(node: Node) -> Node:
    """The application as it was before."""
    return replace(node, attrs=tuple((name, value) for name, value in node.attrs if name != ATTRIBUTE))


def marked(graph: SpaceGraph, word: str, fits: Callable[[Node], bool] = lambda node: True) -> SpaceGraph:
    """The graph with ``word`` added to the applications that fit, of operators that can be computed with that hint."""
    nodes, primitives = [], primitives_of(graph)
    for node in graph.nodes:
        if node.kind == "apply" and word in primitives[node.op].hints and fits(node):
            words = f"{hints_of(node)} {word}".strip()
            node = replace(node, attrs=(*without_hints(node).attrs, (ATTRIBUTE, words)))
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))
