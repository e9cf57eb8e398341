"""Lists whose length is a decision: which decisions belong to which element, so that one can be put in or taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...ir.decisions import Decision
from ...ir.diagram import IMPOSSIBLE
from ...ir.graph import SpaceGraph
from ...record import record
from ..memo import once_per_graph
from .asked import asked

_INDEX = re.compile(r"\[(\d+)\]")

Element = Mapping[tuple[str, str], Decision]
"""The decisions of an element by what their paths have before and behind its index."""


@record
class Elements:
    """``of``: by length, the decisions of what is there from that length on, none where there are no decisions.
    ``first``: the least length of them all; what is there for shorter ones has no decisions of its own."""

    first: int
    of: Mapping[int, Element]


def numbers(decision: Decision) -> bool:
    """Whether the decision is between numbers, not all alike."""
    values = decision.values
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return decision.kind in ("choose", "count") and plain and len(set(values)) > 1


def elements_of(graph: SpaceGraph, decision: Decision) -> Elements | None:
    """The elements of the lists whose length grows with the number ``decision``, one by one; None where there are
    none. Element by element means: of a length of n there is what there is of n - 1, and one element more."""
    known = _known(graph)
    if decision.id not in known:
        known[decision.id] = _elements_of(graph, decision)
    return known[decision.id]


@once_per_graph
def _known(graph: SpaceGraph) -> dict[int, Elements | None]:
    return {}


def _elements_of(graph: SpaceGraph, decision: Decision) -> Elements | None:
    conditions = asked(graph)
    values = sorted(decision.values)
    if conditions is None or any(type(value) is not int for value in values):
        return None
    variable = decision.variables[0]
    needs: dict[int, int] = {}
    """By decision: the least length with which it can be active; absent where lengths do not order it so."""
    for condition, decisions in conditions:
        there = [
            graph.diagrams.restrict(condition, {variable.index: decision.values.index(value)})
            not in (False, IMPOSSIBLE)
            for value in values
        ]
        if there == sorted(there) and any(there):
            needs.update((d.id, values[there.index(True)]) for d in decisions)
    families: dict[str, dict[int, list[tuple[str, Decision]]]] = {}
    for other in graph.open:
        if other is not decision:
            for match in _INDEX.finditer(other.path):
                family = families.setdefault(other.path[: match.start()], {})
                family.setdefault(int(match[1]), []).append((other.path[match.end() :], other))
    found: dict[int, dict[tuple[str, str], Decision]] = {}
    for prefix, family in families.items():
        offset = _offset(family, needs, values[0])
        if offset is not None:
            for index, members in family.items():
                found.setdefault(index + offset, {}).update({(prefix, rest): d for rest, d in members})
    return Elements(min(found), found) if found else None


def _offset(family: Mapping[int, list[tuple[str, Decision]]], needs: Mapping[int, int], least: int) -> int | None:
    """By how much the length from which on an element is there is more than its index; None where these do not go
    together."""
    starts: dict[int, int] = {}
    for index, members in family.items():
        if any(d.id not in needs for _, d in members):
            return None
        starts[index] = min(needs[d.id] for _, d in members)
    late = {start - index for index, start in starts.items() if start > least}
    if len(late) != 1:
        return None
    (offset,) = late
    return offset if all(start > least or index + offset <= least for index, start in starts.items()) else None
