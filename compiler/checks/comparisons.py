"""Which of the spaces that a search compares with are different ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..diagnostics.comparisons import ComparedTwice
from ..diagnostics.model import Sink
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from ..schemas.space_ref import SpaceRef


def different(named: Iterable[tuple[SpaceRef, SpaceGraph]], sink: Sink) -> dict[str, SpaceGraph]:
    """The different ones, each by the first text that names it; warns of the others.

    Spaces are equal when their declaration and the values of all parameters are, however they are written. Operators
    as values are not compared: only where they are written alike are such spaces the same.
    """
    found: dict[str, SpaceGraph] = {}
    seen: dict[Any, SpaceRef] = {}
    for ref, graph in named:
        identity = (graph.span, tuple((name, _identity(value)) for name, value in graph.parameters))
        first = seen.get(identity) or seen.get(str(ref))
        if first is not None:
            sink.add_once(ComparedTwice(ref.span, str(ref), str(first), first.span))
            continue
        seen[identity] = seen[str(ref)] = ref
        found[str(ref)] = graph
    return found


def _identity(value: Any) -> Any:
    """Equal for equal plain values: 1, 1.0 and true are three; anything else is equal to itself alone."""
    if isinstance(value, tuple):
        return tuple(map(_identity, value))
    if value is None or isinstance(value, bool | int | float | str):
        return type(value), value
    return id(value)
