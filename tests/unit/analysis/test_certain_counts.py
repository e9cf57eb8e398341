"""Intervals of counts where hardly anything is certain."""

from __future__ import annotations

from dataclasses import replace

import pytest

import stdsl
from stdsl.compiler.analysis import feasible
from stdsl.compiler.analysis.circuits.of_space import CountResult
from stdsl.compiler.analysis.costs import listing
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.sums import nearly, within

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
