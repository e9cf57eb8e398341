"""What the ways through a space cost beyond the cheapest, in whole units: the places of a table.

Every state of the walk has the least that is still to come; an answer adds what it costs more than that. So all that
is added is at least 0, and often has a large common factor: the unit, in which the sums are exact. With a larger unit
answers are rounded down, and how much a way is rounded in all is known to lie within bounds.

A cost whose bounds are nearer to the greatest than to the least is turned round: its negative is what is added up, so
that the places begin with the dearest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..circuits.cost_states import DEAD, CostStates, Vector

Bounds = tuple[float | None, float | None]
"""The least and the greatest cost that is allowed; None is open."""


@dataclass(frozen=True, slots=True)
class Way:
    """An answer: the state that it leads to, and by how many units it is above the cheapest, a number a cost."""

    answer: int
    state: int
    steps: Vector


@dataclass(frozen=True, slots=True)
class Lattice:
    """``ways``: by state. ``far``: by state, the most units that can follow, rounded as they add up. ``least``: what
    the cheapest architecture costs by each measure. ``units``; ``lost``: at most so much less than it costs a way is
    said to cost, in no unit: 0 where the sums are exact.
    ``windows``: the places of ways that may be within the bounds, from and to, for each cost; ``certain``: of those
    that are, whatever was rounded.
    """

    ways: tuple[tuple[Way, ...], ...]
    far: tuple[Vector, ...]
    least: Vector
    units: Vector
    lost: Vector
    windows: tuple[tuple[int, int], ...]
    certain: tuple[tuple[int, int], ...]

    @property
    def exact(self) -> bool:
        return not any(self.lost)

    def of(self, costs: Sequence[int]) -> Lattice:
        """That of some of the costs."""

        def some(numbers: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(numbers[cost] for cost in costs)

        return Lattice(
            ways=tuple(tuple(Way(w.answer, w.state, some(w.steps)) for w in ways) for ways in self.ways),
            far=tuple(map(some, self.far)),
            least=some(self.least),
            units=some(self.units),
            lost=some(self.lost),
            windows=some(self.windows),
            certain=some(self.certain),
        )

    def window(self, bounds: Sequence[Bounds], start: int) -> tuple[tuple[int, int], ...]:
        """The places of ways from ``start`` on that may be within some bounds of what is added up."""
        found = []
        for i, (low, high) in enumerate(bounds):
            unit, top = self.units[i], self.far[start][i]
            # A way at place p costs from `least + unit * p` to that and `lost` besides.
            above = 0 if low is None else math.ceil(low) - self.least[i]
            first = max(0, -(-(above - self.lost[i]) // unit))
            found.append((first, top if high is None else min(top, (math.floor(high) - self.least[i]) // unit)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Excess:
    """What answers cost beyond the cheapest way on: ``extra`` by state and follower (None where it is not allowed),
    ``most`` that can follow by state, ``least`` in all. ``signs``: -1 for costs that are turned round."""

    extra: tuple[tuple[Vector | None, ...], ...]
    followers: tuple[tuple[int, ...], ...]
    most: tuple[Vector, ...]
    least: Vector
    signs: Vector

    def factor(self, measure: int) -> int:
        """The greatest common factor of all that is added to a cost; 1 where nothing is."""
        found = math.gcd(*(v[measure] for row in self.extra for v in row if v is not None))
        return found or 1

    def turned(self, bounds: Sequence[Bounds]) -> tuple[Bounds, ...]:
        """Bounds of costs as those of what is added up."""
        return tuple(
            (low, high) if sign > 0 else (None if high is None else -high, None if low is None else -low)
            for sign, (low, high) in zip(self.signs, bounds, strict=True)
        )


def excess(states: CostStates, measures: Sequence[int], bounds: Sequence[Bounds] = ()) -> Excess:
    """``measures``: the places of the costs that are looked at among those of the states. ``bounds``: of each of them;
    without them none is turned round."""
    found = _excess(states, measures, (1,) * len(measures))
    signs = (
        tuple(
            -1 if _near_the_greatest(own, least, least + most) else 1
            for own, least, most in zip(bounds, found.least, found.most[states.start], strict=True)
        )
        if bounds
        else found.signs
    )
    return found if signs == found.signs else _excess(states, measures, signs)


def _near_the_greatest(bounds: Bounds, least: int, greatest: int) -> bool:
    """Whether there is less from the lower end up than to the upper end."""
    low, high = bounds
    return low is not None and greatest - low < (greatest if high is None else min(high, greatest)) - least


def _excess(states: CostStates, measures: Sequence[int], signs: Vector) -> Excess:
    places = tuple(enumerate(zip(measures, signs, strict=True)))
    least: list[Vector] = []
    most: list[Vector] = []
    extra: list[tuple[Vector | None, ...]] = []
    followers: list[tuple[int, ...]] = []
    zero = tuple(0 for _ in measures)
    for step in states.steps:
        if step is None:
            least.append(zero)
            most.append(zero)
            extra.append(())
            followers.append(())
            continue
        ways = [
            None if s == DEAD else tuple(sign * a[m] + least[s][i] for i, (m, sign) in places)
            for s, a in step.followers
        ]
        allowed = [w for w in ways if w is not None]
        low = tuple(map(min, zip(*allowed, strict=True))) if allowed else zero
        rows = tuple(None if w is None else tuple(a - b for a, b in zip(w, low, strict=True)) for w in ways)
        least.append(low)
        extra.append(rows)
        followers.append(tuple(s for s, _ in step.followers))
        ends = [
            tuple(a + b for a, b in zip(row, most[s], strict=True))
            for row, (s, _) in zip(rows, step.followers, strict=True)
            if row is not None
        ]
        most.append(tuple(map(max, zip(*ends, strict=True))) if ends else zero)
    start = states.start
    whole = tuple(sign * states.base[m] + least[start][i] for i, (m, sign) in places)
    return Excess(tuple(extra), tuple(followers), tuple(most), whole, signs)


def lattice(found: Excess, start: int, units: Vector, bounds: Sequence[Bounds]) -> Lattice:
    """The places in these units; ``bounds`` of the costs."""
    bounds = found.turned(bounds)
    ways: list[tuple[Way, ...]] = []
    far: list[Vector] = []
    lost: list[Vector] = []
    each = tuple(enumerate(units))
    for rows, followers in zip(found.extra, found.followers, strict=True):
        own = []
        furthest, most_lost = [0] * len(units), [0] * len(units)
        for answer, (row, state) in enumerate(zip(rows, followers, strict=True)):
            if row is None:
                continue
            steps = []
            beyond, dropped = far[state], lost[state]
            for i, unit in each:
                step, rest = divmod(row[i], unit)
                steps.append(step)
                step += beyond[i]
                if step > furthest[i]:
                    furthest[i] = step
                rest += dropped[i]
                if rest > most_lost[i]:
                    most_lost[i] = rest
            own.append(Way(answer, state, tuple(steps)))
        ways.append(tuple(own))
        far.append(tuple(furthest))
        lost.append(tuple(most_lost))
    places = Lattice(tuple(ways), tuple(far), found.least, units, lost[start], (), ())
    certain = []
    for i, (low, high) in enumerate(bounds):
        unit, top = units[i], far[start][i]
        above = 0 if low is None else math.ceil(low) - found.least[i]
        safe = top if high is None else min(top, (math.floor(high) - found.least[i] - lost[start][i]) // unit)
        certain.append((max(0, -(-above // unit)), safe))
    return replace(places, windows=places.window(bounds, start), certain=tuple(certain))
