"""Computes once what several candidates compute alike without weights: the ReLU and the pools of one source."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Final

from ..ir.graph import Node, SpaceGraph
from ..ops.registry import primitives_of
from .base import Pass, Rewriter


def share_common(graph: SpaceGraph) -> SpaceGraph:
    """One node for all applications with equal primitive, attributes and sources in one cell, without weights and
    chance.

    Sharing between cells would save little, and cells that differ in what they share could not be one class.
    """
    rewriter, primitives = Rewriter(graph), primitives_of(graph)
    known: dict[Hashable, int] = {}
    for node in graph.nodes:
        if node.kind != "apply" or primitives[node.op].stateful or primitives[node.op].random:
            rewriter.copy(node)
            continue
        edges = rewriter.edges(node.edges)
        attrs = tuple((name, type(value), value) for name, value in node.attrs)
        key = (node.op, attrs, tuple(edge.source for edge in edges), cell_of(graph, node.scope))
        found = known.get(key)
        if found is None:
            known[key] = rewriter.copy(node, edges=edges)
            continue
        first = rewriter.nodes[found]
        rewriter.ids[node.id] = found
        rewriter.nodes[found] = _moved(first, common_scope(graph, first.scope, node.scope))
    return rewriter.finish()


def _moved(node: Node, scope: int) -> Node:
    return node if node.scope == scope else replace(node, scope=scope)


def cell_of(graph: SpaceGraph, scope: int) -> int:
    """The innermost cell (or the meta) that a scope stands in."""
    while graph.scopes[scope].kind not in ("cell", "meta"):
        parent = graph.scopes[scope].parent
        assert parent is not None, "a scope outside the meta"
        scope = parent
    return scope


def common_scope(graph: SpaceGraph, a: int, b: int) -> int:
    """The innermost scope that both stand in."""
    above = set()
    current: int | None = a
    while current is not None:
        above.add(current)
        current = graph.scopes[current].parent
    current = b
    while current not in above:
        assert current is not None, "scopes without a common root"
        current = graph.scopes[current].parent
    return current


EXAMPLE: Final = """stdsl 1

op unit(k) = relu -> conv(same, k) -> bn

meta net on x: image(2, 4, 4) = x -> choose {small: unit(1), large: unit(3)} as kind

space s = net
"""
PASS = Pass(
    "share_common", "computes once what candidates compute alike without weights", share_common, example=EXAMPLE
)
