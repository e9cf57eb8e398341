"""`info` and `info --exact` within budgets, held to each of 567 architectures and to `count`, whatever counts them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stdsl as python
from stdsl.compiler.analysis import feasible
from stdsl.compiler.analysis.circuits.patience import A_QUARTER
from stdsl.compiler.analysis.costs import depth_range as depth_range_module
from stdsl.compiler.analysis.costs import listing, measures
from stdsl.compiler.analysis.costs.additive import ADDITIVE
from stdsl.compiler.analysis.costs.depth_range import depth_range
from stdsl.compiler.analysis.costs.depth_sum import depth_sum
from stdsl.compiler.analysis.costs.of_architecture import Costs, costs
from stdsl.compiler.analysis.costs.space_costs import cost_range
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.sums import nearly, within

TEXT = """stdsl 1
meta net on x: image(3, 8, 8) {
  w = choose {4, 6, 9} as width                       # read by both branches and by what follows
  a = x -> conv(w, choose {1, 3} as k)
  b = x -> choose {plain: conv(w, 1x1), deep: conv(5, 3x3) -> conv(w, choose {1, 5} as deeper)} as branch
  y = [a, b, a -> conv(w, 3x3)] -> keep 1..2 as inputs -> sum
  z = y -> repeat choose 0..2 as n { conv(same, 3x3) }
  return z -> global_avg_pool -> linear(choose {2, 3, 7} as classes) -> linear(2)
}
space s = net
"""

Wanted = Callable[[Costs, dict[str, Any]], bool]

FORMS: dict[str, Wanted] = {
    "flops <= 30K": lambda c, _: c.flops <= 30_000,
    "flops > 120000": lambda c, _: c.flops > 120_000,
    "params in 300..900": lambda c, _: 300 <= c.params <= 900,
    "params in 300..900.5, activations >= 1000": lambda c, _: 300 <= c.params <= 900 and c.activations >= 1000,
    "flops <= 90K, params >= 800": lambda c, _: c.flops <= 90_000 and c.params >= 800,
    "flops in 20K..80K, params <= 1K, activations in 500..1500": lambda c, _: (
        20_000 <= c.flops <= 80_000 and c.params <= 1000 and 500 <= c.activations <= 1500
    ),
    "flops >= 20K, flops <= 60K, flops < 55K": lambda c, _: 20_000 <= c.flops < 55_000,
    "width != 6, params <= 700": lambda c, a: a["w.width"] != "6" and c.params <= 700,
    "width != 9 or n == 0, flops <= 70K, activations <= 2K": lambda c, a: (
        (a["w.width"] != "9" or a["z.n"] == 0) and c.flops <= 70_000 and c.activations <= 2000
    ),
    "depth <= 4": lambda c, _: c.depth <= 4,
    "depth in 4..5, params <= 1K, flops <= 60K": lambda c, _: (
        4 <= c.depth <= 5 and c.params <= 1000 and c.flops <= 60_000
    ),
    "flops >= 60K, params <= 420": lambda c, _: c.flops >= 60_000 and c.params <= 420,
    "flops <= 1G, params <= 1G": lambda c, _: True,
}


def unlisted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED", 0)


def by_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    unlisted(monkeypatch)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)


def deep(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where several paths may be the longest, so that the depth is no sum."""
    unlisted(monkeypatch)
    monkeypatch.setattr(measures, "depth_sum", lambda _: None)
    monkeypatch.setattr(depth_range_module, "depth_sum", lambda _: None)


WAYS = {"listed": lambda _: None, "circuit": unlisted, "sums": by_sums, "deep": deep}


@pytest.fixture(scope="module")
def every() -> list[tuple[Costs, dict[str, Any]]]:
    graph = python.loads(TEXT).graph
    found = [(costs(graph, arch), dict(arch)) for arch in architectures(graph)]
    assert len(found) == 567
    assert depth_sum(graph) is not None
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("where", FORMS)
def test_exact_is_what_all_architectures_say(
    where: str, way: str, every: list[Any], stdsl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    WAYS[way](monkeypatch)
    path = tmp_path / "net.space"
    path.write_text(TEXT.replace("space s = net", f"space s = net where {where}"), encoding="utf-8")
    within = [own for own, arch in every if FORMS[where](own, arch)]
    told = stdsl("info", str(path), "--exact", "--json")
    if not within:
        assert told.exit_code == stdsl("count", str(path)).exit_code == 1
        assert "E0441" in told.stderr
        return
    facts = json.loads(told.stdout)
    graph = python.load(path).graph
    counted = count(graph)
    assert facts["count"] == {"min": str(counted.low), "max": str(counted.high), "exact": counted.exact}
    assert counted.low <= len(within) <= counted.high
    known = way != "deep" or "depth" not in where
    assert counted.exact == known
    for metric in (*ADDITIVE, "depth"):
        values = [getattr(own, metric) for own in within]
        found = facts[metric]
        assert found["min"] <= min(values)
        assert max(values) <= found["max"]
        # Of a depth that is no sum, in so small a space, a search finds what comes to its ends.
        assert found["exact"] or (not known and metric != "depth")
        if found["exact"]:
            assert (found["min"], found["max"]) == (min(values), max(values))
        if known and (way != "deep" or metric != "depth"):
            assert found["mean_exact"]
            assert found["mean"] == pytest.approx(sum(values) / len(values), rel=1e-12)
    # What is told without `--exact` never contradicts it.
    sooner = count(graph, A_QUARTER)
    assert sooner.low <= len(within) <= sooner.high
    spans = {metric: cost_range(graph, metric, A_QUARTER) for metric in ADDITIVE}
    for metric, span in {**spans, "depth": depth_range(graph, A_QUARTER)}.items():
        assert span is not None
        assert span.min <= facts[metric]["min"] <= facts[metric]["max"] <= span.max


def test_what_is_not_counted_is_said_and_exact_counts_it(stdsl: Any, tmp_path: Path) -> None:
    path = tmp_path / "towers.space"
    path.write_text(
        "stdsl 1\nmeta tower on x: image(3, 32, 32) {\n  h[0] = x -> conv(16, 3x3, stride = 2)\n"
        "  for i in 1..12 {\n"
        "    h[i] = h[i - 1] -> conv((choose {16, 24, 32, 48} as width), (choose {1, 3, 5} as k))\n  }\n"
        "  return h[12] -> global_avg_pool -> linear(10)\n}\n"
        "meta two on x: image(3, 32, 32) {\n  g[0] = x\n  h[0] = x\n  for i in 1..12 {\n"
        "    g[i] = g[i - 1] -> choose {one: conv(same, 1x1), skip} as kind\n"
        "    h[i] = h[i - 1] -> choose {one: conv(same, 3x3), skip} as kind\n  }\n  return g[12] + h[12]\n}\n"
        "space small = tower where flops <= 30M\nspace deep = two where depth <= 8\n",
        encoding="utf-8",
    )
    first = stdsl("info", f"{path}::small").stdout.splitlines()[0]
    assert first == (f"small: between 1 and {12**12:,} architectures; within its budgets not counted (--exact counts)")
    exactly = stdsl("info", f"{path}::small", "--exact").stdout.splitlines()[0]
    counted = int(stdsl("count", f"{path}::small").stdout)
    assert exactly == f"small: {counted:,} architectures"
    # What no work would count is not promised.
    assert "--exact counts" not in stdsl("info", f"{path}::deep").stdout


def test_count_exactly_counts_on_within_two_budgets(
    stdsl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interval, with less work than a count of some seconds may take; the same number as by a circuit; progress on
    standard error alone; and what is still an interval is said to be one."""
    path = tmp_path / "towers.space"
    path.write_text(
        "stdsl 1\nmeta tower on x: image(3, 32, 32) {\n  h[0] = x -> conv(16, 3x3, stride = 2)\n"
        "  for i in 1..3 { h[i] = h[i - 1] -> conv((choose {8, 12, 20, 32} as width), (choose {1, 3, 5} as k))"
        " -> bn -> relu -> conv(16, 1x1) }\n"
        "  for i in 4..6 { h[i] = h[i - 1] -> conv((choose {8, 12, 20, 32} as width), (choose {1, 3, 5} as k))"
        " -> bn -> relu -> conv(16, 1x1) }\n"
        "  return h[6] -> global_avg_pool -> linear(10)\n}\n"
        "space two = tower where flops <= 8M, params <= 30K\n"
        "space three = tower where flops <= 8M, params <= 30K, activations <= 50K\n",
        encoding="utf-8",
    )
    whole = {name: int(stdsl("count", f"{path}::{name}").stdout) for name in ("two", "three")}
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
    monkeypatch.setattr(within, "_exactly", lambda *_: None)
    monkeypatch.setattr(nearly, "HALVES_WORK", 0)
    monkeypatch.setattr(nearly, "NARROWING_WORK", 0)
    monkeypatch.setattr(nearly, "CELLS", 3_000)
    low, high = map(int, stdsl("count", f"{path}::two").stdout.split(".."))
    assert low < whole["two"] < high
    found = stdsl("count", f"{path}::two", "--exact")
    assert int(found.stdout) == whole["two"]
    assert "counting: done" in found.stderr
    assert stdsl("count", f"{path}::two", "--exact", "--quiet").stderr == ""
    facts = json.loads(stdsl("count", f"{path}::two", "--exact", "--json").stdout)
    assert facts["count"] == {"min": str(whole["two"]), "max": str(whole["two"]), "exact": True}
    facts = json.loads(stdsl("info", f"{path}::two", "--exact", "--json").stdout)
    assert facts["count"] == {"min": str(whole["two"]), "max": str(whole["two"]), "exact": True}
    found = stdsl("count", f"{path}::three", "--exact")
    low, high = map(int, found.stdout.split(".."))
    assert low < whole["three"] < high
    assert "an exact count is not to be had" in found.stderr
