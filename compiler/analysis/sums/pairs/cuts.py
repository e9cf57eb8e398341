"""How the independent parts of a space are cut in two, so that pairs of the sums of both sides are counted soonest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

from ..words import ALONE
from .dominance import CELL as SORTED_CELL
from .dominance import COLUMN, VECTOR
from .strip import ARRAYS, Rates
from .vectors import Limits, Vectors

Halves = tuple[list[Vectors], list[Vectors]]

Coinciding = Mapping[tuple[int, int], float]
"""By the places of two parts, the first one first, how many pairs of their vectors there are for each different sum."""


@dataclass(frozen=True)
class Cut:
    """``own``: the parts that range over little by one cost, the first one if it is not ``turned``. ``work``: about so
    much it is to count."""

    own: list[Vectors]
    others: list[Vectors]
    turned: bool
    work: float


def balanced(parts: Sequence[Vectors]) -> Halves:
    """The cut whose side with more sums has fewest."""
    whole = range(len(parts))
    sizes = [math.log(max(1, len(part))) for part in parts]
    most = sum(sizes)
    _, chosen = min(
        (max(own, most - own), some)
        for n in whole
        for some in combinations(whole, n)
        if (own := sum(sizes[i] for i in some)) <= most
    )
    return _apart(parts, chosen)


def about(one: Sequence[Vectors], other: Sequence[Vectors], limits: Limits) -> float:
    """About how much work it is to count what meets of two halves (:class:`.dominance.Meeting`)."""
    less, more = sorted(float(math.prod(len(part) for part in half)) for half in (one, other))
    columns = [min(limit, sum(part.far[i] for part in (*one, *other))) + 1 for i, limit in enumerate(limits)]
    return VECTOR * (more + 2 * less) + 2 * math.sqrt(COLUMN * SORTED_CELL * less * math.prod(columns))


def narrowest(
    parts: Sequence[Vectors], limits: Limits, rates: Rates = ARRAYS, coinciding: Coinciding | None = None
) -> Cut | None:
    """The one that is about least work for a :class:`.strip.Strip`; None where there is none whose sides have less than
    2⁶² ways each. Of a part with no sums alone there is no work. ``coinciding``: how much fewer sums are different than
    there are of two parts."""
    if not all(len(part) for part in parts):
        return Cut([part for part in parts if not len(part)][:1], [], False, 0.0)
    known = [_Part(part) for part in parts]
    largest = sorted(range(len(parts)), key=lambda i: known[i].size, reverse=True)
    sides: dict[tuple[int, ...], _Side] = {}

    def side(chosen: tuple[int, ...]) -> _Side:
        if chosen not in sides:
            inside = set(chosen)
            sides[chosen] = _Side([i for i in largest if i in inside], known, rates.many, coinciding or {})
        return sides[chosen]

    whole = range(len(parts))
    best: tuple[float, tuple[int, ...], bool] = (math.inf, (), False)
    for n in range(1, len(parts)):
        for chosen in combinations(whole, n):
            own, other = side(chosen), side(tuple(i for i in whole if i not in chosen))
            if max(own.total, other.total).bit_length() <= ALONE:
                best = min(
                    best, *((_work(own, other, limits, rates, int(turned)), chosen, turned) for turned in (False, True))
                )
    work, chosen, turned = best
    return Cut(*_apart(parts, chosen), turned, work) if chosen else None


class _Part:
    """What is asked about a part when cuts are compared, for each cost."""

    def __init__(self, vectors: Vectors) -> None:
        import numpy as np

        self.size, self.total, self.far = len(vectors), vectors.total, vectors.far
        columns = (vectors.first, vectors.second)
        self.factor = [int(np.gcd.reduce(column)) for column in columns]
        self.mean = [float(column.mean()) for column in columns]
        self.variance = [float(column.var()) for column in columns]


class _Side:
    """The same about some parts together, the largest first. ``many``, ``few``: about so many different sums are in the
    longer and the shorter list that they are kept as, ``sums`` of both; ``units``, ``shifts``: what the longer one's
    costs have in common, and how many places of each that makes."""

    def __init__(self, some: Sequence[int], known: Sequence[_Part], most: int, shares: Coinciding) -> None:
        parts = [known[i] for i in some]
        self.total = math.prod(part.total for part in parts)
        self.many, self.few = 1.0, 1.0
        together, apart = list[int](), list[int]()
        for i in some:
            if self.many * known[i].size <= most or not together:
                self.many = _summed(self.many, i, together, known, shares)
                together.append(i)
            else:
                self.few = _summed(self.few, i, apart, known, shares)
                apart.append(i)
        self.sums = self.many * self.few
        longer = [known[i] for i in together]
        self.far, self.unit = _far(parts), _unit(parts)
        self.units = _unit(longer)
        self.shifts = [far // unit + 1 for far, unit in zip(_far(longer), self.units, strict=True)]
        self.mean = [sum(part.mean[axis] for part in parts) for axis in (0, 1)]
        self.spread = [math.sqrt(sum(part.variance[axis] for part in parts)) + 1 for axis in (0, 1)]


def _far(parts: Sequence[_Part]) -> list[int]:
    return [sum(part.far[axis] for part in parts) for axis in (0, 1)]


def _unit(parts: Sequence[_Part]) -> list[int]:
    return [math.gcd(*(part.factor[axis] for part in parts)) or 1 for axis in (0, 1)]


def _summed(sums: float, more: int, some: Sequence[int], known: Sequence[_Part], shares: Coinciding) -> float:
    """About how many different sums there are of those of some parts and another one, no fewer than either has."""
    size = known[more].size
    shared = math.prod(shares.get((min(i, more), max(i, more)), 1.0) for i in some)
    return max(sums * size / shared, sums, size)


def _work(own: _Side, other: _Side, limits: Limits, rates: Rates, cost: int) -> float:
    reach = [min(limit, far) for limit, far in zip(limits, own.far, strict=True)]
    places = [far // unit + 1 for far, unit in zip(reach, own.unit, strict=True)]
    # About so many of the others are near the limit, and so many are settled but for the other cost.
    sums = NormalDist(other.mean[cost], other.spread[cost])
    settled = sums.cdf(limits[cost] - reach[cost])
    near = sums.cdf(limits[cost]) - settled
    looked_up = rates.other * settled * other.sums
    if rates.rows == 1 or limits[1 - cost] < rates.block:  # else they are not added up before
        looked_up = min(looked_up, rates.settled * other.few * other.shifts[1 - cost])
    # Row by row each of the few has as many rows of the many as one of the table is.
    rows = 1 + own.unit[cost] / other.units[cost] if rates.rows == 1 else 1
    turns = rates.blocks(places[cost], places[1 - cost]) * (own.few + rows * other.few)
    numbers = rates.cell * math.prod(places) + rates.own * own.sums + rates.other * near * other.sums
    return numbers + rates.turn * turns + looked_up


def _apart(parts: Sequence[Vectors], chosen: Sequence[int]) -> Halves:
    return [parts[i] for i in chosen], [part for i, part in enumerate(parts) if i not in chosen]
