"""Whether a search that measures with shared weights needs one that leaves them."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics.model import Sink
from ..diagnostics.needs import NoSupplier
from ..ir.graph import SpaceGraph
from .searches import CheckedSearch


def supplier(search: CheckedSearch) -> CheckedSearch | None:
    """The only search that ``search`` needs itself whose weights all architectures share; None where there is none, or
    are several."""
    found = _suppliers(search)
    return found[0] if len(found) == 1 else None


def check_shared(search: CheckedSearch, sink: Sink, seeded: bool) -> bool:
    """Reports where there is none, or it is of another space or on other data; whether all is well.
    ``seeded``: the call gives the seed, to what is needed, too."""
    config = search.config
    fitness = getattr(config.strategy, "fitness", None)
    if getattr(fitness, "weights", "trained") != "shared":
        return True
    place = config.place("needs" if config.needs else "strategy")  # a strategy may be that of several searches
    known = {needed.config.name for needed in search.needs}
    if not set(config.needs) <= known:
        return True  # what it needs is wrong, and that was said
    found = _suppliers(search)
    if len(found) != 1:
        names = ", ".join(f"`{one.config.name}`" for one in found)
        reason = f"needs several that leave some: {names}" if found else "needs no search of the family `sampling`"
        advice = "name one of them in `needs`" if found else "write one, and its name in `needs`"
        sink.add(NoSupplier(place, config.name, reason, advice))
        return False
    (other,) = found
    name, fault = other.config.name, ""
    if not _same_networks(search.graph, other.graph):
        fault = f"`{name}` searches another space: `{other.graph.name}`, and not `{search.graph.name}`"
    elif other.config.data.model_dump() != config.data.model_dump():
        fault = f"`{name}` is on other data"
    elif other.config.seed != config.seed and not seeded:
        fault = f"`{name}` has another seed, which divides the data otherwise"
    if fault:
        sink.add(NoSupplier(place, config.name, fault, "give both the same space (but for its `where`), data and seed"))
    return not fault


def _suppliers(search: CheckedSearch) -> list[CheckedSearch]:
    from ..families.registry import family

    own = [needed for needed in search.needs if needed.config.name in search.config.needs]
    return [
        needed
        for needed in own
        if needed.config.strategy is not None and family(needed.config.strategy.family).shared and needed.graph.open
    ]


def _same_networks(one: SpaceGraph, other: SpaceGraph) -> bool:
    """Whether two spaces differ in nothing but their names and constraints."""
    return one is other or _body(one) == _body(other)


def _body(graph: SpaceGraph) -> list[str]:

    from ..ir.printer import print_ir

    return print_ir(replace(graph, constraints=())).splitlines()[1:]
