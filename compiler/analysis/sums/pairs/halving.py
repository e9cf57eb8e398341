"""An exact count within two budgets where a single table of all combinations of sums would be too large: the space is
cut in two, each of which has far fewer combinations, and the pairs of these that come to no more than is allowed are
counted: of two halves that are alike (:mod:`.dominance`), or of what ranges over little by one cost and all else
(:mod:`.strip`), whichever takes less."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import combinations, product
from types import ModuleType
from typing import Protocol

from ..lattice import Lattice
from ..tables import Effort, TooMuch
from ..words import ALONE
from .cuts import Coinciding, Cut, about, balanced, narrowest
from .dominance import VECTOR, Side, Told, meeting
from .machine.available import machine_code
from .strip import ARRAYS, Strip
from .vectors import Limits, Vectors, alike_first, coinciding, ends_of, of_stretches, summed

TRIED = 300_000
"""So many sums are looked at at most to find parts whose sums coincide."""

MANY = ARRAYS.many
"""The longer one of the two lists that a half is kept as has at most so many vectors."""

LONGER_TRIED = 3_000_000
"""And so many more than that where counting takes long."""

ROUGHLY = 2
"""What is about so many times the work that there may be is tried: its exact work is known when its sums are."""

SOON, HOPELESS = 2_000_000_000, 20
"""What takes more work than the one, and less than the other times what there may be, may get less by that."""

LONGER_MANY, COMPARED = 40_000_000, 8_000_000
"""Where there is time for minutes lists are so long, and of so many sums of two parts is seen how many coincide."""

STEPS = 1000
"""So many steps are told of each count of what two sides have in common."""

PARTS = 14
"""Of so many parts all ways of cutting them into halves are looked at; the smallest of more are summed up before."""


class Counting(Protocol):
    """What is known to be worth counting."""

    def count(self, told: Told | None = None) -> int:
        """How many pairs of two sides are within limits."""
        ...


Within = Callable[[Limits], Counting]
"""What is to be counted within limits. Raises TooMuch where that is more work than there may be."""


def halved(places: Lattice, start: int, effort: Effort, told: Told | None = None) -> int:
    """How many ways there are within the windows of two costs whose sums are exact. ``told`` how much is done, there is
    time for minutes. Raises TooMuch."""
    assert len(places.windows) == 2
    if min(high for _, high in places.windows) < 0:
        return 0
    ends = list(product(*(ends_of(low, high) for low, high in places.windows)))
    corners: list[Limits] = [(first, second) for (first, _), (second, _) in ends]
    meets = _meeting(of_stretches(places, start), corners, effort, bool(told))
    # What all of them take is known before the first is counted.
    counting = [(sign * turn, meets(limits)) for ((_, sign), (_, turn)), limits in zip(ends, corners, strict=True)]
    return sum(
        sign * corner.count(told and _part_of(told, done, len(corners))) for done, (sign, corner) in enumerate(counting)
    )


def _part_of(told: Told, done: int, parts: int) -> Told:
    """Told of one part of several that take about as long, in the same steps."""
    return lambda now, whole: told(done * STEPS + STEPS * now // whole, parts * STEPS)


def _meeting(base: Sequence[Vectors], corners: Sequence[Limits], effort: Effort, longer: bool) -> Within:
    """What two sides of the space have in common within some limits, the greatest first, by the way that is less work,
    or the next one where that is more than it seemed. ``longer``: there is time for minutes, of which lists of very
    many sums that coincide save some. Raises TooMuch."""
    limits = corners[0]
    parts = _parts(base, limits, TRIED)
    halves = balanced(parts)
    by_halves, plain = about(*halves, limits), narrowest(parts, limits)
    machine = machine_code() if plain and min(by_halves, plain.work) > SOON else None
    if machine:
        known = narrowest(parts, limits, machine.RATES)
        cut = _cheaper(base, known, by_halves, limits, effort, True, machine)
        if cut and (found := _in_machine_code(cut, corners, effort, machine)):
            return found
    cut = _cheaper(base, plain, by_halves, limits, effort, longer)
    if cut and (found := _in_arrays(cut, corners, effort, longer)):
        return found
    for half in halves:
        if math.prod(part.total for part in half).bit_length() > ALONE:
            raise TooMuch
        effort.worked(2 * VECTOR * math.prod(len(part) for part in half))
    one, less = (side(half, limits) for half in halves)
    return lambda ends: meeting(one, less, ends, effort)


def _in_machine_code(cut: Cut, corners: Sequence[Limits], effort: Effort, machine: ModuleType) -> Within | None:
    """None where numbers are too great for that, or it is too much work."""
    across = partial(_across, cut)
    sides = machine.sides(*_sides(cut), across(corners[0]))
    if sides is None:
        return None
    return _enough(lambda limits, effort: sides.within(across(limits), effort), corners, effort)


def _in_arrays(cut: Cut, corners: Sequence[Limits], effort: Effort, longer: bool) -> Within | None:
    """None where it is too much work."""
    across, most = partial(_across, cut), LONGER_MANY if longer else MANY
    own, others = (side(some, across(corners[0]), most) for some in _sides(cut))
    return _enough(lambda limits, effort: Strip(own, others, across(limits), effort, longer), corners, effort)


def _enough(way: Callable[[Limits, Effort], Counting], corners: Sequence[Limits], effort: Effort) -> Within | None:
    """A way of counting, if an effort is enough for all corners together."""
    tried = replace(effort)
    with suppress(TooMuch):
        for limits in corners:
            way(limits, tried)
        return lambda limits: way(limits, effort)
    return None


def _cheaper(
    base: Sequence[Vectors],
    known: Cut | None,
    by_halves: float,
    limits: Limits,
    effort: Effort,
    coincide: bool,
    machine: ModuleType | None = None,
) -> Cut | None:
    """A cut that is less work than two halves, and than there may be: the one that is known, or one with more parts
    summed up where that takes long. ``coincide``: it is looked at how many sums do."""
    rates = machine.RATES if machine else ARRAYS
    if SOON < min(by_halves, known.work if known else math.inf) < HOPELESS * effort.work:
        more = _parts(base, limits, LONGER_TRIED, machine)
        other = narrowest(more, limits, rates, _coinciding(more, limits) if coincide else None)
        known = min((cut for cut in (known, other) if cut), key=lambda cut: cut.work, default=None)
    return known if known and known.work < min(by_halves, ROUGHLY * effort.work) else None


def _sides(cut: Cut) -> tuple[list[Vectors], list[Vectors]]:
    """Both, by the cost that the own one ranges over little by first: to turn parts takes less than to turn a side."""
    own, others = ([part.turned() if cut.turned else part for part in some] for some in (cut.own, cut.others))
    return own, others


def _across(cut: Cut, limits: Limits) -> Limits:
    return (limits[1], limits[0]) if cut.turned else limits


def _parts(base: Sequence[Vectors], limits: Limits, tried: int, machine: ModuleType | None = None) -> list[Vectors]:
    """The parts with those summed up whose sums coincide, so many at most that all cuts can be looked at; one alone
    where it has no sums within the limits."""
    parts = alike_first(base, limits, tried, machine)
    while len(parts) > PARTS:
        parts.sort(key=len, reverse=True)
        parts.append(summed(parts.pop(), parts.pop(), limits, machine))
    return [part for part in parts if not len(part)][:1] or parts


def _coinciding(parts: Sequence[Vectors], limits: Limits) -> Coinciding:
    """How many sums of two parts coincide, of those that have not too many."""
    return {
        (i, j): coinciding(parts[i], parts[j], limits)
        for i, j in combinations(range(len(parts)), 2)
        if len(parts[i]) * len(parts[j]) <= COMPARED
    }


def side(parts: Sequence[Vectors], limits: Limits, most: int = MANY) -> Side:
    """As many parts as possible summed up as one list of about ``most``."""
    many, few = _nothing(), _nothing()
    for part in sorted(parts, key=len, reverse=True):
        if len(many) * len(part) <= most:
            many = summed(many, part, limits)
        else:
            few = summed(few, part, limits)
    return Side(many.arranged(), few)


def _nothing() -> Vectors:
    import numpy as np

    zero = np.zeros(1, dtype=np.int64)
    return Vectors(zero, zero, zero + 1, 1)
