"""How many pairs, one of each of two sets of vectors, come to no more than two limits, where the first cost of one of
the sets ranges over little.

A table of that set has a place for each sum that its own common factors let it have; what the other set leaves of the
limits is rounded down to such a place, by which nothing is lost. Only few of the other set are then near enough to the
first limit for it to matter: what is beyond is left out, and what no sum of the first set can bring beyond is settled
but for the second cost, so that numbers of ways by that alone are enough. The table is there some rows at a time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ..tables import Effort
from ..words import dot
from . import running
from .dominance import Side, Told
from .vectors import Limits, common_factor

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..words import Places

BLOCK, LARGE = 1 << 23, 1 << 24
"""The table has about so many numbers at a time; and where there is time for more, two of them."""


@dataclass(frozen=True)
class Rates:
    """So much longer than to add numbers it takes to go through a number of the table, to put a vector into it, to look
    one up, to add a place of the settled ones, and to turn to the next of the shorter lists. The longer lists have at
    most ``many`` vectors; the table is there some numbers at a time, in at most so many rows."""

    cell: float
    own: float
    other: float
    settled: float
    turn: float
    many: int
    block: int
    rows: int

    def blocks(self, rows: int, columns: int) -> int:
        """How many there are of a table."""
        step = max(1, min(self.rows, self.block // columns))
        return -(-rows // step) * -(-columns // self.block)


ARRAYS = Rates(6, 24, 20, settled=4, turn=30_000, many=4_000_000, block=BLOCK, rows=BLOCK)
"""Of arrays of NumPy."""


class Strip:
    """Two sides with less than 2⁶² ways each, and limits, which are at least 0: what is to be counted, and what work it
    is. Raises TooMuch where counting takes more than the effort."""

    def __init__(self, own: Side, other: Side, limits: Limits, effort: Effort, beside: bool = False) -> None:
        """``own``: the side whose first cost ranges over little. ``beside``: of two tables one is made while the other
        one is looked up, which takes twice the memory and more."""
        self.own, self.other, self.limits, self.beside = own, other, limits, beside
        self.units = common_factor((own.many, own.few), 0), common_factor((own.many, own.few), 1)
        self.rows, self.columns = (
            min(far, limit) // unit + 1 for far, limit, unit in zip(own.far, limits, self.units, strict=True)
        )
        # Before the first column there is one for what is beyond the limit.
        self.width = running.LANES * running.length(self.columns + 1)
        self.step = max(1, min(self.rows, (LARGE if beside else BLOCK) // self.width))
        self.settled = other.below(limits[0] - self.units[0] * self.rows + 1)
        """For each of the few of the other side how many of its many make a sum that is settled but for its second
        cost."""
        near = int((other.below(limits[0] + 1) - self.settled).sum())
        turns = -(-self.rows // self.step) * (len(own.few) + len(other.few)) + len(other.few)
        numbers = ARRAYS.cell * self.rows * self.width + ARRAYS.own * own.size + ARRAYS.other * near
        effort.worked(round(numbers + ARRAYS.turn * turns))
        apart = round(ARRAYS.other) * int(self.settled.sum())
        added = round(ARRAYS.settled) * len(other.few) * self._shifts
        self.added = limits[1] < BLOCK and added < apart
        """Whether the settled ones are added up by their second cost before they are looked up."""
        effort.worked(added if self.added else apart)
        effort.handles(8 * (1 + beside) * self.step * self.width + 8 * min(BLOCK, other.far[1] + 1))
        self.most = own.total * int(other.many.counts.max(initial=0))

    @cached_property
    def _places(self) -> Places:
        """Where in a row the columns stand."""
        return running.places(self.columns + 1)

    @cached_property
    def _allowed(self) -> Places:
        """Where in a row the column stands that so much of the second cost of the other side still allows, up to the
        greatest that there is; of some."""
        import numpy as np

        return self._place(np.arange(min(BLOCK, self.other.far[1] + 1)))

    @cached_property
    def _other_unit(self) -> int:
        import numpy as np

        return max(1, int(np.gcd.reduce(self.other.many.second, initial=0)))

    @cached_property
    def _shifts(self) -> int:
        """How many places the second cost of the other side's many has."""
        return self.other.many.far[1] // self._other_unit + 1

    def count(self, told: Told | None = None) -> int:
        """How many ways of both sides come to no more than the limits together."""
        import numpy as np

        if not self.own.size or not self.other.size:
            return 0
        total, unit = 0, self.units[0]
        # How many ways of the own side come to no more than some rows and each column.
        tables = [np.zeros((self.step, self.width), dtype=np.int64) for _ in range(1 + self.beside)]
        line = np.zeros(self.width, dtype=np.int64)
        with ThreadPoolExecutor(1) as pool:
            begun = None
            for turn, first in enumerate(range(0, self.rows, self.step)):
                last = min(first + self.step, self.rows)
                numbers = tables[turn % len(tables)][: last - first]
                self._fill(numbers, first, line)
                line = numbers[-1].copy()
                begins = self.other.below(self.limits[0] - unit * last + 1)
                ends = self.other.below(self.limits[0] - unit * first + 1)
                total += begun.result() if begun else 0
                looking = partial(self._near, numbers, first, begins, ends)
                begun = pool.submit(looking) if self.beside else None
                total += 0 if begun else looking()
                if told:
                    told(last, self.rows)
            total += begun.result() if begun else 0
        return total + (self._settled_added(line) if self.added else self._settled_apart(line))

    def _fill(self, numbers: Places, first: int, line: Places) -> None:
        """The table of some rows from one on, (rows, width). ``line``: that of the row before."""
        import numpy as np

        last = first + len(numbers)
        numbers[...] = 0
        flat = numbers.reshape(-1)
        begins, ends = self.own.below(self.units[0] * first), self.own.below(self.units[0] * last)
        beyond = self.own.far[1] // self.units[1] >= self.columns
        for row, second, counts in self.own.gathered(begins, ends):
            column = second // self.units[1] + 1
            if beyond:
                inside = column <= self.columns
                column, row, counts = column[inside], row[inside], counts[inside]
            place = np.subtract(row // self.units[0], first, dtype=np.int64)
            place *= self.width
            place += self._places.take(column)
            np.add.at(flat, place, counts)
        before = line
        for at in range(last - first):  # one after the other: a row is at hand for both sums
            running.summed_up(numbers[at].reshape(running.LANES, -1))
            numbers[at] += before
            before = numbers[at]

    def _place(self, second: Places, more: int = 0) -> Places:
        """Where in a row the column stands that so much of the second cost and ``more`` still allow; there is a column
        for what is beyond the limit."""
        import numpy as np

        column = np.subtract(self.limits[1] - int(more), second, dtype=np.int64)
        column //= self.units[1]
        column += 1
        return self._places[np.clip(column, 0, self.columns, out=column)]

    def _taken(self, seconds: Places, more: int) -> Places:
        """The same for so much and more."""
        if self.other.far[1] < len(self._allowed):
            return self._allowed[more:].take(seconds)
        return self._place(seconds, more)

    def _near(self, numbers: Places, first: int, begins: Places, ends: Places) -> int:
        """Pairs of some of the other side and the rows of a table, from one on."""
        import numpy as np

        many, few, flat = self.other.many, self.other.few, numbers.reshape(-1)
        total, unit = 0, self.units[0]
        for i in np.flatnonzero(begins < ends):
            some = slice(begins[i], ends[i])
            left = self.limits[0] - unit * first - int(few.first[i])
            place = np.subtract(left, many.first[some], dtype=np.int64)
            if unit > 1:
                place //= unit
            place *= self.width
            place += self._taken(many.second[some], few.second[i])
            total += int(few.counts[i]) * self._dot(many.counts[some], flat.take(place))
        return total

    def _settled_apart(self, line: Places) -> int:
        """Pairs with what is settled but for its second cost, one by one."""
        many, few = self.other.many, self.other.few
        total = 0
        for i, end in enumerate(self.settled):
            ways = line.take(self._taken(many.second[:end], few.second[i]))
            total += int(few.counts[i]) * self._dot(many.counts[:end], ways)
        return total

    def _settled_added(self, line: Places) -> int:
        """The same by numbers of ways that have each second cost."""
        import numpy as np

        many, few, unit = self.other.many, self.other.few, self._other_unit
        ways: npt.NDArray[Any] = np.zeros(self.limits[1] + 1, dtype=np.int64)
        own = np.zeros(self._shifts, dtype=np.int64)
        known = 0
        for i in np.argsort(self.settled):
            end = int(self.settled[i])
            np.add.at(own, many.second[known:end] // unit, many.counts[known:end])
            known = end
            if not end:
                continue
            least = int(few.second[i])
            target = ways[least : least + unit * self._shifts : unit]
            target += own[: len(target)] * few.counts[i]
        return dot(ways, line[self._place(np.arange(len(ways)))])

    def _dot(self, counts: Places, ways: Places) -> int:
        import numpy as np

        return int(np.dot(counts, ways)) if self.most * len(counts) < 1 << 63 else dot(counts, ways)
