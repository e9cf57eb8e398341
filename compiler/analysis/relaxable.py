"""Whether a space can become a mixture supernet, and if not, which decisions are in the way. Free of torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..diagnostics.backends import Cases, NotRelaxable, OpenConcat, OpenSlots, UnequalShapes
from ..diagnostics.source import Span
from ..ir.decisions import Decision
from ..ir.diagram import Diagram, Variable, leaves, support
from ..ir.graph import Node, SpaceGraph


def relaxable(graph: SpaceGraph) -> list[NotRelaxable]:
    """One diagnostic per text whose decisions no mixture can relax; empty if the space can be searched by the
    `gradient` family.

    A mixture needs every tensor to have one shape in all architectures, every concat all its elements, and every
    switch to be decided by alternatives or counts rather than by which elements of a keep stay.
    """
    return _by_text(_in_the_way(graph))


def _in_the_way(graph: SpaceGraph) -> list[NotRelaxable]:
    """One diagnostic per decision."""
    owner = graph.deciding
    found: dict[int, NotRelaxable] = {}

    def blame(variables: frozenset[Variable]) -> list[Decision]:
        decisions = {owner[v.index].id: owner[v.index] for v in variables}
        return [d for id, d in sorted(decisions.items()) if id not in found]

    reached = {id for _, id in graph.outputs}
    for node in reversed(graph.nodes):
        if node.id in reached:
            for edge in node.edges:
                if edge.guard is not False:
                    reached.add(edge.source)
    for node in graph.nodes:
        if node.id not in reached:
            continue
        if node.kind == "reduce" and node.op == "concat":
            for d in blame(_guarding(node)):
                found[d.id] = OpenConcat(node.span, d.path)
        elif node.kind == "switch" and not _by_number(node):
            for d in blame(frozenset(v for v in _guarding(node) if v.element is not None)):
                found[d.id] = OpenSlots(node.span, d.path)
        for odd in _odd(node, graph):  # only `where` keeps it from being chosen, and a mixture computes it
            other = _shapes(odd, graph)[0] if odd.type.dims else "none"
            shapes = (*_shapes(node, graph), f"{other}, where only `where` excludes a mistake")
            for d in blame(frozenset().union(*(support(e.guard) for e in node.edges if e.source == odd.id))):
                found[d.id] = UnequalShapes(node.span, d.path, _what(node), shapes, d.span, _cases(d, graph))
        if node.type.fixed:
            continue
        varying = frozenset().union(*(support(dim) for dim in node.type.dims))
        if not any(owner[v.index].id in found for v in varying):
            shapes = tuple(_shapes(node, graph))
            for d in blame(varying):
                found[d.id] = UnequalShapes(node.span, d.path, _what(node), shapes, d.span, _cases(d, graph))
    return [replace(one, kept=graph.by_path[one.path].kind == "keep") for one in found.values()]


def _by_text(found: Iterable[NotRelaxable]) -> list[NotRelaxable]:
    by_text: dict[tuple[str, Span | None], list[NotRelaxable]] = {}
    for one in found:
        by_text.setdefault((one.code, one.span), []).append(one)
    return [
        replace(group[0], also=tuple(one.path for one in group[1:]), kept=any(one.kept for one in group))
        for group in by_text.values()
    ]


def drawable(graph: SpaceGraph) -> list[NotRelaxable]:
    """The same for a network that computes what is drawn alone (`gumbel(compute = sampled)`), where alternatives may
    have any shapes: one diagnostic per text whose keeps cannot all be there at once."""
    return _by_text(one for one in _in_the_way(graph) if one.kept)


def _guarding(node: Node) -> frozenset[Variable]:
    """The variables that the edges of a node hang on."""
    guards = {edge.guard for edge in node.edges if type(edge.guard) is Diagram}
    return frozenset().union(*map(support, guards)) if guards else frozenset()


def _odd(node: Node, graph: SpaceGraph) -> list[Node]:
    """What a node with a shape reads that has none, or another one where the two should be equal."""
    own, nodes, found = node.type, graph.nodes, []
    if not own.dims:
        return []
    whatever = node.kind == "apply" or node.op == "concat"
    for edge in node.edges:
        read = nodes[edge.source].type
        if read is own or edge.guard is False:
            continue
        if not (read.dims if whatever else read.agrees(own)):
            found.append(nodes[edge.source])
    return found


def _by_number(node: Node) -> bool:
    """Whether a switch stands for one application with each value of a number (``passes/expand_numbers.py``), as in a
    space some of whose decisions are fixed: what stays of a list of numbers weighs the values."""
    return node.decision is None and all(edge.option is not None for edge in node.edges)


def _cases(decision: Decision, graph: SpaceGraph) -> Cases:
    switched = any(node.kind == "switch" and node.decision == decision.id for node in graph.nodes)
    if decision.kind == "choose":
        return "alternatives" if switched else "number"
    return "repetitions" if switched else "number" if decision.kind == "count" else "kept"


def _what(node: Node) -> str:
    """A node in the words of the language: where alternatives meet there is no operation to name."""
    if node.kind == "switch":
        return "what is chosen or kept there"
    return f"`{node.op or node.kind}`"


def _shapes(node: Node, graph: SpaceGraph) -> list[str]:
    """Up to four of the shapes that a node can have."""
    joint = graph.diagrams.apply(lambda *dims: dims, *node.type.dims)
    texts = [f"{node.type.layout}({', '.join(map(str, dims))})" for dims in leaves(joint)]
    return texts if len(texts) <= 4 else [*texts[:3], "…"]
