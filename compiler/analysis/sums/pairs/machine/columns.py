"""Some columns of the table of a strip (:mod:`..strip`), small enough for a processor's cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...words import dot
from ..vectors import Limits
from . import sweep
from .lines import LINE
from .rows import Unfit

if TYPE_CHECKING:
    import numpy.typing as npt

    from ...words import Places
    from .sides import Sides

ROWS = 16
"""The own sums of so many rows are written down at a time."""

ROOM = 3 << 21
"""And so many of them at most, unless one row has more."""

CACHED = 64
"""Bytes of a line of the cache."""


@dataclass(frozen=True, eq=False)
class Found:
    """``looked_up``: what the other side allows in these columns, without what is in those before. In each row:
    ``inside``, how many of the own side are in these columns, and ``asking``, how many ways of the other side look
    there. ``line``: how many of the own side are in them up to each column."""

    looked_up: int
    inside: Places
    asking: Places
    line: Places


@dataclass(frozen=True, eq=False)
class Columns:
    """Those from ``low`` to before ``high``, of so many rows."""

    sides: Sides
    limits: Limits
    rows: int
    low: int
    high: int

    @property
    def _other(self) -> tuple[Any, ...]:
        other = self.sides.other
        return *other.arrays, other.rows.units[0]

    def _runs(self) -> Places:
        """Room for those of a row."""
        return np.empty((4, self.sides.runs), dtype=np.int64)

    @property
    def _width(self) -> int:
        """Of the table."""
        return self.high - self.low + self.sides.pad

    @property
    def _longest(self) -> int:
        """So many of the own side's many are in a row of the table at most."""
        return min(self.sides.longest, self._width)

    @property
    def _together(self) -> tuple[int, int]:
        """Of how many rows the own sums are written down at a time, and how many these may be."""
        in_a_row = self._longest * len(self.sides.few[0])
        together = max(1, min(ROWS, ROOM // in_a_row))
        return together, together * max(self._longest, min(ROOM // together, in_a_row))

    @property
    def bytes(self) -> int:
        """So many are needed besides, while these are counted."""
        return 25 * self._width + 12 * self._together[1] + 32 * self.sides.runs

    def swept(self, done: Places) -> Found:
        """``done``: how many rows, and whether to stop. Raises Unfit where it was asked to stop."""
        for kind in (np.uint32, np.int64):
            try:
                found = self._swept(done, kind)
            except OSError as error:  # a full disk, where machine code should be kept
                raise Unfit from error
            if found or done[1]:
                break
            done[0] = 0  # numbers of 32 bits are too short
        if not found:
            raise Unfit
        return found

    def _swept(self, done: Places, kind: type[np.generic]) -> Found | None:
        sides = self.sides
        _, _, _, _, counts = sides.classes
        table, before = _aligned(self._width, kind), np.zeros(self._width // LINE, dtype=np.int64)
        together, room = self._together
        buffer = np.empty(room, np.int32), np.empty(room, np.int64), np.zeros(together, np.int64)
        results = np.zeros((len(counts), sweep.LIMBS), dtype=np.int64)
        inside, asking = np.zeros((2, self.rows), dtype=np.int64)
        if not sweep.swept(
            self.rows,
            (self.low, self.high, sides.pad),
            sides.units,
            (*sides.own.arrays, sides.own.rows.far[1] // sides.units[1]),
            sides.few,
            self._other,
            sides.classes,
            self.limits,
            sides.divisor,
            sides.mean,
            (table, before),
            (*buffer, self._longest),
            self._runs(),
            (results, inside, asking),
            done,
        ):
            return None
        looked_up = sum(dot(counts, np.ascontiguousarray(results[:, i])) << 32 * i for i in range(sweep.LIMBS))
        line = (table.reshape(-1, LINE).astype(np.int64) + before[:, None]).reshape(-1)
        return Found(looked_up, inside, asking, line[: self.high - self.low])

    def beyond(self, done: Places) -> Places:
        """How many ways of the other side look behind all columns before ``low``, in each row."""
        sides, asking = self.sides, np.zeros(self.rows, dtype=np.int64)
        ends = self.rows, self.low, sides.units
        sweep.beyond(*ends, self._other, sides.classes, self.limits, self._runs(), asking, done)
        return asking


def _aligned(size: int, kind: type[np.generic]) -> npt.NDArray[Any]:
    """A table of so many zeros, each line of it within as few lines of the cache as may be."""
    width = np.dtype(kind).itemsize
    room = np.zeros(size * width + CACHED, dtype=np.uint8)
    skipped = -room.ctypes.data % CACHED
    found: npt.NDArray[Any] = room[skipped : skipped + size * width].view(kind)
    return found
