"""Mutations of architectures, drawn by weight; whatever cannot be is drawn again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ...record import record
from ..architecture import Architecture
from .asked import Answers, Completion
from .edits import Change, can, edits, shuffled

if TYPE_CHECKING:
    from ..policies.completing import How

T = TypeVar("T")


@record(eq=False)
class Operator:
    """A mutation: a change of one of some decisions. ``weight``: how often it is drawn beside others, relative to
    them."""

    change: Change
    decisions: tuple[Decision, ...]
    weight: float = 1.0

    def applicable(self) -> bool:
        """Whether there is anything in the space that it could change."""
        return any(can(self.change, decision) for decision in self.decisions)


@record(eq=False)
class OneOf:
    """A mutation that is one of several, by their weights."""

    operators: tuple[Operator, ...]
    weight: float = 1.0

    def applicable(self) -> bool:
        return any(operator.applicable() for operator in self.operators)


Mutation = Operator | OneOf


class Mutations:
    """Children of architectures of a space, within `where`.

    A mutation is drawn by weight; of its decisions that are active in the parent one, each alike; of what this one can
    be changed to one, each alike; what is then asked for anew is drawn as ``how`` says. Where nothing is left that is
    within `where`, the next change, the next decision, the next mutation is drawn: at each level among what can be.
    """

    def __init__(self, graph: SpaceGraph, mutations: Sequence[Mutation], how: How = "even") -> None:
        self.graph, self.completion = graph, Completion(graph, how)
        self._roots = [m for m in mutations if m.applicable() and m.weight > 0]
        self._weights = [m.weight for m in self._roots]
        self._able = {
            operator: [(d.variables[0].index, d) for d in operator.decisions if can(operator.change, d)]
            for mutation in mutations
            for operator in (mutation.operators if isinstance(mutation, OneOf) else (mutation,))
        }
        """The decisions that an operator can change, each with the variable that has an answer where it is active."""

    def child(self, parent: Architecture, times: int, generator: random.Random) -> Architecture | None:
        """The architecture after ``times`` mutations, one after the other; fewer where none can be any more, and None
        where none can be at all."""
        found = self.completion.answers(parent)
        for number in range(times):
            mutated = self.mutated(found, generator)
            if mutated is None:
                if number == 0:
                    return None
                break
            found = mutated
        return self.completion.architecture(found)

    def mutated(self, answers: Answers, generator: random.Random) -> dict[int, int] | None:
        """The answers of the architecture after one mutation; None where none can be."""
        for mutation in by_weight(self._roots, self._weights, generator):
            found = self._by(mutation, answers, generator)
            if found is not None:
                return found
        return None

    def _by(self, mutation: Mutation, answers: Answers, generator: random.Random) -> dict[int, int] | None:
        if isinstance(mutation, OneOf):
            parts = [part for part in mutation.operators if part.weight > 0]
            for part in by_weight(parts, [p.weight for p in parts], generator):
                found = self._by(part, answers, generator)
                if found is not None:
                    return found
            return None
        open = [decision for variable, decision in self._able[mutation] if variable in answers]
        for decision in shuffled(open, generator):
            for edited in edits(self.graph, mutation.change, decision, answers, generator):
                found = self.completion.complete(edited, generator)
                if found is not None:
                    return found
        return None


def by_weight(items: Sequence[T], weights: Sequence[float], generator: random.Random) -> Iterator[T]:
    """The items in a random order: each time one of those that are left, in proportion to its weight."""
    left, shares = list(items), list(weights)
    while left:
        place = generator.choices(range(len(left)), shares)[0] if len(left) > 1 else 0
        yield left.pop(place)
        shares.pop(place)
