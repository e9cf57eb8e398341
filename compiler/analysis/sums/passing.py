"""How many architectures within the bounds go through each answer: the marginals of a dynamic programme over sums.

From the start on, how many ways come to a state by what they cost; from the end back, in how many ways each of them can
go on within the bounds. What goes through an answer is the sum of the products of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from operator import mul

from .lattice import Way
from .programme import Leg, Programme, Window
from .tables import Effort, Table, filled, single
from .words import carried, product, words_for


def passing(programme: Programme, window: Window, effort: Effort) -> dict[tuple[int, int], int]:
    """By state and answer, how many architectures go through. For one cost. Raises TooMuch."""
    legs = programme.legs
    ways_to = [1, *accumulate((leg.stretch.count for leg in legs), mul)]
    before = [single(1, 1, False)]
    for leg, ways in zip(legs[:-1], ways_to[1:], strict=False):
        before.append(_onward(programme, leg, before[-1], words_for(ways), effort, False)[leg.stretch.last])
        effort.kept(before[-1])
    found: dict[tuple[int, int], int] = {}
    going_on: Table | None = None
    ways_from = 1
    for i in range(len(legs) - 1, -1, -1):
        here = Effort(effort.work, effort.room)  # what a leg takes is free again after it
        there = _onward(programme, legs[i], before[i], words_for(ways_to[i + 1]), here, True)
        if going_on is None:
            going_on = _within(there[legs[i].stretch.last], window)
        ways_from *= legs[i].stretch.count
        going_on = _back(programme, legs[i], there, going_on, words_for(ways_from), found, here)
        effort.work = here.work
    return found


def _onward(
    programme: Programme, leg: Leg, start: Table, words: int, effort: Effort, keep: bool
) -> Mapping[int, Table]:
    """How many ways come to each state of a leg, and to its end, by what they cost."""
    stretch = leg.stretch
    into: dict[int, list[Way]] = {}
    for state in stretch.states:
        for way in programme.places.ways[state]:
            into.setdefault(way.state, []).append(Way(way.answer, state, way.steps))
    order = [*reversed(stretch.states[:-1]), stretch.last]
    ((_, high),) = programme.places.windows
    windows = {state: (max(high, 0),) for state in order}
    wide = _widened(start, words)
    rows = [into.get(state, []) for state in range(stretch.first + 1)]
    return filled(rows, order, {stretch.first: wide}, windows, effort, keep)


def _widened(table: Table, words: int) -> Table:
    """The same numbers in as many words."""
    import numpy as np

    numbers = table.numbers
    if len(numbers) == words:
        return table
    wide = np.zeros((words, *numbers.shape[1:]), dtype=np.int64)
    wide[: len(numbers)] = numbers
    return Table(carried(wide) if len(numbers) == 1 else wide, table.at)


def _within(table: Table, window: Window) -> Table:
    """At the end there is one way on from what is within the bounds, and none from the rest."""
    import numpy as np

    places = np.arange(table.size) if table.at is None else table.at
    ((low, high),) = window
    inside = (places >= low) & (places <= high)
    return Table(inside.astype(np.int64)[None], table.at)


def _back(
    programme: Programme,
    leg: Leg,
    there: Mapping[int, Table],
    end: Table,
    words: int,
    found: dict[tuple[int, int], int],
    effort: Effort,
) -> Table:
    """In how many ways those that come to the start of a leg go on; adds what goes through its answers."""
    import numpy as np

    tables = {leg.stretch.last: _widened(end, words)}
    for state in leg.stretch.states:
        come = there[state]
        places = np.arange(come.size) if come.at is None else come.at
        total = np.zeros((words, len(places)), dtype=np.int64)
        for way in programme.places.ways[state]:
            onward = tables[way.state].found((places + way.steps[0],))
            found[state, way.answer] = product(come.numbers, onward)
            total += onward
            effort.worked(total.size * 4)
        tables[state] = Table(carried(total), come.at)
        effort.kept(tables[state])
    return tables[leg.stretch.first]
