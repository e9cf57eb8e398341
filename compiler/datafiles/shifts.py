"""By how much frames are moved where they are seen on grids of several sizes: by what is whole on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd, lcm


def measure(grids: Sequence[int]) -> int:
    """The size of the axis that moves are given in pixels of: the first of ``grids`` that has more than one position,
    for along one of one position nothing moves."""
    return next((size for size in grids if size > 1), 1)


def step(size: int, grids: Iterable[int]) -> int:
    """The least move, in pixels of an axis of ``size``, that is a whole number on each of ``grids`` of the same axis: 2
    beside a grid of half the size. An axis of one position is not moved along."""
    return lcm(*(size // gcd(size, other) for other in grids if other > 1))
