"""What each phase of a search does with each decision: hold it, search it, or keep what was found for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from ..analysis.values import Value, value_named
from ..ir.graph import SpaceGraph
from ..record import record
from ..schemas.search import Phase
from ..text.patterns import matches

UNIFORM = "uniform"
"""What `hold` says for a value that is drawn anew at every step."""


@record
class Roles:
    """The decisions of one phase by path. ``held``: those that have a value, ``uniform``: those whose value is drawn
    at every step, ``free``: those that are searched, ``kept``: those that an earlier phase found, ``undecided``: those
    that are none of these, which is a mistake."""

    free: frozenset[str] = frozenset()
    held: Mapping[str, Value] = field(default_factory=dict)
    uniform: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    undecided: tuple[str, ...] = ()


def roles(graph: SpaceGraph, phases: Sequence[Phase]) -> tuple[Roles, ...]:
    """The roles of the decisions in each phase. Values that a decision does not have leave it undecided."""
    found: list[Roles] = []
    searched: set[str] = set()
    for phase in phases:
        free, uniform, kept = set(), set(), set()
        held: dict[str, Value] = {}
        undecided: list[str] = []
        for decision in graph.open:
            path = decision.path
            text = next((value for pattern, value in phase.hold.items() if matches(pattern, path)), None)
            if text is not None:
                value = value_named(decision, text)
                if value is not None:
                    held[path] = value
                elif text == UNIFORM:
                    uniform.add(path)
                else:
                    undecided.append(path)
            elif any(matches(pattern, path) for pattern in free_patterns(phase)):
                free.add(path)
            elif path in searched:
                kept.add(path)
            else:
                undecided.append(path)
        searched |= free
        found.append(Roles(frozenset(free), held, frozenset(uniform), frozenset(kept), tuple(undecided)))
    return tuple(found)


def free_patterns(phase: Phase) -> tuple[str, ...]:
    """The patterns of what a phase searches."""
    return (phase.free,) if isinstance(phase.free, str) else phase.free or ()


def never_decided(graph: SpaceGraph, found: Sequence[Roles]) -> tuple[str, ...]:
    """The decisions that no phase searches, and that the last one does not hold at a value either."""
    searched = frozenset[str]().union(*(roles.free for roles in found))
    last = found[-1]
    return tuple(d.path for d in graph.open if d.path not in searched and d.path in last.uniform)


def unmatched(graph: SpaceGraph, phases: Sequence[Phase]) -> Iterator[tuple[int, str, str]]:
    """Patterns that fit no decision: the phase from 1, the setting (`free` or `hold`), the pattern."""
    for number, phase in enumerate(phases, 1):
        for setting, patterns in (("free", free_patterns(phase)), ("hold", tuple(phase.hold))):
            for pattern in patterns:
                if not any(matches(pattern, d.path) for d in graph.open):
                    yield number, setting, pattern
