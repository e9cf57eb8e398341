"""In which order the independent parts of a space are gone through, so that little has to be remembered on the way.

A term of a cost that reads decisions of several parts is known when the last of them is answered; until then, the
answers that it reads are remembered. The number of states is about the product of what can be remembered, added up
over the way: the greedy order is improved by moving single parts for as long as that gets less.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Mask = int
"""Of variables, by their index."""

ENOUGH = 2_000
"""An order with about so many states on its way is taken as it is."""

ROUNDS = 6
"""So often all parts are tried at other places."""

LOOKS = 6_000_000
"""So many variables and terms of parts are looked at at most: some two seconds."""


@dataclass(frozen=True, slots=True)
class Part:
    """``readers``: the numbers of the terms that read them. ``open``: for each of its
    variables that terms of several parts read, in how many ways it is answered, and the numbers of these terms."""

    readers: frozenset[int]
    open: tuple[tuple[int, frozenset[int]], ...]


def order(masks: Sequence[Mask], terms: Sequence[Mask], arities: Sequence[int], looks: int) -> tuple[list[int], int]:
    """The places of the parts, whose variables are ``masks``, in a good order, and how many ``looks`` are left: when
    none are, it is taken as it is. ``terms``: the variables that each term reads; ``arities``: by variable."""
    shared = [t for t in terms if sum(1 for mask in masks if mask & t) > 1]
    if not shared:
        return list(range(len(masks))), looks
    parts = [_part(mask, shared, arities) for mask in masks]
    found, looks = _greedily(parts, looks)
    return (found, looks) if _states(parts, found) <= ENOUGH else _improved(parts, found, looks)


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


def _greedily(parts: Sequence[Part], looks: int) -> tuple[list[int], int]:
    """Always the part after which least is remembered; of several the one that comes first."""
    left = list(range(len(parts)))
    unread = Counter(i for part in parts for i in part.readers)
    kept: list[tuple[int, frozenset[int]]] = []
    found: list[int] = []
    while left and looks > 0:
        best, chosen = 0, -1
        for place in left:
            part = parts[place]
            looks -= 1 + len(kept) + len(part.open)
            size = math.prod(arity for arity, own in (*kept, *part.open) if _pending(own, unread, part.readers))
            if chosen < 0 or size < best:
                best, chosen = size, place
        part = parts[chosen]
        kept = [pair for pair in (*kept, *part.open) if _pending(pair[1], unread, part.readers)]
        unread.subtract(part.readers)
        left.remove(chosen)
        found.append(chosen)
    return [*found, *left], looks


def _pending(terms: frozenset[int], unread: Counter[int], readers: frozenset[int]) -> bool:
    """Whether one of some terms is not known when ``readers`` are read, too."""
    return any(unread[i] > (i in readers) for i in terms)


def _states(parts: Sequence[Part], places: Sequence[int]) -> int:
    """About how many states there are on the way."""
    return 1 + sum(_sizes(parts, places, _last(parts, places)))


def _last(parts: Sequence[Part], places: Sequence[int]) -> dict[int, int]:
    """By term, where it is read last."""
    return {i: at for at, place in enumerate(places) for i in parts[place].readers}


def _sizes(parts: Sequence[Part], places: Sequence[int], last: Mapping[int, int]) -> list[int]:
    """What is remembered after each of the places."""
    found = []
    closed = [1] * len(places)
    size = 1
    for at, place in enumerate(places):
        for arity, own in parts[place].open:
            end = max(last[i] for i in own)
            if end > at:
                size *= arity
                closed[end] *= arity
        size //= closed[at]
        found.append(size)
    return found


def _improved(parts: Sequence[Part], places: list[int], looks: int) -> tuple[list[int], int]:
    """Single parts moved to where they make least states, until no move helps."""
    best = _states(parts, places)
    once = sum(1 + len(part.readers) + 2 * len(part.open) for part in parts)
    for _ in range(ROUNDS):
        before = best
        for place in list(places):
            looks -= once
            if looks < 0:
                return places, looks
            rest = [p for p in places if p != place]
            states = _moved(parts, rest, parts[place])
            least = min(states)
            if least < best:
                at = states.index(least)
                best, places = least, [*rest[:at], place, *rest[at:]]
        if best >= before:
            break
    return places, looks


def _moved(parts: Sequence[Part], places: Sequence[int], part: Part) -> list[int]:
    """About how many states there are with a further part before each of the places, and behind the last.

    Before the part what its terms read is remembered for longer, and after it what it answers itself is; how much
    that is at a place does not depend on where the part stands. So all are had in one go.
    """
    last = _last(parts, places)
    sizes = _sizes(parts, places, last)
    longer, own = [1] * len(places), [1] * len(places)
    for place in places:
        for arity, terms in parts[place].open:
            if terms & part.readers:
                longer[max(last[i] for i in terms)] *= arity
    for arity, terms in part.open:
        own[max(last[i] for i in terms)] *= arity
    after = [math.prod(own)]  # what the part answered and is still remembered, at the start and after each place
    for factor in own:
        after.append(after[-1] // factor)
    behind = [0]
    for size, factor in zip(reversed(sizes), reversed(after[1:]), strict=True):
        behind.append(behind[-1] + size * factor)
    behind.reverse()
    found, before, factor = [], 1, 1
    for at, size in enumerate([*sizes, 1]):
        found.append(before + (sizes[at - 1] if at else 1) * after[at] + behind[at])
        if at < len(sizes):
            factor *= longer[at]
            before += size * factor
    return found
