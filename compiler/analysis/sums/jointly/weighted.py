"""What several bounds allow together of sums of the costs times whole numbers.

An architecture with few multiply-adds may be one with many parameters; then a beginning that could still meet each
bound by itself can meet them together no more. The least that a sum of both, each times a number, can still come to
says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from ...circuits.cost_states import Vector
from ..lattice import Lattice

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ..words import Places

SCALE = 1 << 40
"""What a bound allows of a cost is about so much of the sum."""

RATIOS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""One cost counts so many times as much as the other."""

KEPT = 3
"""So many sums of two costs are followed, those that leave least."""

SAFE = 1 << 62


@dataclass(frozen=True, eq=False)
class Together:
    """A sum of costs. ``factors``: of each cost; ``left``: by state, what may have been spent of it at most; what
    the costs by themselves say already is left out."""

    factors: Vector
    left: dict[int, int]

    def allows(self, state: int, spent: Sequence[Places]) -> npt.NDArray[np.bool_] | None:
        """Of what has been spent of each cost, whether something within all bounds can follow; None if it always
        can."""
        left = self.left.get(state)
        if left is None:
            return None
        total: Places = sum(own * factor for own, factor in zip(spent, self.factors, strict=True) if factor)  # type: ignore[assignment]
        return total <= left


def together(places: Lattice, order: Sequence[int]) -> list[Together]:
    """The sums of two costs that say most. ``order``: states, each before what follows it."""
    found: list[Together] = []
    windows = places.windows
    for one, other in combinations(range(len(windows)), 2):
        for signs in product(*((1, -1) if windows[cost][0] > 0 else (1,) for cost in (one, other))):
            tried = []
            for ratio in RATIOS:
                factors = [0] * len(windows)
                for cost, sign, part in zip((one, other), signs, (ratio, 1.0), strict=True):
                    factors[cost] = sign * max(1, int(part * SCALE) // (windows[cost][1] + 1))
                if sum(abs(f) * (high + 1) for f, (_, high) in zip(factors, windows, strict=True)) < SAFE:
                    tried.append(_together(places, order, tuple(factors)))
            tried = [pair for pair in tried if pair[1].left]
            tried.sort(key=lambda pair: pair[0])
            found += [own for _, own in tried[:KEPT]]
    return found


def _together(places: Lattice, order: Sequence[int], factors: Vector) -> tuple[float, Together]:
    """And which part of it there is to spend."""
    most = sum(max(f * low, f * high) for f, (low, high) in zip(factors, places.windows, strict=True))
    least: dict[int, int] = {}
    left: dict[int, int] = {}
    for state in reversed(order):
        ways = places.ways[state]
        least[state] = min(
            (least[w.state] + sum(f * s for f, s in zip(factors, w.steps, strict=True)) for w in ways), default=0
        )
        apart = sum(f * far for f, far in zip(factors, places.far[state], strict=True) if f < 0)
        if least[state] > apart:
            left[state] = max(-SAFE, min(SAFE, most - least[state]))
    return (most - least[order[0]]) / SCALE, Together(factors, left)
