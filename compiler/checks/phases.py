"""Whether the phases of a search fit its space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..analysis.values import describe_allowed, value_named
from ..diagnostics.model import Sink
from ..diagnostics.phases import HeldAtNothing, NeverSearched, PatternMatchesNothing, UndecidedInPhase
from ..diagnostics.source import Span
from ..ir.graph import SpaceGraph
from ..text.patterns import matches
from .roles import UNIFORM, never_decided, roles, unmatched

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


def check_phases(config: SearchConfig, graph: SpaceGraph, sink: Sink) -> bool:
    """Whether every phase says what becomes of every decision; reports where it does not."""
    if not config.phase:
        return True
    before = len(sink.errors)
    known = tuple(d.path for d in graph.open)
    told: set[Span | None] = set()
    for number, setting, pattern in unmatched(graph, config.phase):
        place = config.place(
            f"phase.{number}.{setting}.{pattern}" if setting == "hold" else f"phase.{number}.{setting}"
        )
        if place not in told:  # of a list of patterns the first one
            told.add(place)
            sink.add(PatternMatchesNothing(place, pattern, graph.name, known))
    wrong: set[str] = set()
    for number, phase in enumerate(config.phase, 1):
        for pattern, value in phase.hold.items():
            for decision in graph.open:
                if value != UNIFORM and matches(pattern, decision.path) and value_named(decision, value) is None:
                    wrong.add(decision.path)
                    place = config.place(f"phase.{number}.hold.{pattern}")
                    allowed = describe_allowed(decision) if decision.kind != "keep" else "`all`, where it may keep all"
                    sink.add(HeldAtNothing(place, pattern, value, decision.path, allowed))
                    break
    found = roles(graph, config.phase)
    for number, part in enumerate(found, 1):
        undecided = tuple(path for path in part.undecided if path not in wrong)
        if undecided:
            sink.add(UndecidedInPhase(config.place(f"phase.{number}"), number, undecided))
    if len(sink.errors) == before:
        open_ended = never_decided(graph, found)
        if open_ended:
            sink.add(NeverSearched(config.place(f"phase.{len(found)}"), open_ended))
    return len(sink.errors) == before
