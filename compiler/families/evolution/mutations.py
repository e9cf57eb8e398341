"""The mutations of a strategy as those of a space."""

from __future__ import annotations

from collections.abc import Iterable

from ...analysis.mutations import mutating
from ...ir.graph import SpaceGraph
from ...schemas.mutations import Grow, Mutation, OneOf, Resample, Shrink
from ...text.patterns import matches


def mutations_of(graph: SpaceGraph, mutate: Iterable[Mutation]) -> list[mutating.Mutation]:
    """In order, each with the decisions that its pattern matches; some may have none."""
    return [_of(graph, mutation) for mutation in mutate]


def _of(graph: SpaceGraph, mutation: Mutation) -> mutating.Mutation:
    if isinstance(mutation, OneOf):
        return mutating.OneOf(tuple(_single(graph, part) for part in mutation.mutations), mutation.weight)
    return _single(graph, mutation)


def _single(graph: SpaceGraph, mutation: Resample | Grow | Shrink) -> mutating.Operator:
    matching = tuple(d for d in graph.open if matches(mutation.pattern, d.path))
    return mutating.Operator(mutation.kind, matching, mutation.weight)
