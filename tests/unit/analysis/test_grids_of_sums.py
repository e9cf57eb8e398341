"""Intervals by grids of rounded costs: of great numbers, and of a walk with few of its states."""

from __future__ import annotations

import random
from itertools import product

import pytest

from stdsl.compiler.analysis.sums.grids.bundles import bundled
from stdsl.compiler.analysis.sums.grids.gridded import gridded
from stdsl.compiler.analysis.sums.lattice import Lattice, Way


def chain(steps: list[list[tuple[int, ...]]], highs: tuple[int, ...]) -> Lattice:
    """One state after the other, with a way for each of some steps."""
    ways: list[tuple[Way, ...]] = [()]
    far = [tuple(0 for _ in highs)]
    for own in steps:
        ways.append(tuple(Way(answer, len(ways) - 1, step) for answer, step in enumerate(own)))
        far.append(tuple(f + max(step[i] for step in own) for i, f in enumerate(far[-1])))
    ones, none = tuple(1 for _ in highs), tuple(0 for _ in highs)
    windows = tuple((0, high) for high in highs)
    return Lattice(tuple(ways), tuple(far), none, ones, none, windows, windows)


@pytest.mark.parametrize("costs", [1, 2])
@pytest.mark.parametrize("size", [30, 1 << 41, 1 << 56])
def test_great_costs(costs: int, size: int) -> None:
    """Costs times places of a grid are more than 64 bits hold."""
    rng = random.Random(size)
    steps = [[tuple(rng.randrange(size) for _ in range(costs)) for _ in range(3)] for _ in range(7)]
    sums = [tuple(map(sum, zip(*way, strict=True))) for way in product(*steps)]
    high = 7 * size // 2
    right = sum(all(own <= high for own in way) for way in sums)
    alone = [sum(way[cost] <= high for way in sums) for cost in range(costs)]
    for work in (100, 10_000, 1_000_000):
        places = chain(steps, (high,) * costs)
        low, most = gridded(places, len(steps), work, [(n, n) for n in alone])
        assert low <= right <= most
    assert most - low < right // 4


def test_states_are_left_out_without_losing_a_way() -> None:
    rng = random.Random(1)
    steps = [[(rng.randrange(9), rng.randrange(9)) for _ in range(4)] for _ in range(6)]
    places = chain(steps, (50, 50))
    found = bundled(places, len(steps))
    assert len(found.order) < len(steps) + 1
    counts = {found.start: {(0, 0): 1}}
    for state in found.order[:-1]:
        for after, bundle in found.ways[state].items():
            there = counts.setdefault(after, {})
            for (one, other), n in counts[state].items():
                for (more, further), ways in bundle.items():
                    both = one + more, other + further
                    there[both] = there.get(both, 0) + n * ways
    wanted: dict[tuple[int, ...], int] = {}
    for way in product(*steps):
        both = tuple(map(sum, zip(*way, strict=True)))
        wanted[both] = wanted.get(both, 0) + 1
    assert counts[found.end] == wanted
