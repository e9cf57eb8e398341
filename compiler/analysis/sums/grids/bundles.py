"""The walk through a space with fewer states: what comes into a state and what goes on from it become ways of their
own.

Every way through a state that is left out is rounded once less. There are more ways between the others then, so that a
grid for each of them has fewer places in the same time: states are left out for as long as less is rounded in all.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from operator import mul

from ...circuits.cost_states import Vector
from ..lattice import Lattice
from ..stretches import reached
from ..tables import TooMuch

Bundle = Mapping[Vector, int]
"""The ways from one state to another: how many of them cost so much."""

MOST_WAYS = 200_000
"""A walk with more of them is not looked at."""

MERGED = 1_500_000
"""So many pairs of ways are put together at most, about a second."""

GROWN = 1.05
"""How much is rounded is looked at again where there are so many times as many ways."""

WORSE = 1.5
"""And no more states are left out where so many times as much is rounded as at best."""


@dataclass(frozen=True)
class Bundles:
    """``ways``: by state and follower. ``order``: of the states, each before those that follow it; the last one is the
    end."""

    ways: Mapping[int, Mapping[int, Bundle]]
    order: tuple[int, ...]

    @property
    def start(self) -> int:
        return self.order[0]

    @property
    def end(self) -> int:
        return self.order[-1]


_Ways = dict[int, dict[int, dict[int, int]]]
"""As of :class:`Bundles`, all costs of a way as one number."""


class _Walk:
    """Ways between the states that are left."""

    def __init__(self, places: Lattice, start: int) -> None:
        self.left = set(reached(places.ways, start))
        self.start = start
        # All costs of a way are one number, which is added up at once.
        self.strides = tuple(accumulate((far + 1 for far in places.far[start][:-1]), mul, initial=1))
        self.ways: _Ways = {state: {} for state in self.left}
        self.before: dict[int, set[int]] = {state: set() for state in self.left}
        for state in self.left:
            for way in places.ways[state]:
                bundle = self.ways[state].setdefault(way.state, {})
                packed = sum(map(mul, way.steps, self.strides))
                bundle[packed] = bundle.get(packed, 0) + 1
                self.before[way.state].add(state)
        (self.end,) = (state for state, ways in self.ways.items() if not ways)
        self.size = sum(len(bundle) for ways in self.ways.values() for bundle in ways.values())

    def coming(self, state: int) -> int:
        return sum(len(self.ways[before][state]) for before in self.before[state])

    def going(self, state: int) -> int:
        return sum(len(bundle) for bundle in self.ways[state].values())

    def more(self, state: int) -> int:
        """How many more ways there may be without a state."""
        coming, going = self.coming(state), self.going(state)
        return coming * going - coming - going

    def leave_out(self, state: int) -> None:
        onward = self.ways.pop(state)
        self.size -= sum(map(len, onward.values()))
        for before in self.before.pop(state):
            ways = self.ways[before]
            coming = ways.pop(state)
            self.size -= len(coming)
            for after, bundle in onward.items():
                joined = ways.setdefault(after, {})
                self.size -= len(joined)
                for one, ones in coming.items():
                    for other, others in bundle.items():
                        joined[one + other] = joined.get(one + other, 0) + ones * others
                self.size += len(joined)
                self.before[after].add(before)
        for after in onward:
            self.before[after].discard(state)
        self.left.discard(state)

    def length(self) -> float:
        """How many ways between two states one from the start to the end has on average."""
        order = sorted(self.left, reverse=True)
        counts = {state: {t: float(sum(b.values())) for t, b in self.ways[state].items()} for state in order}
        onward = {self.end: 1.0}
        for state in reversed(order[:-1]):
            onward[state] = sum(n * onward[after] for after, n in counts[state].items())
        behind = dict.fromkeys(order, 0.0)
        behind[self.start] = 1.0
        total = 0.0
        for state in order[:-1]:
            for after, n in counts[state].items():
                behind[after] += behind[state] * n
                total += behind[state] * n * onward[after]
        return total / onward[self.start]

    def copied(self) -> _Ways:
        return {state: {after: dict(b) for after, b in ways.items()} for state, ways in self.ways.items()}

    def bundles(self, ways: _Ways) -> Bundles:
        """Some of its ways as bundles."""
        unpacked = {
            state: {after: {self._unpacked(packed): n for packed, n in b.items()} for after, b in own.items()}
            for state, own in ways.items()
        }
        return Bundles(unpacked, tuple(sorted(ways, reverse=True)))

    def _unpacked(self, packed: int) -> Vector:
        costs = []
        for stride in reversed(self.strides):
            cost, packed = divmod(packed, stride)
            costs.append(cost)
        return tuple(reversed(costs))


def bundled(places: Lattice, start: int) -> Bundles:
    """The walk from ``start`` on by the places of exact sums, with so few states that least is rounded where each
    has a grid. Raises TooMuch where it has too many ways."""
    walk = _Walk(places, start)
    if walk.size > MOST_WAYS:
        raise TooMuch
    costs, merged = len(places.units), 0
    best, least, looked = walk.copied(), 0.0, 0
    rest = [(walk.more(state), state) for state in walk.left if state not in (start, walk.end)]
    heapq.heapify(rest)
    while rest:
        more, state = heapq.heappop(rest)
        now = walk.more(state)
        if now > more:
            heapq.heappush(rest, (now, state))
            continue
        # What makes no more ways is left out before anything is looked at.
        if more > 0 and walk.size > GROWN * looked:
            looked, rounded = walk.size, walk.length() * walk.size ** (1 / costs)
            if not least or rounded < least:
                best, least = walk.copied(), rounded
            elif rounded > WORSE * least:
                return walk.bundles(best)
        merged += walk.coming(state) * walk.going(state)
        if merged > MERGED:
            return walk.bundles(best)
        walk.leave_out(state)
    better = not least or walk.length() * walk.size ** (1 / costs) < least
    return walk.bundles(walk.ways if better else best)
