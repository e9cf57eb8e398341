"""Whether there can be as many architectures as an ensemble has members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..diagnostics.ensembles import TooManyMembers
from ..diagnostics.model import Sink
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from .searches import CheckedSearch


def check_ensemble(search: CheckedSearch, sink: Sink) -> None:
    """Reports more members than the strategy, or the space, can have architectures, as far as that is known before."""
    config, asked = search.config, search.config.members
    if asked < 2:
        return
    from ..families.registry import family

    place = config.place("ensemble")
    if config.strategy is None or not search.graph.open:
        sink.add(TooManyMembers(place, asked, 1, f"`{search.graph.name}`, in which no decision is open,"))
        return
    ranked = family(config.strategy.family).ranked(config.strategy)
    if ranked is not None and ranked < asked:
        sink.add(TooManyMembers(place, asked, ranked, f"a search by this strategy (`{config.strategy.family}`)"))
        return
    if _surely(search.common) >= asked:
        return
    from ..analysis.count import count

    high = count(search.common, quick=True).high
    if high < asked:
        sink.add(TooManyMembers(place, asked, high, f"`{search.graph.name}`"))


def _surely(graph: SpaceGraph) -> int:
    """So many architectures there are at least, without counting: one, and without constraints all others that answer
    one of the decisions otherwise that it asks."""
    if graph.constraints:
        return 0
    from ..analysis.circuits.of_space import alternatives
    from ..analysis.costs.additive import default_answers
    from ..analysis.demand import active

    asked = active(graph, default_answers(graph)).decisions
    return 1 + sum(alternatives(graph.decisions[id]) - 1 for id in asked)
