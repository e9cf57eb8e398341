"""A strip (:mod:`..strip`) counted in machine code: some of its columns at a time for each processor."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tables import TooMuch
from ...words import dot
from ..dominance import Told
from ..strip import Rates
from ..vectors import Limits
from . import sweep
from .columns import Columns
from .lines import whole_lines
from .processors import processors
from .rows import Unfit

if TYPE_CHECKING:
    from ...words import Places
    from .sides import Sides

WIDTH = 1 << 17
"""A slice has about so many columns, half a megabyte, and at most as many more that it shares with the one before."""

RATES = Rates(0.05, 4, 2, settled=2, turn=4, many=40_000_000, block=WIDTH, rows=1)
"""On two processors. To turn is to go on to the next of the few, or to the next rest of a class of them, in each row of
each slice. Of both sides together the longer lists have at most so many vectors, or one part each."""

MOST_BYTES = 700_000_000
"""Both sides, and what is kept of all slices, take at most so many."""

BESIDE = 300_000_000
"""What threads need each for itself takes so many at most, or there is one thread."""

OFTEN = 0.1
"""Seconds after which is told how much is done."""


@dataclass(frozen=True, eq=False)
class Slices:
    """Two sides and limits, which are at least 0."""

    sides: Sides
    limits: Limits

    @property
    def shape(self) -> Limits:
        """Of the table: of the own side's sums up to each row and column."""
        sides = self.sides
        far = (
            min(far, limit) // unit + 1 for far, limit, unit in zip(sides.far, self.limits, sides.units, strict=True)
        )
        rows, columns = far
        return rows, columns

    @property
    def end(self) -> int:
        """Where columns end: behind the last of the own side there are some that the other side may look up."""
        return whole_lines(self.shape[1]) + self.sides.pad

    @property
    def begins(self) -> range:
        """The first column of each slice."""
        return range(0, self.end, whole_lines(-(-self.end // max(1, round(self.end / WIDTH)))))

    def _slice(self, low: int) -> Columns:
        return Columns(self.sides, self.limits, self.shape[0], low, min(low + self.begins.step, self.end))

    @property
    def settled(self) -> Places:
        """For each of the few of the other side, how many of its many make a sum that all rows allow."""
        return self._below(self.limits[0] - self.sides.units[0] * self.shape[0] + 1)

    def _below(self, first: int) -> Places:
        """For each of the few of the other side, how many of its many make a sum below a first cost."""
        return self.sides.other.rows.below(first - self.sides.other_first)

    @property
    def work(self) -> int:
        sides, settled, rows = self.sides, self.settled, self.shape[0]
        near = int((self._below(self.limits[0] + 1) - settled).sum())
        number = len(self.begins)
        # The columns that a slice shares with the one before are there twice.
        covered = self.end + number * sides.pad
        numbers = RATES.cell * rows * covered + RATES.own * sides.size * covered / self.end + RATES.other * near
        lines = len(settled) * (1 + sides.units[0] / sides.other.rows.units[0]) + len(sides.classes[0])
        turns = rows * (number * (len(sides.few[0]) + lines) + lines)
        return round(numbers + RATES.turn * turns + RATES.settled * self._settled_work(settled))

    @property
    def kept(self) -> int:
        """Bytes of both sides, and of what all slices and what is settled leave."""
        rows, columns = self.shape
        sides = sum(
            side.rows.vectors.nbytes + side.rows.starts.nbytes + side.index.nbytes
            for side in (self.sides.own, self.sides.other)
        )
        return sides + 8 * (3 * columns + 2 * rows * (len(self.begins) + 1) + self._shifts(self.settled))

    @property
    def threads(self) -> int:
        """How many may go on at a time."""
        return max(1, min(processors(), len(self.begins) + 1, BESIDE // self._slice(0).bytes))

    def _settled_work(self, settled: Places) -> int:
        """The places that what is settled is added to."""
        shifts = self._shifts(settled)
        return len(settled) * shifts + int(settled.max(initial=0)) if shifts else int(settled.sum())

    def _shifts(self, settled: Places) -> int:
        """What is settled is added up by so many second costs of the many before, or, where that is more work, one by
        one: 0."""
        shifts = self.sides.other.rows.far[1] // self.sides.column + 1
        return shifts if len(settled) * shifts + int(settled.max(initial=0)) < int(settled.sum()) else 0

    def count(self, told: Told | None = None) -> int:
        """How many ways of both sides come to no more than the limits together. Raises TooMuch where machine code fails
        on the way: there is no memory, or no thread to be had."""
        try:
            return self.together(self._in_threads(told))
        except (Unfit, MemoryError, RuntimeError) as error:
            raise TooMuch from error

    def done(self) -> Places:
        """For each piece of work how many rows it has done, and whether it is to stop: nothing yet, (pieces, 2)."""
        return np.zeros((len(self.begins) + 2, 2), dtype=np.int64)

    def pieces(self, done: Places) -> list[Callable[[], Any]]:
        """The slices, what is looked up beyond them, and what is settled. They raise Unfit where they are stopped."""
        rows, columns = self.shape
        beyond = Columns(self.sides, self.limits, rows, self.end, self.end).beyond
        slices = [partial(self._slice(low).swept, done[i]) for i, low in enumerate(self.begins)]
        return [*slices, partial(beyond, done[-2]), partial(self._settled, columns, done[-1])]

    def _in_threads(self, told: Told | None) -> list[Any]:
        """What the pieces of work found."""
        done = self.done()
        rows = self.shape[0] * (len(done) - 1)
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                work = [pool.submit(piece) for piece in self.pieces(done)]
                waiting: set[Future[Any]] = set(work)
                reached = 0
                while waiting:
                    ended, waiting = wait(waiting, timeout=OFTEN)
                    for some in ended:
                        some.result()
                    # A slice may begin anew.
                    reached = max(reached, int(done[:-1, 0].sum()))
                    if told:
                        told(reached, rows)
            finally:
                done[:, 1] = 1  # whatever ends this, the others end soon
        return [some.result() for some in work]

    def together(self, found: list[Any]) -> int:
        """How many ways the pieces of work found in all."""
        *slices, beyond, settled = found
        total, lines, before = 0, [], np.zeros(len(beyond), dtype=np.int64)
        for some in slices:
            total += some.looked_up + dot(before, some.asking)
            lines.append(some.line + before[-1])
            before += some.inside
        # How many of the own side there are up to each column.
        line = np.concatenate(lines)[self.sides.pad : self.sides.pad + self.shape[1]]
        total += dot(before, beyond) + dot(settled, line)
        return total * self.sides.own_times * self.sides.other_times

    def _settled(self, columns: int, done: Places) -> Places:
        """How many ways of the other side, of what is settled, allow each of so many columns as the last one."""
        sides, settled = self.sides, self.settled
        order = np.argsort(settled, kind="stable")
        _, _, _, second, counts = sides.classes
        ways = np.zeros(columns, dtype=np.int64)
        few, shifts = (settled[order], self.limits[1] - second[order], counts[order]), self._shifts(settled)
        sweep.settled(few, sides.other.rows.vectors, sides.column, sides.units[1], ways, shifts, done)
        return ways
