"""The sums of the first and of the last ways of a walk, exactly: nothing is rounded while there are so few of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..tables import FARTHEST
from .bundles import Bundle, Bundles

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..words import Places

    Counts = npt.NDArray[Any]

MOST = 2_000_000
"""So many sums are made from the start, and so many from the end."""


@dataclass(frozen=True, eq=False)
class Sums:
    """``costs``: the different vectors of sums, (n,) of each cost; ``counts``: nearly how many ways have each, (n,)."""

    costs: tuple[Places, ...]
    counts: Counts

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True)
class Ends:
    """``first``: by state the sums of ways from the start that come to it first of those not in ``begun``; ``last``: by
    state those of all ways from it to the end. ``between``: the other states, each before those that follow it."""

    first: Mapping[int, Sums]
    last: Mapping[int, Sums]
    begun: frozenset[int]
    between: tuple[int, ...]


def ends(bundles: Bundles, highs: Sequence[int], most: int = MOST) -> Ends:
    """Of a walk; sums with a cost beyond ``highs`` are left out. ``most``: so many are made, from either end."""
    begun, first = _begun(bundles, highs, range(len(highs)), most)
    last = _last(bundles, highs, range(len(highs)), begun, most)
    return _ends(bundles, begun, first, last)


def along(bundles: Bundles, known: Ends, cost: int, high: int) -> Ends:
    """The same ends, but sums of one of the costs alone: none is left out because of another one."""
    begun, first = _begun(bundles, (high,), (cost,), known.begun)
    return _ends(bundles, begun, first, _last(bundles, (high,), (cost,), begun, known.last))


def _ends(bundles: Bundles, begun: Collection[int], first: Mapping[int, Sums], last: Mapping[int, Sums]) -> Ends:
    between = tuple(state for state in bundles.order if state not in begun and state not in last)
    return Ends({state: own for state, own in first.items() if len(own)}, last, frozenset(begun), between)


def _begun(
    bundles: Bundles, highs: Sequence[int], costs: Sequence[int], most: int | Collection[int]
) -> tuple[set[int], dict[int, Sums]]:
    """The states from which sums from the start go on, and those of the ways to others. ``most``: so many are made,
    or these states."""
    pieces: dict[int, list[Sums]] = {bundles.start: [_nothing(len(highs))]}
    begun: set[int] = set()
    made = 0
    for state in bundles.order[:-1]:
        own, ways = merged(pieces.pop(state, []), highs), bundles.ways[state]
        made += len(own) * sum(map(len, ways.values()))
        if made > most if isinstance(most, int) else state not in most:
            pieces[state] = [own]
            break
        begun.add(state)
        for after, bundle in ways.items():
            pieces.setdefault(after, []).append(moved(own, of_bundle(bundle, costs), highs))
    return begun, {state: merged(own, highs) for state, own in pieces.items()}


def _last(
    bundles: Bundles, highs: Sequence[int], costs: Sequence[int], begun: Collection[int], most: int | Collection[int]
) -> dict[int, Sums]:
    """By state the sums of the ways to the end. ``most``: so many are made, or those of these states."""
    found = {bundles.end: _nothing(len(highs))}
    made = 0
    for state in reversed(bundles.order[:-1]):
        ways = bundles.ways[state]
        made += sum(len(found[after]) * len(bundle) for after, bundle in ways.items())
        if state in begun or (made > most if isinstance(most, int) else state not in most):
            break
        pieces = [moved(found[after], of_bundle(bundle, costs), highs) for after, bundle in ways.items()]
        found[state] = merged(pieces, highs)
    return found


def of_bundle(bundle: Bundle, costs: Sequence[int]) -> Sums:
    """The ways from one state to another, by some of their costs."""
    import numpy as np

    vectors = np.array(list(bundle), dtype=np.int64)
    return Sums(tuple(vectors[:, cost] for cost in costs), np.array([float(n) for n in bundle.values()]))


def moved(own: Sums, added: Sums, highs: Sequence[int]) -> Sums:
    """The sums of one of each that are within ``highs``."""
    import numpy as np

    costs = tuple(np.add.outer(more, one).reshape(-1) for one, more in zip(own.costs, added.costs, strict=True))
    inside = np.ones(len(own) * len(added), dtype=bool)
    for cost, high in zip(costs, highs, strict=True):
        inside &= cost <= high
    counts = np.multiply.outer(added.counts, own.counts).reshape(-1)
    return Sums(tuple(cost[inside] for cost in costs), counts[inside])


def merged(pieces: Sequence[Sums], highs: Sequence[int]) -> Sums:
    """Each vector once."""
    import numpy as np

    if not pieces:
        return Sums(tuple(np.zeros(0, dtype=np.int64) for _ in highs), np.zeros(0))
    costs = [np.concatenate(own) for own in zip(*(piece.costs for piece in pieces), strict=True)]
    counts = np.concatenate([piece.counts for piece in pieces])
    if math.prod(high + 1 for high in highs) < FARTHEST:
        key = np.zeros(len(counts), dtype=np.int64)
        for cost, high in zip(costs, highs, strict=True):
            key *= high + 1
            key += cost
        order = np.argsort(key)
    else:
        order = np.lexsort(costs[::-1])
    costs = [cost[order] for cost in costs]
    new = np.zeros(len(counts), dtype=bool)
    new[:1] = True
    for cost in costs:
        new[1:] |= cost[1:] != cost[:-1]
    (at,) = np.nonzero(new)
    if len(at):
        counts = np.add.reduceat(counts[order], at)
    return Sums(tuple(cost[at] for cost in costs), counts)


def _nothing(costs: int) -> Sums:
    import numpy as np

    return Sums(tuple(np.zeros(1, dtype=np.int64) for _ in range(costs)), np.ones(1))
