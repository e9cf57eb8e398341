"""Running sums along long rows of a table.

Along a row each sum waits for the one before it. So a row stands here in lanes: its columns 0, 8, 16, … one after the
other are the first lane, its columns 1, 9, 17, … the second. The sums within eight columns are then those of whole
lanes, which a processor adds up some numbers at a time; what comes before the eight is added in the end. That takes
less than half as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..words import Places

LANES = 8


def length(columns: int) -> int:
    """Of the lanes of a row of so many columns."""
    return -(-columns // LANES)


def places(columns: int, rows: int = 1) -> Places:
    """Where the columns of the first of so many rows stand in a table of (LANES, rows, length) numbers; those of the
    next one are :func:`length` further."""
    import numpy as np

    n = length(columns)
    return (np.arange(LANES) * (rows * n) + np.arange(n)[:, None]).reshape(-1)[:columns]


def summed_up(lanes: npt.NDArray[Any]) -> None:
    """Put the running sums along each row in its place, (LANES, …, length)."""
    import numpy as np

    for lane in range(1, LANES):
        lanes[lane] += lanes[lane - 1]
    before = np.zeros_like(lanes[-1])
    np.cumsum(lanes[-1][..., :-1], axis=-1, out=before[..., 1:])
    for own in lanes:
        own += before
