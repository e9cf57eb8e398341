"""How many places the grids of a walk have, so that they are gone through in so much time and memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .bundles import Bundles
from .ends import Ends

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[Any]

ROOM = 20_000_000
"""The grids that are needed at a time have so many places at most: 160 MB."""

LOOKED = 4
"""So many times a grid is gone through in which the last sums are looked up."""

LINE = 1 << 22
"""So many places one cost has at most."""


def roundings(bundles: Bundles, ends: Ends) -> int:
    """So many ways between two states are rounded at most of one to the end, the first sum too."""
    longest = dict.fromkeys(bundles.order, 0)
    for state in ends.between:
        for after in bundles.ways[state]:
            longest[after] = max(longest[after], longest[state] + 1)
    return 1 + max(longest.values())


def cells_within(
    bundles: Bundles, ends: Ends, highs: Sequence[int], work: int, runs: Callable[[tuple[int, ...]], int]
) -> tuple[int, ...]:
    """How many places of the grid there are up to ``highs``: as many of each cost, if it has as many, and so many that
    about ``work`` numbers are added up in all ``runs``, which depend on how many places there are."""
    import numpy as np

    far, states = _reach(bundles, highs), _with_grids(bundles, ends)
    reach = np.array([far[state] for state in states], dtype=float).reshape(-1, len(highs))
    added = np.array(
        [LOOKED if s in ends.last else sum(map(len, bundles.ways[s].values())) for s in states], dtype=float
    )
    until = _needed(bundles, ends, states)

    def fits(places: tuple[int, ...]) -> bool:
        units = np.array([n / max(1, high) for n, high in zip(places, highs, strict=True)])
        sizes = np.prod(np.floor(reach * units) + 2, axis=1)
        kept = np.concatenate([sizes, [0.0]])
        np.subtract.at(kept, until, sizes)
        return bool(runs(places) * float(sizes @ added) <= work and np.cumsum(kept).max() <= ROOM)

    def cells(most: int) -> tuple[int, ...]:
        # A cost times the places that it has fits in 64 bits.
        return tuple(min(high, most, 1 << max(0, 62 - high.bit_length())) for high in highs)

    least, most = 1, LINE
    while least < most:
        middle = (least + most + 1) // 2
        if fits(cells(middle)):
            least = middle
        else:
            most = middle - 1
    return cells(least)


def _reach(bundles: Bundles, highs: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """By state the most that ways to it cost, no more than ``highs``."""
    zero = tuple(0 for _ in highs)
    found = dict.fromkeys(bundles.order, zero)
    for state in bundles.order[:-1]:
        for after, bundle in bundles.ways[state].items():
            further = tuple(map(max, zip(*bundle, strict=True)))
            found[after] = tuple(
                max(known, min(high, own + more))
                for known, high, own, more in zip(found[after], highs, found[state], further, strict=True)
            )
    return found


def _with_grids(bundles: Bundles, ends: Ends) -> list[int]:
    """The states that have a grid: those between the ends, and those at which the last sums begin."""
    found = {*ends.between, *ends.first, *(after for state in ends.between for after in bundles.ways[state])}
    return [state for state in bundles.order if state in found]


def _needed(bundles: Bundles, ends: Ends, states: Sequence[int]) -> list[int]:
    """For each of the states the place of the first one at which its grid is not needed any more."""
    at = {state: place for place, state in enumerate(states)}
    return [
        1 + (place if state in ends.last else max(at[after] for after in bundles.ways[state]))
        for place, state in enumerate(states)
    ]
