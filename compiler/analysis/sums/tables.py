"""How many ways there are to come to an end, by what they cost, or how good the best of them is: a table for each state
of a walk.

A table is dense, with a number for every place up to its window, or sparse, with sorted places; the latter for a single
cost alone. Those of the states that follow, moved by what an answer costs, add up to that of a state; where ways have
scores, the greatest counts, each with the score of its answer.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from ..circuits.cost_states import Vector
from .lattice import Way
from .words import carried

if TYPE_CHECKING:
    import numpy.typing as npt

    from .words import Places, Words

SPARSE = 4
"""A table is sparse while it has less than one number in so many places."""


SORTED = 40
"""To sort a number takes so much longer than to add it."""


SORTING = 24
"""And takes so many bytes while it is done."""

FARTHEST = 1 << 62
"""Places are below this one: they and what is added to them fit in 64 bits."""

NEVER = -math.inf
"""The score of what there is no way to."""

Scores = Callable[[int, int], float]
"""Of a state and an answer."""


class Join(enum.Enum):
    """How the tables of what follows become that of a state: numbers of ways are added up; of scores the greatest
    counts; scores that are logarithms of weights become that of the sum of these."""

    SUM = enum.auto()
    GREATEST = enum.auto()
    LOG_SUM = enum.auto()

    @property
    def missing(self) -> float:
        """Stands where there is no way."""
        return 0 if self is Join.SUM else NEVER

    @property
    def work(self) -> int:
        """How much longer it takes than to add numbers."""
        return 12 if self is Join.LOG_SUM else 1

    @property
    def function(self) -> Any:
        """On arrays."""
        import numpy as np

        return {Join.SUM: np.add, Join.GREATEST: np.maximum, Join.LOG_SUM: np.logaddexp}[self]


class TooMuch(Exception):
    """More work or memory than was allowed."""


@dataclass(slots=True)
class Effort:
    """What may still be done: ``work``, numbers that are added or moved; ``room``, bytes that stay."""

    work: int
    room: int

    def worked(self, numbers: int) -> None:
        self.work -= numbers
        if self.work < 0:
            raise TooMuch

    def handles(self, size: int) -> None:
        """Raises TooMuch where so many bytes are more than may be kept."""
        if size > self.room:
            raise TooMuch

    def kept(self, table: Table) -> None:
        self.room -= table.numbers.nbytes + (0 if table.at is None else table.at.nbytes)
        if self.room < 0:
            raise TooMuch


@dataclass(frozen=True, slots=True)
class Table:
    """``numbers``: (words, places), or a further axis for each further cost. ``at``: the sorted places; None where the
    table is dense, from place 0 on."""

    numbers: Words
    at: Places | None = None

    @property
    def size(self) -> int:
        return int(self.numbers[0].size)

    def places(self, missing: float = 0) -> tuple[Places, ...]:
        """The places that ways have, an array for each cost; those with no ways, which have ``missing``, left out."""
        import numpy as np

        if self.at is not None:
            return (self.at,)
        return tuple(p.astype(np.int64) for p in np.nonzero((self.numbers != missing).any(axis=0)))

    def found(self, places: tuple[Places, ...], missing: float = 0) -> Words:
        """The numbers at places, (words, n); ``missing`` where there is none."""
        import numpy as np

        if self.at is None:
            inside = np.ones(len(places[0]), dtype=bool)
            for p, n in zip(places, self.numbers.shape[1:], strict=True):
                inside &= (p >= 0) & (p < n)
            result = np.full((len(self.numbers), len(places[0])), missing, dtype=self.numbers.dtype)
            index: Any = (slice(None), *(p[inside] for p in places))
            result[:, inside] = self.numbers[index]
            return result
        if not len(self.at):
            return np.full((len(self.numbers), len(places[0])), missing, dtype=self.numbers.dtype)
        where = np.minimum(np.searchsorted(self.at, places[0]), len(self.at) - 1)
        return np.where(self.at[where] == places[0], self.numbers[:, where], missing)


def single(words: int, costs: int, floating: bool) -> Table:
    """One way, which costs nothing more."""
    import numpy as np

    numbers = np.zeros((words, *(1 for _ in range(costs))), dtype=np.float64 if floating else np.int64)
    numbers[0] = 1
    return Table(numbers)


def filled(
    ways: Sequence[Sequence[Way]],
    states: Sequence[int],
    ends: Mapping[int, Table],
    windows: Mapping[int, Vector],
    effort: Effort,
    keep: bool,
    scores: Scores | None = None,
    join: Join = Join.GREATEST,
) -> dict[int, Table]:
    """The tables of ``states``, what follows first. ``windows``: the last place that matters, by state and cost;
    ``keep``: all tables stay, or else that of the last state. ``scores``: then they are joined as ``join`` says."""
    tables = dict(ends)
    needed: dict[int, int] = {}
    for state in states:
        for way in ways[state]:
            needed[way.state] = needed.get(way.state, 0) + 1
    for state in states:
        if scores is None:
            moved = [(tables[way.state], way.steps) for way in ways[state]]
            made = _joined(moved, windows[state], effort, Join.SUM)
        else:
            moved = [(_scored(tables[way.state], scores(state, way.answer)), way.steps) for way in ways[state]]
            made = _joined(moved, windows[state], effort, join)
        tables[state] = made
        if keep:
            effort.kept(made)
            continue
        for way in ways[state]:
            needed[way.state] -= 1
            if not needed[way.state] and way.state not in ends:
                del tables[way.state]
    return tables


def _scored(table: Table, score: float) -> Table:
    return Table(table.numbers + score, table.at)


def _joined(moved: Sequence[tuple[Table, Vector]], window: Vector, effort: Effort, join: Join) -> Table:
    words, kind = len(moved[0][0].numbers), moved[0][0].numbers.dtype
    if len(window) == 1:
        entries = sum([table.size for table, _ in moved])
        if entries * SPARSE <= window[0]:
            effort.worked(entries * (words * join.work + SORTED))
            if join is not Join.SUM:
                effort.handles(entries * SORTING)
            return _sorted(moved, window[0], join)
    return _dense(moved, window, words, kind, effort, join)


def _dense(
    moved: Sequence[tuple[Table, Vector]], window: Vector, words: int, kind: Any, effort: Effort, join: Join
) -> Table:
    import numpy as np

    # No way comes further than the tables that it goes on from.
    reach = tuple(min(last, max(_last(table, i) + steps[i] for table, steps in moved)) for i, last in enumerate(window))
    effort.worked(prod(n + 1 for n in reach) * words)
    effort.handles(8 * words * prod(max(n, 0) + 1 for n in reach))
    numbers = np.full((words, *(max(n, 0) + 1 for n in reach)), join.missing, dtype=kind)
    joined, work = join.function, words * join.work
    alone = len(window) == 1
    for table, steps in moved:
        if table.at is not None:
            inside = table.at + steps[0] <= reach[0]
            effort.worked(len(table.at) * work)
            where = table.at[inside] + steps[0]
            numbers[:, where] = joined(numbers[:, where], table.numbers[:, inside])
            continue
        if alone:  # as most are; thousands of them are small, and what follows takes a while for any number of costs
            (step,) = steps
            end = min(table.numbers.shape[1], reach[0] + 1 - step)
            if end > 0:
                effort.worked(end * work)
                below = numbers[:, step : step + end]
                joined(below, table.numbers[:, :end], out=below)
            continue
        ends = [min(n, last + 1 - step) for n, last, step in zip(table.numbers.shape[1:], reach, steps, strict=True)]
        if min(ends) <= 0:
            continue
        effort.worked(prod(ends) * work)
        target: Any = (slice(None), *(slice(step, step + end) for step, end in zip(steps, ends, strict=True)))
        source: Any = (slice(None), *(slice(end) for end in ends))
        joined(numbers[target], table.numbers[source], out=numbers[target])
    return Table(carried(numbers) if join is Join.SUM else numbers)


def _last(table: Table, cost: int) -> int:
    if table.at is not None:
        return int(table.at[-1]) if len(table.at) else -1
    return int(table.numbers.shape[1 + cost]) - 1


def _sorted(moved: Sequence[tuple[Table, Vector]], last: int, join: Join) -> Table:
    import numpy as np

    at: list[Places] = []
    numbers: list[Words] = []
    for table, (step,) in moved:
        places = table.at
        values = table.numbers
        if places is None:
            (places,) = table.places(join.missing)
            values = values[:, places]
        end = int(np.searchsorted(places, last - step, side="right"))
        at.append(places[:end] + step)
        numbers.append(values[:, :end])
    return _merged(np.concatenate(at), np.concatenate(numbers, axis=1), join)


def _merged(at: Places, numbers: Words, join: Join) -> Table:
    """Each place once."""
    import numpy as np

    # Whole numbers may be added up in any order, which is five times as fast to find.
    order = np.argsort(at, kind="stable" if numbers.dtype.kind == "f" and join is not Join.GREATEST else None)
    at, numbers = at.take(order), numbers.take(order, axis=1)
    new = np.ones(len(at), dtype=bool)
    np.not_equal(at[1:], at[:-1], out=new[1:])
    first: npt.NDArray[Any] = np.flatnonzero(new)
    if len(first) == len(at):
        return Table(numbers, at)
    numbers = join.function.reduceat(numbers, first, axis=1)
    return Table(carried(numbers) if join is Join.SUM else numbers, at[first])
