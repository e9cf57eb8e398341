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
    shares = coinciding or {}
    known = [_Part(part) for part in parts]
    whole = range(len(parts))
    best: tuple[float, tuple[int, ...], bool] = (math.inf, (), False)
    for n in range(1, len(parts)):
        for own in combinations(whole, n):
            others = [i for i in whole if i not in own]
            sides = [known[i] for i in own], [known[i] for i in others]
            if any(math.prod(part.total for part in side).bit_length() > ALONE for side in sides):
                continue
            sizes = _different(own, known, shares), _different(others, known, shares)
            best = min(
                best, *((_work(*sides, *sizes, limits, rates, int(turned)), own, turned) for turned in (False, True))
            )
    work, own, turned = best
    return Cut(*_apart(parts, own), turned, work) if own else None


class _Part:
    """What is asked about a part when cuts are compared, for each cost."""

    def __init__(self, vectors: Vectors) -> None:
        import numpy as np

        self.size, self.total, self.far = len(vectors), vectors.total, vectors.far
        columns = (vectors.first, vectors.second)
        self.factor = [int(np.gcd.reduce(column)) for column in columns]
        self.mean = [float(column.mean()) for column in columns]
        self.variance = [float(column.var()) for column in columns]


def _different(some: Sequence[int], known: Sequence[_Part], shares: Coinciding) -> float:
    """About how many different sums some of the parts have, no fewer than one or two of them."""
    sizes, pairs = [known[i].size for i in some], list(combinations(some, 2))
    two = max((known[i].size * known[j].size / shares.get((i, j), 1.0) for i, j in pairs), default=0.0)
    return max(math.prod(sizes) / math.prod(shares.get(pair, 1.0) for pair in pairs), two, *sizes)


def _work(
    own: Sequence[_Part],
    others: Sequence[_Part],
    own_sums: float,
    other_sums: float,
    limits: Limits,
    rates: Rates,
    cost: int,
) -> float:
    reach = [min(limits[axis], sum(part.far[axis] for part in own)) for axis in (0, 1)]
    factors = [math.gcd(*(part.factor[axis] for part in own)) or 1 for axis in (0, 1)]
    cells = math.prod(far // factor + 1 for far, factor in zip(reach, factors, strict=True))
    # About so many of the others are near the limit.
    spread = math.sqrt(sum(part.variance[cost] for part in others))
    sums = NormalDist(sum(part.mean[cost] for part in others), spread + 1)
    near = sums.cdf(limits[cost]) - sums.cdf(limits[cost] - reach[cost])
    return rates.cell * cells + rates.own * own_sums + rates.other * near * other_sums


def _apart(parts: Sequence[Vectors], chosen: Sequence[int]) -> Halves:
    return [parts[i] for i in chosen], [part for i, part in enumerate(parts) if i not in chosen]
