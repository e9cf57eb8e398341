"""The `evolution` family: a population of separately trained architectures, mutated (EvaNet; Real et al. 2018)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...analysis.mutations.edits import can
from ...diagnostics.evolution import MutatesNothing, NothingMutates
from ...diagnostics.externs import UnknownCost
from ...diagnostics.model import Diagnostic
from ...diagnostics.option import OptionText
from ...diagnostics.source import Span
from ...ir.graph import SpaceGraph
from ...schemas.mutations import OneOf
from ...schemas.search import SearchConfig
from ...schemas.strategy import Strategy
from ...text.patterns import matches
from ..separate import SeparateFamily
from .settings import EvolutionConfig


class Evolution(SeparateFamily):
    name = "evolution"
    settings = EvolutionConfig
    runner = "stdsl.runtime.strategies.evolution.runner:EvolutionRunner"

    def check(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        from .mutations import mutations_of

        strategy = _own(config.strategy)
        able = any(mutation.applicable() for mutation in mutations_of(graph, strategy.mutate))
        several = tuple(decision for decision in graph.open if can("resample", decision))
        if several and not strategy.crossover and not able:
            place, asked = strategy.place("mutate"), config.place("strategy")
            if place is None or (asked is not None and place.source != asked.source):
                place = asked  # a strategy of the library is not to blame
            yield NothingMutates(place, graph.name, tuple(d.path for d in several))
        for cost in strategy.minimize:
            for extern in graph.not_stated(cost):
                yield UnknownCost(strategy.place("minimize") or graph.span, cost, extern.name, extern.span)

    def limits_in(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        from .start import faults

        strategy = _own(config.strategy)
        for key, fault in faults(graph, strategy.start, strategy.draw):
            yield fault if fault.span is not None else replace(fault, span=strategy.place(f"start.{key}"))

    def ranked(self, strategy: Strategy) -> int:
        own = _own(strategy)
        return own.population + own.rounds

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        from .mutations import mutations_of

        yield from super().warnings(config, graph)
        strategy = _own(config.strategy)
        for number, mutation in enumerate(strategy.mutate, 1):
            parts = mutation.mutations if isinstance(mutation, OneOf) else (mutation,)
            for part, operator in zip(parts, mutations_of(graph, parts), strict=True):
                place = strategy.place(f"mutate.{number}")
                if not operator.applicable() and not _for_several(place, config.place("strategy")):
                    known = () if any(matches(part.pattern, d.path) for d in graph.open) else graph.open
                    yield MutatesNothing(place, part.kind, part.pattern, graph.name, tuple(d.path for d in known))


def _for_several(place: Span | None, asked: Span | None) -> bool:
    """Whether a mutation is of a strategy of another file: for several spaces, in which not all of them need fit."""
    if place is None or asked is None or isinstance(place.source, OptionText):
        return False
    return place.source != asked.source


def _own(strategy: Strategy | None) -> EvolutionConfig:
    assert isinstance(strategy, EvolutionConfig)
    return strategy


FAMILY = Evolution()
