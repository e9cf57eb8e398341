"""What a pass is, and how it builds a graph from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from ..ir.graph import Edge, Node, SpaceGraph
from ..record import record


@record
class Pass:
    """A rewrite of a space graph into one that computes the same as a supernet, with the same names of weights.

    ``example``: the text of a small space that it changes. ``required``: lowering needs it, so it cannot be turned off.
    ``optional``: it runs only where it is asked for.
    """

    name: str
    doc: str
    run: Callable[[SpaceGraph], SpaceGraph]
    required: bool = False
    optional: bool = False
    example: str = field(kw_only=True)


class Rewriter:
    """Builds the nodes of a new graph from those of an old one, in order; ``ids`` maps old nodes to new ones."""

    def __init__(self, graph: SpaceGraph) -> None:
        self._graph = graph
        self.nodes: list[Node] = []
        self.ids: dict[int, int] = {}

    def copy(self, node: Node, **changes: Any) -> int:
        """Take over an old node, with its edges led to the new sources (or with ``edges``, already new)."""
        edges = changes.pop("edges", None)
        id = self.add(replace(node, edges=self.edges(node.edges) if edges is None else edges, **changes))
        self.ids[node.id] = id
        return id

    def add(self, node: Node) -> int:
        """Add a new node, whose edges are new already; its id is given here."""
        id = len(self.nodes)
        self.nodes.append(replace(node, id=id))
        return id

    def edges(self, edges: Sequence[Edge]) -> tuple[Edge, ...]:
        return tuple(replace(edge, source=self.ids[edge.source]) for edge in edges)

    def finish(self) -> SpaceGraph:
        """The new graph; outputs and inputs follow ``ids``."""
        return replaced(self._graph, self.nodes, self.ids)


def replaced(graph: SpaceGraph, nodes: Sequence[Node], ids: Mapping[int, int]) -> SpaceGraph:
    """``graph`` with other nodes; ``ids`` leads from the old to the new ones."""
    return replace(
        graph,
        nodes=tuple(nodes),
        inputs=tuple(ids[i] for i in graph.inputs),
        outputs=tuple((name, ids[i]) for name, i in graph.outputs),
    )
