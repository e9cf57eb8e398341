"""Whether a search that measures with shared weights needs one that leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..diagnostics.model import ArchitectureError, Sink
from ..diagnostics.needs import NoSupplier, OtherSeed, OutsideTrained
from ..diagnostics.settings import listed
from ..families.registry import those
from ..ir.graph import CostConstraint, DecisionConstraint, SpaceGraph
from .searches import CheckedSearch


def supplier(search: CheckedSearch) -> CheckedSearch | None:
    """The only search that ``search`` needs itself whose weights all architectures share; None where there is none, or
    are several."""
    found = _suppliers(search)
    return found[0] if len(found) == 1 else None


def lent_by(search: CheckedSearch) -> CheckedSearch | None:
    """The search whose weights ``search`` measures with; None where it has its own."""
    return supplier(search) if _measures_shared(search) else None


def _measures_shared(search: CheckedSearch) -> bool:
    fitness = getattr(search.config.strategy, "fitness", None)
    return getattr(fitness, "weights", "trained") == "shared"


def check_shared(search: CheckedSearch, sink: Sink, seeded: bool) -> CheckedSearch | None:
    """Reports where there is none, or it is of another space or on other data; the search, with a warning where it may
    go beyond `where` of that one, or None.
    ``seeded``: the call gives the seed, to what is needed, too."""
    config = search.config
    if not _measures_shared(search):
        return search
    place = config.place("needs" if config.needs else "strategy")  # a strategy may be that of several searches
    known = {needed.config.name for needed in search.needs}
    if not set(config.needs) <= known:
        return search  # what it needs is wrong, and that was said
    found = _suppliers(search)
    if len(found) != 1:
        names = ", ".join(f"`{one.config.name}`" for one in found)
        families = listed(those("shared"), " or ")
        reason = f"needs several that leave some: {names}" if found else f"needs no search of the family {families}"
        advice = "name one of them in `needs`" if found else "write one, and its name in `needs`"
        sink.add(NoSupplier(place, config.name, reason, advice))
        return None
    (other,) = found
    name, fault, key = other.config.name, "", ""
    if not _same_networks(search.graph, other.graph):
        fault, key = f"`{name}` searches another space: `{other.graph.name}`, and not `{search.graph.name}`", "space"
    elif other.config.data.model_dump() != config.data.model_dump():
        fault, key = f"`{name}` is on other data", "data"
    if fault:
        advice = "give both the same space (but for its `where`) and data"
        sink.add(NoSupplier(config.place(key), config.name, fault, advice, other.config.place(key)))
        return None
    if other.config.seed != config.seed and not seeded:
        own, others = config.place("seed"), other.config.place("seed")
        sink.add(OtherSeed(own, config.name, config.seed, name, other.config.seed, others))
        return None
    beyond = tuple(c.span for c in other.graph.constraints if not _kept(c, search.graph))
    if not beyond:
        return search
    warning = OutsideTrained(config.place("space"), config.name, name, beyond)
    sink.add_once(warning)
    return replace(search, warnings=(*search.warnings, warning))


def outside_trained(search: CheckedSearch, arch: Mapping[str, Any]) -> OutsideTrained | None:
    """A warning where what ``search`` found is outside `where` of the search whose weights it was measured with."""
    from ..analysis.architecture import architecture
    from ..analysis.costs.measures import within_budgets

    other = lent_by(search)
    if other is None:
        return None
    try:
        within_budgets(other.graph, architecture(other.graph, arch))
    except ArchitectureError as error:
        bounds = tuple(d.span for d in error.diagnostics if d.span is not None)
        return OutsideTrained(search.config.place("space"), search.config.name, other.config.name, bounds, True)
    return None


def _kept(constraint: CostConstraint | DecisionConstraint, graph: SpaceGraph) -> bool:
    """Whether a constraint plainly holds in a space: the same one is there, or a narrower bound of the same cost."""
    for own in graph.constraints:
        if own.span.text == constraint.span.text and type(own) is type(constraint):
            return True
        if not isinstance(own, CostConstraint) or not isinstance(constraint, CostConstraint):
            continue
        if own.metric != constraint.metric or own.other is not constraint.other:
            continue
        low, high = constraint.low, constraint.high
        above = low is None or (own.low is not None and own.low >= low)
        if above and (high is None or (own.high is not None and own.high <= high)):
            return True
    return False


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
