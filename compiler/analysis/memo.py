"""Results that belong to a graph: computed once, gone with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from ..ir.graph import SpaceGraph

T = TypeVar("T")


def once_per_graph(function: Callable[[SpaceGraph], T]) -> Callable[[SpaceGraph], T]:
    """Remember what ``function`` returns for a graph; a graph never changes."""
    known: WeakKeyDictionary[SpaceGraph, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(graph: SpaceGraph) -> T:
        if graph not in known:
            known[graph] = function(graph)
        return known[graph]

    return remembered
