"""The stretches of a walk: between two neighbours among the states that all ways go through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .lattice import Way


@dataclass(frozen=True, slots=True)
class Stretch:
    """From state ``first`` to state ``last``; ``states``: those on the way, ``first`` among them and ``last`` not, what
    follows before what it follows. ``count``: how many ways."""

    first: int
    last: int
    states: tuple[int, ...]
    count: int


def reached(ways: Sequence[Sequence[Way]], start: int) -> tuple[int, ...]:
    """The states on the ways from the start on; what follows a state has a smaller number."""
    found = {start}
    for state in range(start, -1, -1):
        if state in found:
            found.update(way.state for way in ways[state])
    return tuple(sorted(found, reverse=True))


def stretches(ways: Sequence[Sequence[Way]], start: int) -> tuple[Stretch, ...]:
    """Those of all ways from ``start`` on; the one end is the state without ways that they all come to."""
    order = reached(ways, start)
    place = {state: at for at, state in enumerate(order)}
    # Over a place lead the ways that begin before and end behind it.
    changes = [0] * (len(order) + 1)
    for state in order:
        for way in ways[state]:
            changes[place[state] + 1] += 1
            changes[place[way.state]] -= 1
    found: list[Stretch] = []
    over = before = 0
    for at, change in enumerate(changes[:-1]):
        over += change
        if over == 0 and at > 0:
            inside = tuple(reversed(order[before:at]))
            found.append(Stretch(order[before], order[at], inside, _count(ways, inside, order[at])))
            before = at
    return tuple(found)


def _count(ways: Sequence[Sequence[Way]], states: Sequence[int], last: int) -> int:
    counts = {last: 1}
    for state in states:
        counts[state] = sum(counts[way.state] for way in ways[state])
    return counts[states[-1]]
