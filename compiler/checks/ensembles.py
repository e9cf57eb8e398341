"""Whether there can be as many architectures as an ensemble has members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..diagnostics.ensembles import TooManyMembers
from ..diagnostics.model import Sink

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
    from ..analysis.few import at_most

    most = at_most(search.common, asked)
    if most < asked:
        sink.add(TooManyMembers(place, asked, most, f"`{search.graph.name}`"))
