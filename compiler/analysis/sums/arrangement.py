"""In which order the independent parts of a space are gone through, so that little has to be remembered on the way.

A term of a cost that reads decisions of several parts is known when the last of them is answered; until then, the
answers that it reads are remembered. The number of states is about the product of what can be remembered, added up
over the way: the greedy order is improved by moving single parts for as long as that gets less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Mask = int
"""Of variables, by their index."""

ENOUGH = 2_000
"""An order with about so many states on its way is taken as it is."""

ROUNDS = 6
"""So often all parts are tried at other places."""

MOVED = 150
"""Of more parts none is moved: every one at every place is looked at as a whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """``readers``: the numbers of the terms that read them. ``open``: for each of its
    variables that terms of several parts read, in how many ways it is answered, and the numbers of these terms."""

    readers: frozenset[int]
    open: tuple[tuple[int, frozenset[int]], ...]


def order(masks: Sequence[Mask], terms: Sequence[Mask], arities: Sequence[int]) -> list[int]:
    """The places of the parts, whose variables are ``masks``, in a good order. ``terms``: the variables that each term
    reads; ``arities``: by variable."""
    shared = [t for t in terms if sum(1 for mask in masks if mask & t) > 1]
    if not shared:
        return list(range(len(masks)))
    parts = [_part(mask, shared, arities) for mask in masks]
    found = _greedily(parts)
    return found if len(parts) > MOVED or _states(parts, found) <= ENOUGH else _improved(parts, found)


def _part(mask: Mask, terms: Sequence[Mask], arities: Sequence[int]) -> Part:
    readers = frozenset(i for i, t in enumerate(terms) if t & mask)
    variables: dict[int, set[int]] = {}
    for i in readers:
        rest = terms[i] & mask
        while rest:
            low = rest & -rest
            variables.setdefault(low.bit_length() - 1, set()).add(i)
            rest ^= low
    return Part(readers, tuple((arities[v], frozenset(own)) for v, own in sorted(variables.items())))


def _greedily(parts: Sequence[Part]) -> list[int]:
    """Always the part after which least is remembered; of several the one that comes first."""
    left = list(range(len(parts)))
    unread = {i: sum(1 for p in parts if i in p.readers) for p in parts for i in p.readers}
    kept: list[tuple[int, frozenset[int]]] = []
    found: list[int] = []
    while left:
        best, chosen, remembered = 0.0, -1, kept
        for place in left:
            part = parts[place]
            pending = {i for i, n in unread.items() if n - (i in part.readers) > 0}
            after = [pair for pair in (*kept, *part.open) if pair[1] & pending]
            size = 1.0
            for arity, _ in after:
                size *= arity
            if chosen < 0 or size < best:
                best, chosen, remembered = size, place, after
        for i in parts[chosen].readers:
            unread[i] -= 1
        kept = remembered
        left.remove(chosen)
        found.append(chosen)
    return found


def _states(parts: Sequence[Part], places: Sequence[int]) -> float:
    """About how many states there are on the way."""
    last: dict[int, int] = {}
    for at, place in enumerate(places):
        for i in parts[place].readers:
            last[i] = at
    grows = [1.0] * (len(places) + 1)
    for at, place in enumerate(places):
        for arity, own in parts[place].open:
            end = max(last[i] for i in own)
            if end > at:
                grows[at] *= arity
                grows[end] /= arity
    total = size = 0.0
    size = 1.0
    for factor in grows:
        size *= factor
        total += size
    return total


def _improved(parts: Sequence[Part], places: list[int]) -> list[int]:
    """Single parts moved to where they make least states, until no move helps."""
    best = _states(parts, places)
    for _ in range(ROUNDS):
        before = best
        for place in list(places):
            rest = [p for p in places if p != place]
            for at in range(len(places)):
                tried = [*rest[:at], place, *rest[at:]]
                states = _states(parts, tried)
                if states < best:
                    best, places = states, tried
        if best >= before:
            break
    return places
