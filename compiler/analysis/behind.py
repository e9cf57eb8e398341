"""Which operations stand behind a gate, an element of a keep, or an alternative: what is decided about with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..ir.diagram import Diagram, Guard
from ..ir.graph import SpaceGraph
from .memo import once_per_graph

Answer = tuple[int, int]
"""The index of a variable, and one of its answers."""


def behind(graph: SpaceGraph, counts: Callable[[int], bool]) -> dict[Answer, tuple[int, ...]]:
    """For each answer that edges depend on (`on` of a gate or an element, an alternative of a choose), the nodes with
    the property ``counts`` that belong to it, ascending:

    - those that make the tensor of such an edge: what computes it and, where that has not the property, what comes
      before and feeds it alone, up to the next decision;
    - of what only computes for these edges, and makes no other answer's tensor, what belongs to no answer further in.

    In `[maybe (x -> a) as A, maybe (x -> a -> b) as B]` of one shared `a`, `a` belongs to A and `b` to B.
    """
    edges = _edges_of(graph)
    own = {answer: _makers(graph, places, counts) for answer, places in edges.items()}
    makers = {id for ids in own.values() for id in ids}
    innermost: dict[int, Answer] = {}
    sizes: dict[int, int] = {}
    for answer, places in edges.items():
        dead = _dead_without(graph, places)
        for id in dead:
            if counts(id) and id not in makers and len(dead) < sizes.get(id, len(graph.nodes) + 1):
                innermost[id], sizes[id] = answer, len(dead)
    found = {answer: set(ids) for answer, ids in own.items()}
    for id, answer in innermost.items():
        found[answer].add(id)
    return {answer: tuple(sorted(ids)) for answer, ids in found.items()}


def _edges_of(graph: SpaceGraph) -> dict[Answer, list[tuple[int, int]]]:
    """The edges that are there under one answer alone, as (node, place among its edges), of nodes that some output
    needs."""
    found: dict[Answer, list[tuple[int, int]]] = {}
    for node in graph.nodes:
        if node.id in _needed(graph):
            for place, edge in enumerate(node.edges):
                for answer in sorted(_required(edge.guard) or ()):
                    found.setdefault(answer, []).append((node.id, place))
    return found


def _required(guard: Guard) -> frozenset[Answer] | None:
    """The answers without which ``guard`` does not hold; None where it never does."""
    if type(guard) is not Diagram:
        return frozenset() if guard is True else None
    cases = [
        within | {(guard.variable.index, answer)}
        for answer, child in enumerate(guard.children)
        if (within := _required(child)) is not None
    ]
    return frozenset.intersection(*cases) if cases else None


def _makers(graph: SpaceGraph, places: Iterable[tuple[int, int]], counts: Callable[[int], bool]) -> set[int]:
    todo = [graph.nodes[node].edges[place].source for node, place in places]
    found, seen = set(), set(todo)
    while todo:
        node = graph.nodes[todo.pop()]
        if node.kind == "apply" and counts(node.id):
            found.add(node.id)
        elif all(edge.guard is True for edge in node.edges):
            further = {edge.source for edge in node.edges if _readers(graph)[edge.source] == 1} - seen
            seen |= further
            todo.extend(further)
    return found


def _dead_without(graph: SpaceGraph, places: Iterable[tuple[int, int]]) -> set[int]:
    """What no output needs any more when these edges are gone."""
    readers = _readers(graph)
    lost: dict[int, int] = {}
    dead: set[int] = set()
    todo = [graph.nodes[node].edges[place].source for node, place in places]
    while todo:
        id = todo.pop()
        lost[id] = lost.get(id, 0) + 1
        if lost[id] == readers[id]:
            dead.add(id)
            todo.extend(edge.source for edge in graph.nodes[id].edges)
    return dead


@once_per_graph
def _needed(graph: SpaceGraph) -> frozenset[int]:
    found = {id for _, id in graph.outputs}
    for node in reversed(graph.nodes):
        if node.id in found:
            found.update(edge.source for edge in node.edges if edge.guard is not False)
    return frozenset(found)


@once_per_graph
def _readers(graph: SpaceGraph) -> Mapping[int, int]:
    """How many edges of needed nodes, and outputs, read each node."""
    found: dict[int, int] = {}
    for node in graph.nodes:
        if node.id in _needed(graph):
            for edge in node.edges:
                found[edge.source] = found.get(edge.source, 0) + 1
    for _, id in graph.outputs:
        found[id] = found.get(id, 0) + 1
    return found
