"""Pairs of budgets counted by two halves of a space."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import pytest

import stdsl
from stdsl.compiler.analysis import feasible
from stdsl.compiler.analysis.count import count, count_exactly
from stdsl.compiler.analysis.sums import nearly
from stdsl.compiler.analysis.sums import within as within_module
from stdsl.compiler.analysis.sums.nearly import Nearly
from stdsl.compiler.analysis.sums.pairs import dominance, halving, narrowing, strip, vectors
from stdsl.compiler.analysis.sums.pairs.dominance import Side, meeting
from stdsl.compiler.analysis.sums.pairs.strip import Strip
from stdsl.compiler.analysis.sums.pairs.vectors import Vectors, of_stretches, summed
from stdsl.compiler.analysis.sums.tables import Effort, TooMuch
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


def noted(told: list[tuple[int, int]], done: int, whole: int) -> None:
    told.append((done, whole))


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
    monkeypatch.setattr(strip, "LARGE", (150, 10**6)[seed % 2])
    monkeypatch.setattr(dominance, "SHORT", (8, 1 << 11)[seed % 3 == 0])
    monkeypatch.setattr(dominance, "GATHERED", (40, 1 << 17)[seed % 3 == 1])
    far = [(int(a), int(b)) for a, b in rng.integers(20, 60, size=(4, 2))]
    factors = (int(rng.choice((1, 3, 8))), int(rng.choice((1, 5))))
    own = Side(times(drawn(rng, 80, far[0]), factors).arranged(), times(drawn(rng, 4, far[1]), factors))
    other = Side(drawn(rng, 300, (far[2][0] * 9, far[2][1])).arranged(), drawn(rng, 3, far[3]))
    added = set()
    for one, two in ((own, other), (own.turned(), other.turned()), (other, own)):
        whole = [a + b for a, b in zip(one.far, two.far, strict=True)]
        for share in (0.0, 0.1, 0.45, 0.7, 1.0):
            limits = (int(share * whole[0]), int(rng.uniform(0.2, 1.1) * whole[1]))
            for beside in (False, True):
                made = Strip(one, two, limits, Effort(10**9, 10**9), beside)
                added.add(made.added)
                told: list[tuple[int, int]] = []
                assert made.count(partial(noted, told)) == pairs(one, two, limits)
                assert told == sorted(told)
                assert told[-1] == (made.rows, made.rows)
    assert added == ({False} if seed % 2 == 0 else {False, True})


@pytest.mark.parametrize("seed", range(8))
def test_more_effort_never_leaves_less_counted(seed: int) -> None:
    """All corners of ranges are counted by one way that is enough for all of them, whichever is the better one."""
    rng = np.random.default_rng(seed)
    reach = [(int(a), int(b)) for a, b in rng.choice((30, 300, 3000), size=(4, 2))]
    parts = [drawn(rng, int(n), far) for n, far in zip(rng.choice((20, 60, 300), size=4), reach, strict=True)]
    far = [sum(part.far[axis] for part in parts) for axis in (0, 1)]
    corners = [(int(a * far[0]), int(b * far[1])) for a, b in product((0.9, 0.7), (0.6, 0.4))]
    enough: list[bool] = []
    numbers: set[tuple[int, ...]] = set()
    for digits in range(16, 40):
        try:
            meets = halving._meeting(parts, corners, Effort(1 << digits, 10**9), False)
            made = [meets(limits) for limits in corners]
        except TooMuch:
            assert not any(enough)
            enough.append(False)
        else:
            enough.append(True)
            if digits % 6 == 3:
                numbers.add(tuple(one.count() for one in made))
    assert any(enough)
    assert len(numbers) == 1


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


@pytest.mark.parametrize("seed", range(8))
def test_costs_in_32_bits_beside_greater_ones(seed: int) -> None:
    """Long lists of small costs meet others that are beyond 2³¹, and limits are."""
    rng = np.random.default_rng(seed)
    many = [drawn(rng, 60, (40, 30)) for _ in range(2)]
    units = 1 << 24, 1 << 25
    short = [
        replace(v, first=v.first.astype(np.int32), second=v.second.astype(np.int32))
        for v in (times(many[0], (1 << 24, 1 << 24)).arranged(), times(many[1], (1 << 24, (1 << 25) - 7)).arranged())
    ]
    few = [times(drawn(rng, 3, (300, 60)), units), drawn(rng, 3, ((1 << 12) * seed, 1 << 12))]
    if seed % 2:
        few[1] = times(few[1], (1 << 21, 1 << 20))
    elif seed % 4:
        few[1] = replace(few[1], first=few[1].first.astype(np.int32), second=few[1].second.astype(np.int32))
    own, other = (Side(one, less) for one, less in zip(short, few, strict=True))
    whole = [a + b for a, b in zip(own.far, other.far, strict=True)]
    for share in (0.02, 0.1, 0.3, 0.5, 0.8, 1.0):
        limits = int(share * whole[0]), int(rng.uniform(0.3, 1.1) * whole[1])
        sums = [
            [(int(a) + int(c), int(b) + int(d), int(n) * int(m)) for (a, b, n), (c, d, m) in product(*lists)]
            for lists in (
                [list(zip(v.first, v.second, v.counts, strict=True)) for v in (side.many, side.few)]
                for side in (own, other)
            )
        ]
        wanted = sum(n * m for (a, b, n), (c, d, m) in product(*sums) if a + c <= limits[0] and b + d <= limits[1])
        assert Strip(own, other, limits, Effort(10**9, 10**9), bool(seed % 2)).count() == wanted


@pytest.mark.parametrize("seed", range(6))
def test_all_sums_of_two_parts_some_at_a_time(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, in order, none beyond the limits; in 32 bits where they fit, which three parts are as well as two."""
    monkeypatch.setattr(vectors, "PIECE", (1, 50, 10**6)[seed % 3])
    monkeypatch.setattr(vectors, "VERY_MANY", 100)
    monkeypatch.setattr(vectors, "SHORT", (10, 1 << 29)[seed // 3])
    rng = np.random.default_rng(seed)
    parts = [drawn(rng, n, (97, 89)) for n in (60, 25, 9)]
    for share in (0.3, 1.0):
        limits = (int(share * 291), int(share * 267))
        both = summed(summed(parts[0], parts[1], limits), parts[2], limits)
        keys = [(int(a), int(b)) for a, b in zip(both.first, both.second, strict=True)]
        found: dict[tuple[int, int], int] = {}
        for (a, b, n), (c, d, m), (e, f, k) in product(*(zip(v.first, v.second, v.counts, strict=True) for v in parts)):
            one, other = int(a + c + e), int(b + d + f)
            if one <= limits[0] and other <= limits[1]:
                found[one, other] = found.get((one, other), 0) + int(n * m * k)
        assert keys == sorted(found)
        assert both.counts.tolist() == [found[key] for key in keys]
        assert both.first.dtype == (np.int32 if seed >= 3 else np.int64)
        side = Side(both, drawn(rng, 5, (50, 50)))
        for row in (0, 70, 400):
            assert side.below(row).tolist() == [int((both.first + first < row).sum()) for first in side.few.first]


def test_where_there_is_time_more_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes too long for a count of some seconds, by all corners of two ranges."""
    graph = stdsl.loads(TOWERS).graph
    for ends in ((None, 6_000_000), (4_000_000, 9_000_000)):
        budgets = (
            CostConstraint("flops", *ends, graph.span),
            CostConstraint("params", None if ends[0] is None else 20_000, 50_000, graph.span),
        )
        whole = count(replace(graph, constraints=budgets))
        with monkeypatch.context() as patch:
            patch.setattr(within_module, "_exactly", lambda *_: None)
            patch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
            patch.setattr(nearly, "HALVES_WORK", 0)
            patch.setattr(nearly, "NARROWING_WORK", 0)
            patch.setattr(nearly, "CELLS", 3_000)
            apart = replace(graph, constraints=budgets)
            interval = count(apart)
            assert interval.low < whole.low < interval.high
            told: list[tuple[int, int]] = []
            assert count_exactly(apart, partial(noted, told)) == whole
            assert told == sorted(told)
            assert told[-1][0] == told[-1][1]
            patch.setattr(nearly, "MINUTES_WORK", 1000)
            again = replace(graph, constraints=budgets)
            assert count_exactly(again, partial(noted, told)) == interval


@pytest.mark.parametrize("blocks", [20, 38])
def test_blocks_that_are_alike_have_more_ways_than_a_machine_number(
    blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are summed up for as long as numbers of ways fit, though all of their sums coincide."""
    graph = stdsl.loads(
        "stdsl 1\nmeta tower on x: image(3, 8, 8) {\n  h[0] = x -> conv(16, 1x1)\n"
        f"  for i in 1..{blocks} {{ h[i] = h[i - 1] -> conv((choose {{8, 16, 24}} as width), (choose {{1, 3, 5}} as k))"
        f" -> conv(16, 1x1) }}\n  return h[{blocks}] -> global_avg_pool -> linear(10)\n}}\n"
        f"space s = tower where flops <= {blocks * 320_000}, params <= {blocks * 5_000}\n"
    ).graph
    whole = count(replace(graph))
    assert whole.exact
    assert whole.low > 1 << 60
    monkeypatch.setattr(within_module, "_exactly", lambda *_: None)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    assert count(graph) == whole


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
