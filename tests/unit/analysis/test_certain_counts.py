"""Intervals of counts where hardly anything is certain."""

from __future__ import annotations

from dataclasses import replace

import pytest

import stdsl
from stdsl.compiler.analysis import count as count_module
from stdsl.compiler.analysis import feasible
from stdsl.compiler.analysis.circuits.of_space import CountResult
from stdsl.compiler.analysis.costs import listing
from stdsl.compiler.analysis.costs.measures import Measure
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.costs.space_bounds import extreme
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.sampling import draw
from stdsl.compiler.analysis.sums import nearly, within
from stdsl.compiler.ir.graph import CostConstraint

TOWER = """stdsl 1
meta tower on x: image(3, 8, 8) {
  h[0] = x -> conv(8, 3x3)
  for i in 1..4 { h[i] = h[i - 1] -> conv((choose {8, 16, 24, 32} as width), (choose {1, 3, 5} as k)) }
  return h[4] -> global_avg_pool -> linear(10)
}
space s = tower where flops in 1M..1500K, params >= 20K, activations <= 6K
"""


def test_one_that_is_known_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three budgets on a lattice so coarse that nothing is certain to be within them."""
    right = count(stdsl.loads(TOWER).graph).low
    monkeypatch.setattr(nearly.Nearly, "gridded", lambda *_: None)
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    monkeypatch.setattr(within, "_exactly", lambda *_: None)
    monkeypatch.setattr(nearly, "CELLS", 300)
    graph = stdsl.loads(TOWER).graph
    rough = feasible.found(graph)
    assert isinstance(rough, nearly.Nearly)
    assert rough.low == 0
    found = count(graph)
    assert isinstance(found, CountResult)
    assert found.low == 1 < right <= found.high


def test_the_cheapest_and_the_dearest_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no proposal is within the constraints, either may be. (Of Auto-TSNet's the dearest was, and the count began
    with 0.)"""
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(count_module, "PROPOSED", 0)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    monkeypatch.setattr(within, "_exactly", lambda *_: None)
    monkeypatch.setattr(nearly, "CELLS", 300)
    whole = stdsl.loads(TOWER.replace("where flops in 1M..1500K, params >= 20K, activations <= 6K", ""))
    flops = whole.costs().flops
    assert flops is not None
    for bound in (f"flops <= {flops.min}", f"flops >= {flops.max}"):
        found = count(stdsl.loads(TOWER.partition("where")[0] + f"where {bound}, activations >= 1").graph)
        assert found.low == 1 < found.high, bound


def test_from_the_dearest_down_it_is_as_from_the_cheapest_up() -> None:
    """Of Auto-TSNet's 10⁵⁷ architectures: those near the greatest FLOPs have few different sums, too. (The count was
    0..8405385225, and drawing one took a search.)"""
    graph = stdsl.load("auto_tsnet", "s").graph
    greatest = extreme(graph, Measure("flops"), -1)[0]
    low = greatest - 100_000
    bounded = replace(graph, constraints=(CostConstraint("flops", low, None, graph.span),))
    found, drawn = count(bounded), draw(bounded, seed=0, n=2)
    assert 0 <= found.high - found.low < 1e-6 * found.low
    assert drawn.uniform
    assert all(low <= (costs(graph, arch).flops or 0) <= greatest for arch in drawn.architectures)


def test_an_interval_is_never_above_the_count_within_fewer_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cost is counted exactly, several are known on a lattice that says little."""
    exactly = within._exactly
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    monkeypatch.setattr(within, "_exactly", lambda *given: exactly(*given) if len(given[1].units) == 1 else None)
    for cells in ((nearly, "CELLS"), (within, "BESIDE")):
        monkeypatch.setattr(*cells, 20)
    graph = stdsl.loads(TOWER).graph
    rough, found = feasible.found(graph), count(graph)
    assert isinstance(rough, nearly.Nearly)
    alone = [count(replace(graph, constraints=(constraint,))) for constraint in graph.constraints]
    assert all(one.exact for one in alone)
    assert found.high <= min(one.high for one in alone) < rough.high, (rough.high, alone)


@pytest.mark.parametrize("budgets", ["flops <= 1700K, params <= 26K", "flops in 1M..1800K, params in 15K..28K"])
def test_what_is_within_each_budget_alone_narrows_an_interval(budgets: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Widths that the next layer reads: one whole, on a lattice of some hundred places."""
    text = TOWER[: TOWER.index(" where ")] + f" where {budgets}\n"
    right = count(stdsl.loads(text).graph).low
    exactly = within._exactly
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    monkeypatch.setattr(within, "_exactly", lambda *given: exactly(*given) if len(given[1].units) == 1 else None)
    monkeypatch.setattr(nearly, "HALVES_WORK", 0)
    monkeypatch.setattr(nearly, "CELLS", 30_000)
    graph = stdsl.loads(text).graph
    rough, found = feasible.found(graph), count(graph)
    assert isinstance(rough, nearly.Nearly)
    assert rough.low <= found.low <= right <= found.high <= rough.high
    assert 0 < found.high - found.low < 0.8 * (rough.high - rough.low)


DEEP = """stdsl 1
meta deep on x: image(3, 8, 8) {
  h[0] = x -> conv(8, 3x3)
  for i in 1..4 { h[i] = h[i - 1] -> choose {one: conv(8, 1), two: conv(8, 3) -> conv(8, 1), none: identity} as kind }
  return h[4] -> global_avg_pool -> linear(10)
}
space s = deep where flops <= 150K"""


def test_a_bound_on_what_is_no_sum_leaves_at_most_what_the_others_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    right, sums = (count(stdsl.loads(text).graph) for text in (f"{DEEP}, depth in 4..6", DEEP))
    assert right.exact
    assert sums.exact
    assert 0 < right.low < sums.low < 3**4
    monkeypatch.setattr(listing, "LISTED", 0)
    found = count(stdsl.loads(f"{DEEP}, depth in 4..6").graph)
    assert 0 < found.low <= right.low <= found.high <= sums.high


def test_of_three_budgets_one_that_takes_little_away_leaves_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of them are counted exactly, all three on a lattice that says little. (A tower of 30 layers had 1 or more,
    where two budgets left 2·10²⁷ and the third takes 2·10¹⁹ away at most.)"""
    text = TOWER[: TOWER.index(" where ")] + " where flops <= 1700K, params <= 26K, activations <= 7K\n"
    right, exactly = count(stdsl.loads(text).graph).low, within._exactly
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    monkeypatch.setattr(within, "_exactly", lambda *given: exactly(*given) if len(given[1].units) < 3 else None)
    monkeypatch.setattr(nearly, "CELLS", 20)
    graph = stdsl.loads(text).graph
    rough, found = feasible.found(graph), count(graph)
    assert isinstance(rough, nearly.Nearly)
    two = {i: count(replace(graph, constraints=graph.constraints[:i] + graph.constraints[i + 1 :])) for i in range(3)}
    one = [count(replace(graph, constraints=(constraint,))).low for constraint in graph.constraints]
    assert all(pair.exact for pair in two.values())
    most = max(two[i].low + two[3 - i - j].low - one[j] for i in range(3) for j in range(3) if i != j)
    assert rough.low < most <= found.low <= right <= found.high
