"""Exact zeros on the edges of keeps and sites: which alternatives are some, and when their edge is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...ir.diagram import Guard
from ...ir.graph import Node, SpaceGraph
from ...ops.registry import PRIMITIVES, primitives_of
from ...record import record
from ..conditions import Conditions
from ..memo import once_per_graph


@record
class KeptZeros:
    """``options``: the alternatives (from 0) of a choose that are exact zeros, never all of them. ``when``: where the
    choose stands on an edge that is kept; True where it is asked for on kept edges alone."""

    options: frozenset[int]
    when: Guard


def is_zero(graph: SpaceGraph, node: Node) -> bool:
    """Whether a node is an exact zero, or one that is passed on as it is."""
    while node.kind == "apply" and node.op in PRIMITIVES and PRIMITIVES[node.op].identity:
        node = graph.nodes[node.edges[0].source]
    return node.kind == "apply" and node.op in PRIMITIVES and PRIMITIVES[node.op].zero


def switch_behind(graph: SpaceGraph, node: Node) -> Node | None:
    """The choose whose value ``node`` is, or is computed from by operators of one input alone."""
    while node.kind == "apply" and len(node.edges) == 1:
        node = graph.nodes[node.edges[0].source]
    if node.kind != "switch" or node.decision is None or graph.decisions[node.decision].kind != "choose":
        return None
    return node


@once_per_graph
def zeros_on_kept_edges(graph: SpaceGraph) -> Mapping[int, KeptZeros]:
    """By the id of a choose that stands on an edge of a keep or site, or is an alternative of one that does, its exact
    zeros."""
    options: dict[int, frozenset[int]] = {}
    kept: dict[int, Guard] = {}
    conditions = Conditions(graph, primitives_of(graph), live=False)
    for switch, guard in _switches(graph, conditions):
        assert switch.decision is not None
        own = [e for e in switch.edges if e.option is not None]
        zeros = frozenset(e.option for e in own if e.option is not None and is_zero(graph, graph.nodes[e.source]))
        if 0 < len(zeros) < len(own):
            options[switch.decision] = zeros
            kept[switch.decision] = graph.diagrams.either(guard, kept.get(switch.decision, False))
    return {id: KeptZeros(options[id], _alone(graph, conditions.active(id), guard)) for id, guard in kept.items()}


def _switches(graph: SpaceGraph, conditions: Conditions) -> Iterator[tuple[Node, Guard]]:
    """The chooses on edges of keeps and sites, with the conditions under which the edges are kept."""
    for node in graph.nodes:
        keeps = node.decision is not None and graph.decisions[node.decision].kind == "keep"
        if node.kind != "reduce" or not keeps or node.id not in conditions.of:
            continue
        for edge in node.edges:
            # What is too entangled to be known counts as asked for.
            joint = conditions.conjunction(conditions.of[node.id], edge.guard)
            stack = [(graph.nodes[edge.source], edge.guard if joint is None else joint)]
            while stack:
                source, guard = stack.pop()
                switch = switch_behind(graph, source)
                if switch is None or guard is False:
                    continue
                yield switch, guard
                for inner in switch.edges:
                    both = conditions.conjunction(guard, inner.guard)
                    stack.append((graph.nodes[inner.source], guard if both is None else both))


def _alone(graph: SpaceGraph, active: Guard | None, kept: Guard) -> Guard:
    """``kept``, or True where it follows from ``active``."""
    if active is None or kept is True:
        return kept
    follows: Guard = graph.diagrams.either(graph.diagrams.negate(active), kept)
    return True if follows is True else kept
