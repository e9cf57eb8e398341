"""What is counted in machine code, all of it compiled before it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import config

from ...tables import Effort
from ..vectors import Limits, Vectors
from .rows import Rows, Unfit
from .slices import RATES, Slices

__all__ = ["RATES", "slices", "summed", "warm"]


def summed(some: Vectors, others: Vectors, limits: Limits, kind: Any) -> Vectors | None:
    """As :func:`..vectors.summed`; None where sorting is better. ``kind``: of the costs."""
    try:
        return Rows.of(some).summed(others, limits).as_vectors(kind)
    except Unfit:
        return None


def slices(own: Sequence[Vectors], other: Sequence[Vectors], limits: Limits) -> Slices | None:
    """Two sides, of which the own one ranges over little by the first cost; None where numbers are too great. Raises
    TooMuch."""
    try:
        return Slices(own, other, limits)
    except Unfit:
        return None


def warm() -> None:
    """Raises whatever keeps code from being compiled."""
    if config.DISABLE_JIT:
        raise ImportError("numba does not compile")
    few = np.arange(3, dtype=np.int64)
    own = Vectors(few, few, few + 1, 6)
    both = summed(own, own, (4, 4), np.int64)
    count = Slices([own, own], [own, own], (5, 5)).within((5, 5), Effort(1 << 40, 1 << 40)).count()
    if both is None or both.counts.tolist() != [1, 4, 10, 12, 9] or count != 675:
        raise ArithmeticError("wrong machine code")
