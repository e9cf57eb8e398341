"""By how much frames are moved where they are seen on grids of several sizes: by what is whole on all of them."""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd, lcm
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def step(size: int, grids: Iterable[int]) -> int:
    """The least move, in pixels of an axis of ``size``, that is a whole number on each of ``grids`` of the same axis: 2
    beside a grid of half the size. An axis of one position is not moved along."""
    return lcm(*(size // gcd(size, other) for other in grids if other > 1))


def moves(pad: int, size: int, grids: Iterable[int], u: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """For each ``u`` (N,) in [0, 1) one of the moves within -pad…pad that are whole on all grids, all as likely: the
    lesser ``u``, the further down or to the right."""
    by = step(size, grids)
    most = pad // by
    places = (u * (2 * most + 1)).astype("int64")
    return (most - places) * by


def shifted(move: npt.NDArray[np.int64], size: int, grid: int) -> npt.NDArray[np.int64]:
    """A move in pixels of an axis of ``size``, on another grid."""
    return move * grid // size if grid > 1 else move * 0
