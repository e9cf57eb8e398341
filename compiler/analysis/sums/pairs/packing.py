"""Several costs packed into one number, so that a table has each combination of sums once."""

from __future__ import annotations

from dataclasses import replace

from ..lattice import Lattice, Way
from ..tables import FARTHEST, TooMuch


def packing(places: Lattice, start: int) -> tuple[Lattice, int]:
    """The places of one packed cost, and what a place of the first cost is in it. Raises TooMuch where the numbers
    would be too great."""
    strides: list[int] = []
    stride = 1
    for most in reversed(places.far[start]):
        strides.append(stride)
        stride *= most + 1
    if stride >= FARTHEST:
        raise TooMuch
    strides.reverse()

    def packed(steps: tuple[int, ...]) -> int:
        return sum(step * stride for step, stride in zip(steps, strides, strict=True))

    # The first cost decides what is too much already; the others are looked at in the end.
    top = (places.windows[0][1] + 1) * strides[0] - 1
    one = replace(
        places,
        ways=tuple(tuple(Way(w.answer, w.state, (packed(w.steps),)) for w in ways) for ways in places.ways),
        far=tuple((packed(far),) for far in places.far),
        units=(1,),
        windows=((0, max(top, 0)),),
        certain=((0, max(top, 0)),),
    )
    return one, strides[0]
