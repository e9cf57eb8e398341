"""Predicts what a supernet keeps for the backward pass, from its graph alone."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ..ir.graph import Node, SpaceGraph
from .merge_targets import MIXTURE, Mixture

FLOAT, INDEX = 4, 8
OF_INPUT = frozenset(
    """conv depthwise pointwise temporal_gaussian linear bn group_norm layer_norm max_pool avg_pool relu6 elu hsigmoid
    gelu silu hswish leaky_relu mul scale""".split()  # noqa: SIM905
)
"""Primitives whose backward pass needs their inputs."""
OF_OUTPUT = frozenset({"relu", "sigmoid", "tanh", "softmax"})
"""Primitives whose backward pass needs their output."""


def kept_bytes(graph: SpaceGraph) -> int:
    """Bytes per sample, in float32, that training all weights and decisions keeps; shapes that depend on decisions are
    left out, and so are parameters."""
    kept: set[int] = set()
    others = 0
    for node in graph.nodes:
        inside = _recomputed(graph, node.scope)
        for id in _tensors(node):
            # A recomputed cell keeps nothing but what enters it.
            if inside is None or _recomputed(graph, graph.nodes[id].scope) != inside:
                kept.add(_owner(graph, id))
        if inside is None:
            others += _extra(graph, node)
    return others + sum(FLOAT * _elements(graph.nodes[id]) for id in kept)


def _tensors(node: Node) -> Iterator[int]:
    sources = [edge.source for edge in node.edges]
    if node.kind == "apply" and node.op in OF_INPUT:
        yield from sources
    elif node.kind == "apply" and node.op in OF_OUTPUT:
        yield node.id
    elif node.kind in ("switch", "gate") or (node.kind == "reduce" and node.decision is not None):
        yield from sources
    if node.kind == "merged" and node.op == MIXTURE:
        yield from sources


def _extra(graph: SpaceGraph, node: Node) -> int:
    """Bytes of what is kept beside nodes' values: the places of maxima, the centred inputs of pointwise convolutions,
    and what inner stages of merged operations give."""
    if node.kind == "apply" and node.op == "max_pool":
        return INDEX * _elements(node)
    if node.kind == "merged" and node.op == MIXTURE:
        mixture: Mixture = node.attributes["mixture"]
        if mixture.again:
            return 0
        chains = [chain for group in mixture.groups for chain in group.chains]
        rows = sum(FLOAT * stage.pointwise.input.elements for chain in chains for stage in chain)
        return rows + sum(FLOAT * stage.norm.input.elements for chain in chains for stage in chain[:-1])
    return 0


def _owner(graph: SpaceGraph, id: int) -> int:
    """The node whose memory an identity's value is."""
    node = graph.nodes[id]
    while node.kind == "apply" and node.op == "identity":
        node = graph.nodes[node.edges[0].source]
    return node.id


def _elements(node: Node) -> int:
    return prod(node.type.dims) if node.type.fixed else 0


def _recomputed(graph: SpaceGraph, scope: int | None) -> int | None:
    """The recomputed cell that a scope stands in."""
    while scope is not None:
        if graph.scopes[scope].recompute:
            return scope
        scope = graph.scopes[scope].parent
    return None
