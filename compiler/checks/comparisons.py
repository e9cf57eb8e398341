"""What a search compares its result with: which spaces are different ones, and what no network can be made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..diagnostics.comparisons import ComparedTwice, NotComparable
from ..diagnostics.externs import UnknownCost
from ..diagnostics.model import Sink
from ..diagnostics.run import FewComparable
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig
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


def check_comparisons(
    config: SearchConfig, graph: SpaceGraph, named: Sequence[tuple[SpaceRef, SpaceGraph]], sink: Sink
) -> None:
    """Reports comparisons that no network can be made of. ``named``: the spaces of `compare` that are right."""
    compare = config.compare
    if compare is None:
        return
    for ref, other in named:
        if other.open:
            n = len(other.open)
            fault = f"it leaves {n} decision{'s' if n > 1 else ''} open"
            advice = "name a space without decisions, or compare with `random` architectures of the searched one"
            sink.add_once(NotComparable(ref.span, f"`{ref}`", fault, advice, other.span))
    if compare.random and not graph.open:
        place, fault = config.place("compare.random"), f"`{graph.name}` leaves nothing open, so there is only one"
        sink.add(NotComparable(place, "random architectures", fault, "leave `random` out", graph.span))
    bounds = [key for key in ("near", "above") if getattr(compare, key) is not None]
    if bounds:
        place = config.place(f"compare.{bounds[0]}")
        sink.extend(UnknownCost(place or graph.span, "flops", e.name, e.span) for e in graph.not_stated("flops"))


def few_comparable(config: SearchConfig, graph: SpaceGraph) -> FewComparable | None:
    """A warning where the space is known to have fewer architectures than are to be drawn beside the derived one."""
    asked = config.compare.random if config.compare is not None else 0
    if not asked or not graph.open:
        return None
    from ..analysis.few import at_most

    there = at_most(graph, asked + 1) - 1
    return FewComparable(config.place("compare.random"), asked, graph.name, there) if there < asked else None
