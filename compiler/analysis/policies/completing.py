"""An edited architecture made whole again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ...ir.graph import SpaceGraph
from ..architecture import Architecture
from .policy import Policy
from .uniform import Uniform
from .weighted import even

How = Literal["uniform", "even"]
"""How decisions are drawn that nothing settles: every architecture alike, or every decision by itself evenly."""


def policy(graph: SpaceGraph, how: How, held: Mapping[str, Any] | None = None) -> Policy:
    """The distribution of that name over the architectures of a space."""
    return Uniform(graph, held) if how == "uniform" else even(graph, held)


def complete(graph: SpaceGraph, values: Mapping[str, Any], key: int, how: How = "even") -> Architecture:
    """An architecture with ``values`` (by path) wherever it asks for these decisions: what is not asked for any more
    goes, what is newly asked for is drawn, and `where` holds.

    The same one for the same ``key``. Raises NotAllowed for a value that its decision does not have, KeyError for a
    path that the space does not have, SpaceError (E0441) where no architecture within `where` has the values.
    """
    return policy(graph, how, values).draw(key)
