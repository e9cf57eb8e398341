"""Crossover: an architecture of two parents."""

from __future__ import annotations

import random

from ..architecture import Architecture
from .asked import Completion

ATTEMPTS = 16
"""So many children of a pair are made at most before none is within `where`."""


def crossed(
    completion: Completion, first: Architecture, second: Architecture, generator: random.Random
) -> Architecture | None:
    """Of each decision the value of one parent or the other, both alike probable where both have one (uniform
    crossover; G. Syswerda, 1989); what neither settles is drawn. None where nothing within `where` was found."""
    one, two = completion.answers(first), completion.answers(second)
    deciding = completion.graph.deciding
    decisions = {deciding[variable].id: deciding[variable] for variable in sorted({*one, *two})}
    for _ in range(ATTEMPTS):
        mixed: dict[int, int] = {}
        for decision in decisions.values():
            index = decision.variables[0].index
            source = one if index in one else two
            if index in one and index in two and generator.random() < 0.5:
                source = two
            mixed.update((v.index, source[v.index]) for v in decision.variables)
        found = completion.complete(mixed, generator)
        if found is not None:
            return completion.architecture(found)
    return None
