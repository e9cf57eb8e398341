"""How many different networks the architectures of a space come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...diagnostics.budgets import TooManyToCompare
from ...diagnostics.model import SpaceError
from ...ir.graph import SpaceGraph
from ..architecture import answers_of
from ..circuits.of_space import decided
from ..enumerate import architectures
from ..feasible import feasible
from .canonical import CanonicalForms, Form
from .instances import InstanceGraph, InstanceGraphs

COMPARED = 1_000_000
"""Spaces of more architectures than this are not compared one by one."""


def distinct(graph: SpaceGraph, limit: int = COMPARED) -> int:
    """The number of distinct networks among the architectures of a space within `where`, exact.

    Two architectures are one network when their graphs of operation instances are isomorphic: after exact zeros and all
    instances that are on no path from an input to an output are dropped, and identities and nested sums are spliced.
    Raises SpaceError (E0443) when there are more than ``limit`` architectures, constraints over costs left aside.
    """
    found = decided(graph)
    if (found.low if found.exact else found.high) > limit:
        raise SpaceError([TooManyToCompare(graph.span, graph.name, str(found), limit)])
    graphs, forms = InstanceGraphs(graph), CanonicalForms()
    same: dict[object, None] = {}
    networks: set[Form] = set()
    for answers in _all(graph):
        instances = graphs.of(answers)
        key = _written_out(instances)
        if key not in same:  # many architectures leave the very same instances
            same[key] = None
            networks.add(forms.of(instances))
    return len(networks)


def _all(graph: SpaceGraph) -> Iterator[Mapping[int, int]]:
    found = feasible(graph)
    if found is not None:
        yield from (found.unrank(rank) for rank in range(found.count))
    else:
        yield from (answers_of(graph, arch) for arch in architectures(graph))


def _written_out(graph: InstanceGraph) -> tuple[object, ...]:
    return (tuple((id, i.label, i.operands) for id, i in graph.instances.items()), graph.outputs)
