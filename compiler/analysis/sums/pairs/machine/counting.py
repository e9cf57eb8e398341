"""What is counted in machine code, all of it compiled before it is needed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from ...tables import Effort
from ..vectors import Limits, Vectors
from .compiling import interruptible
from .rows import Rows, Unfit
from .sides import Sides
from .slices import RATES

__all__ = ["RATES", "sides", "summed", "warm"]

COSTS = np.arange(3, dtype=np.int64)

GREAT = 1 << 17
"""Products of two and more numbers like that are not for 32 bits."""


def summed(some: Vectors, others: Vectors, limits: Limits, kind: Any) -> Vectors | None:
    """As :func:`..vectors.summed`; None where sorting is better. ``kind``: of the costs."""
    try:
        return Rows.of(some).summed(others, limits).as_vectors(kind)
    except (Unfit, MemoryError, RuntimeError):  # numbers, memory, threads
        return None


def sides(own: Sequence[Vectors], other: Sequence[Vectors], limits: Limits) -> Sides | None:
    """Two sides, of which the own one ranges over little by the first cost; None where numbers are too great, or too
    many, or there are none. Raises TooMuch."""
    try:
        return Sides(own, other, limits)
    except (Unfit, MemoryError, RuntimeError):  # numbers, memory, threads
        return None


def warm(longer: bool = False) -> None:
    """Compile all in this thread, so that it may be interrupted; raises whatever keeps it from that. ``longer``: that
    for numbers which no 32 bits hold, too."""
    for times in (1, GREAT) if longer else (1,):
        part = Vectors(COSTS, COSTS, times * COSTS + 1, 3 + 3 * times)
        with interruptible():
            made = Sides([part, part], [part, part], (5, 5)).within((5, 5), Effort(1 << 40, 1 << 40))
        found = []
        for piece in made.pieces(made.done()):
            with interruptible():
                found.append(piece())
        some = [four for four in product(range(3), repeat=4) if sum(four) <= 5]
        if made.together(found) != sum(math.prod(times * cost + 1 for cost in four) for four in some):
            raise ArithmeticError("wrong machine code")
