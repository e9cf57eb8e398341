"""How many architectures are left once some decisions are fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..ir.graph import DecisionConstraint, SpaceGraph
from .circuits.of_space import CountResult
from .count import count
from .values import encode


def within(graph: SpaceGraph, values: Mapping[str, Any]) -> SpaceGraph:
    """The same space with the further constraint that the decisions with these paths, wherever they are active, have
    these values (as architectures hold them). Raises KeyError and NotAllowed."""
    added = []
    for path, value in values.items():
        decision = graph.by_path[path]
        tests = [graph.diagrams.test(v, encode(decision, value)[v.index]) for v in decision.variables]
        needs = frozenset((decision.id,))
        added.append(DecisionConstraint(needs, graph.diagrams.all(tests), decision.span))
    return replace(graph, constraints=(*graph.constraints, *added))


def remaining(graph: SpaceGraph, values: Mapping[str, Any]) -> CountResult:
    """The number of architectures of ``graph`` that have these values: exact, or an interval where :func:`count` gives
    one."""
    return count(within(graph, values))
