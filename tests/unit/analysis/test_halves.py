"""Pairs of budgets counted by two halves of a space."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

import stdsl
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.sums import within as within_module
from stdsl.compiler.analysis.sums.nearly import Nearly
from stdsl.compiler.analysis.sums.pairs import dominance, halving, narrowing, strip
from stdsl.compiler.analysis.sums.pairs.dominance import Side, meeting
from stdsl.compiler.analysis.sums.pairs.strip import Strip
from stdsl.compiler.analysis.sums.pairs.vectors import Vectors, of_stretches, summed
from stdsl.compiler.analysis.sums.tables import Effort
from stdsl.compiler.ir.graph import CostConstraint

TOWERS = """stdsl 1
op block(c) on x = x -> conv((choose {8, 12, 20, 32} as width), (choose {1, 3, 5} as k)) -> bn -> relu -> conv(c, 1x1)
meta tower on x: image(3, 32, 32) {
  h[0] = x -> conv(16, 3x3, stride = 2)
  for i in 1..3 { h[i] = h[i - 1] -> block(16) }
  g[0] = h[3] -> conv(40, 3x3, stride = 2)
  for i in 1..3 { g[i] = g[i - 1] -> block(40) }
  return g[3] -> global_avg_pool -> linear(10)
}
space s = tower
"""


def drawn(rng: np.random.Generator, n: int, far: tuple[int, int]) -> Vectors:
    """Some vectors, each once, in no order."""
    keys = rng.choice((far[0] + 1) * (far[1] + 1), size=n, replace=False)
    counts = rng.integers(1, 9, size=n)
    return Vectors(keys // (far[1] + 1), keys % (far[1] + 1), counts, int(counts.sum()))


def times(vectors: Vectors, factors: tuple[int, int]) -> Vectors:
    return replace(vectors, first=vectors.first * factors[0], second=vectors.second * factors[1])


def pairs(one: Side, other: Side, limits: tuple[int, int]) -> int:
    """One by one."""
    found = 0
    lists = [summed(side.many, side.few, (10**9, 10**6)) for side in (one, other)]
    for f, s, c in zip(lists[0].first, lists[0].second, lists[0].counts, strict=True):
        inside = (lists[1].first + f <= limits[0]) & (lists[1].second + s <= limits[1])
        found += int(c) * int(lists[1].counts[inside].sum())
    return found


@pytest.mark.parametrize("seed", range(12))
def test_pairs_within_limits_are_those_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Common factors of none of the sides, of either, and of both."""
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(dominance, "BLOCK", int(rng.choice((50, 10**6))))
    far = [(int(a), int(b)) for a, b in rng.integers(20, 400, size=(4, 2))]
    for factors, others in (((1, 1), (1, 1)), ((1, 7), (1, 1)), ((1, 2), (4, 6)), ((1, 6), (1, 4))):
        one = Side(*(times(v, factors) for v in (drawn(rng, 150, far[0]).arranged(), drawn(rng, 4, far[1]))))
        other = Side(*(times(v, others) for v in (drawn(rng, 120, far[2]).arranged(), drawn(rng, 3, far[3]))))
        whole = [a + b for a, b in zip(one.far, other.far, strict=True)]
        for share in (0.0, 0.1, 0.45, 0.7, 1.0):
            limits = (int(share * whole[0]), int(rng.uniform(0.2, 1.1) * whole[1]))
            assert meeting(one, other, limits, Effort(10**9, 10**9)).count() == pairs(one, other, limits)


@pytest.mark.parametrize("seed", range(12))
def test_a_strip_has_the_pairs_that_there_are_one_by_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Common factors of its own side, several blocks of rows, and what is settled added up or one by one."""
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(strip, "BLOCK", (60, 10**6)[seed % 2])
    far = [(int(a), int(b)) for a, b in rng.integers(20, 60, size=(4, 2))]
    factors = (int(rng.choice((1, 3, 8))), int(rng.choice((1, 5))))
    own = Side(times(drawn(rng, 80, far[0]), factors).arranged(), times(drawn(rng, 4, far[1]), factors))
    other = Side(drawn(rng, 300, (far[2][0] * 9, far[2][1])).arranged(), drawn(rng, 3, far[3]))
    added = set()
    for one, two in ((own, other), (own.turned(), other.turned()), (other, own)):
        whole = [a + b for a, b in zip(one.far, two.far, strict=True)]
        for share in (0.0, 0.1, 0.45, 0.7, 1.0):
            limits = (int(share * whole[0]), int(rng.uniform(0.2, 1.1) * whole[1]))
            made = Strip(one, two, limits, Effort(10**9, 10**9))
            added.add(made.added)
            assert made.count() == pairs(one, two, limits)
    assert added == ({False} if seed % 2 == 0 else {False, True})


def test_what_no_machine_number_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of ways up to 2⁶² on both sides."""
    rng = np.random.default_rng(0)
    many = [drawn(rng, 90, (40, 40)) for _ in range(2)]
    sides = [
        Side(replace(v, counts=v.counts << 48, total=v.total << 48).arranged(), drawn(rng, 1, (9, 9))) for v in many
    ]
    assert all(55 <= side.total.bit_length() <= 64 for side in sides)
    whole = [a + b for a, b in zip(sides[0].far, sides[1].far, strict=True)]
    made = Strip(*sides, (whole[0] // 2, whole[1] // 2), Effort(10**9, 10**9))
    assert made.count() == pairs(*sides, (whole[0] // 2, whole[1] // 2)) > 1 << 100


def test_both_ways_of_counting_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of all combinations of sums, and two halves, in a space that both can count."""
    graph = stdsl.loads(TOWERS).graph
    rng = random.Random(0)
    for ends in ((None, 6_000_000), (4_000_000, 9_000_000), (None, 10**9)):
        budgets = (
            CostConstraint("flops", *ends, graph.span),
            CostConstraint("params", rng.choice((None, 30_000)), rng.randrange(50_000, 60_000), graph.span),
        )
        whole = count(replace(graph, constraints=budgets))
        assert whole.exact
        with monkeypatch.context() as patch:
            patch.setattr(within_module, "_exactly", lambda *_: None)
            apart = replace(graph, constraints=budgets)
            found = within_module.within(apart, budgets)
            assert isinstance(found, Nearly)
            assert len(of_stretches(found.exactly, found.states.start)) == 6
            assert found.count == found.low == found.high == whole.low
            patch.setattr(halving, "TRIED", 1)
            found = within_module.within(apart, budgets)
            assert isinstance(found, Nearly)
            assert found.low == found.high == whole.low


@pytest.mark.parametrize("cells", [100, 10_000, 4_000_000])
def test_lists_and_a_grid_hold_the_count_between_two_numbers(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The finer the grid, the nearer they are, and nearer still where it is known how many are within each budget
    alone."""
    monkeypatch.setattr(narrowing, "TRIED", 1)
    monkeypatch.setattr(narrowing, "FIRST", 100)
    monkeypatch.setattr(narrowing, "LOOKS", 400)
    monkeypatch.setattr(narrowing, "CELLS", cells)
    graph = stdsl.loads(TOWERS).graph
    widths: list[tuple[int, int]] = []
    for *ends, params in ((None, 6_000_000, 50_000), (4_000_000, 9_000_000, 50_000), (None, 9_000_000, 12_000)):
        budgets = (
            CostConstraint("flops", *ends, graph.span),
            CostConstraint("params", None, params, graph.span),
        )
        whole = count(replace(graph, constraints=budgets)).low
        with monkeypatch.context() as patch:
            patch.setattr(within_module, "_exactly", lambda *_: None)
            found = within_module.within(replace(graph, constraints=budgets), budgets)
        assert isinstance(found, Nearly)
        alone = [count(replace(graph, constraints=(budget,))) for budget in budgets]
        assert all(one.exact for one in alone)
        total = count(graph).low
        low, high = narrowing.narrowed(found.exactly, found.states.start, 10**10, [(0, total)] * 2)
        assert low <= whole <= high
        near = narrowing.narrowed(found.exactly, found.states.start, 10**10, [(one.low, one.high) for one in alone])
        assert low <= near[0] <= whole <= near[1] <= high
        widths.append((high - low, near[1] - near[0]))
        # A budget that single parts are beyond already leaves little to tell apart.
        if params < 50_000:
            continue
        assert high - low < {100: 3.0, 10_000: 0.4, 4_000_000: 0.02}[cells] * whole
    assert 2 * sum(near for _, near in widths) < sum(wide for wide, _ in widths)
