"""What may be changed in an architecture: a value for another, or an element of a list put in or taken out."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeVar

from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ..values import NotAllowed, decode, encode
from .asked import Answers, evenly
from .lists import Element, elements_of, numbers

Change = Literal["resample", "grow", "shrink"]

SETS = 4096
"""A keep of at most so many allowed sets has them tried one after the other."""

T = TypeVar("T")


def can(change: Change, decision: Decision) -> bool:
    """Whether such a change of the decision exists at all."""
    if decision.kind == "keep":
        low, high = decision.sizes or (0, len(decision.variables))
        return low < high or (change == "resample" and 0 < low < len(decision.variables))
    if change == "resample":
        return decision.variables[0].arity > 1
    return decision.kind == "gate" or numbers(decision)


def edits(
    graph: SpaceGraph, change: Change, decision: Decision, answers: Answers, generator: random.Random
) -> Iterator[dict[int, int]]:
    """The architecture with one change of an active decision, all there are in random order: its answers without those
    that are to be drawn anew. ``answers``: those of the architecture."""
    match decision.kind, change:
        case "keep", "resample":
            return _other_sets(decision, answers, generator)
        case "keep", _:
            return _element_kept(decision, change == "grow", answers, generator)
        case "gate", "grow" | "shrink":
            return _gate(decision, int(change == "grow"), answers)
        case _, "resample":
            return _other_values(decision, answers, generator)
        case _:
            return _next_number(graph, decision, change == "grow", answers, generator)


def shuffled(items: Iterable[T], generator: random.Random) -> Iterator[T]:
    """The items in random order, as far as they are asked for."""
    left = list(items)
    while left:
        place = generator.randrange(len(left))
        left[place], left[-1] = left[-1], left[place]
        yield left.pop()


def _other_values(decision: Decision, answers: Answers, generator: random.Random) -> Iterator[dict[int, int]]:
    (variable,) = decision.variables
    now = answers[variable.index]
    for answer in shuffled((a for a in range(variable.arity) if a != now), generator):
        yield {**answers, variable.index: answer}


def _gate(decision: Decision, wanted: int, answers: Answers) -> Iterator[dict[int, int]]:
    (variable,) = decision.variables
    if answers[variable.index] != wanted:
        yield {**answers, variable.index: wanted}


def _other_sets(decision: Decision, answers: Answers, generator: random.Random) -> Iterator[dict[int, int]]:
    """Every other allowed set once; of very many only so many as can be tried."""
    elements = len(decision.variables)
    low, high = decision.sizes or (0, elements)
    most = min(SETS, sum(math.comb(elements, size) for size in range(low, high + 1)) - 1)
    seen = {tuple(answers[v.index] for v in decision.variables)}
    # Drawn again where it was seen, so that each takes its turn with the same probability.
    while len(seen) <= most:
        drawn = evenly(decision, generator)
        key = tuple(drawn.values())
        if key not in seen:
            seen.add(key)
            yield {**answers, **drawn}


def _element_kept(
    decision: Decision, more: bool, answers: Answers, generator: random.Random
) -> Iterator[dict[int, int]]:
    kept = [v.index for v in decision.variables if answers[v.index]]
    low, high = decision.sizes or (0, len(decision.variables))
    if (len(kept) >= high) if more else (len(kept) <= low):
        return
    candidates = (v.index for v in decision.variables if bool(answers[v.index]) is not more)
    for variable in shuffled(candidates, generator):
        yield {**answers, variable: int(more)}


def _next_number(
    graph: SpaceGraph, decision: Decision, more: bool, answers: Answers, generator: random.Random
) -> Iterator[dict[int, int]]:
    """The next greater or next smaller number; where it is the length of lists, with an element put in anywhere or any
    one taken out (as many as the number makes it, beside each other)."""
    (variable,) = decision.variables
    now = decision.values[answers[variable.index]]
    others = [value for value in decision.values if (value > now if more else value < now)]
    if not others:
        return
    then = min(others) if more else max(others)
    changed = {**answers, variable.index: decision.values.index(then)}
    elements = elements_of(graph, decision)
    if elements is None:
        yield changed
        return
    step = abs(then - now)
    shorter = min(now, then)
    for place in shuffled(range(min(elements.first, shorter + 1), shorter + 2), generator):
        yield _moved(changed, elements.of, place, step if more else -step, shorter + step)


def _moved(answers: Answers, elements: Mapping[int, Element], place: int, by: int, most: int) -> dict[int, int]:
    """The elements from ``place`` on moved up or down; where there is nothing to move, it is left open."""
    left = dict(answers)
    for at in range(place, most + 1):
        for decision in elements.get(at, {}).values():
            for variable in decision.variables:
                left.pop(variable.index, None)
    for at in range(place if by > 0 else place - by, most + 1):
        for name, decision in elements.get(at, {}).items():
            target = elements.get(at + by, {}).get(name)
            if target is not None and decision.variables[0].index in answers:
                try:
                    left.update(encode(target, decode(decision, answers)))
                except NotAllowed:
                    continue  # elements need not be alike
    return left
