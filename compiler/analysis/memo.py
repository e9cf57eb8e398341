"""Results that belong to a graph: computed once, gone with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from ..ir.graph import SpaceGraph

T = TypeVar("T")


def once_per_graph(function: Callable[[SpaceGraph], T]) -> Callable[[SpaceGraph], T]:
    """Remember what ``function`` returns for a graph; a graph never changes.

    It is remembered on the graph: what refers to the graph in its turn, as much does, would keep a table of graphs from
    ever losing one.
    """

    @wraps(function)
    def remembered(graph: SpaceGraph) -> T:
        known = graph.remembered
        if function not in known:
            known[function] = function(graph)
        found: T = known[function]
        return found

    return remembered
