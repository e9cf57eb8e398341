"""Whether `where` can be satisfied, against the list of all architectures."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.depth import depth_bounds
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints, costs
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.checks.where import looking
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.diagnostics.source import Source

TOWER = """stdsl 1
meta tower on x: image(4, 8, 8) {
  n = choose 1..2 as width
  y = [x -> conv(4, choose {1, 3} as length) for i in 1..n] -> sum
  return y -> repeat choose 1..3 as repeats { choose {conv(4, 3x3), relu, zero} as kind }
}
space s = tower where """

WHERE = [
    "flops <= 20K",
    "flops <= 1K",
    "params >= 500",
    "params >= 5K",
    "depth >= 4",
    "depth >= 5",
    "depth == 0",
    "depth == 3, flops <= 22K",
    "width == 2, repeats == 3, params <= 40",
    "width > repeats, repeats > 1",
    "width == 2, length == 1, depth in 2..2",
    "activations in 700..800",
    "activations in 768..768, flops in 40K..50K",
    'pin("**.kind", "zero"), params >= 10',
    "flops >= 9K, flops <= 9K",
]


@pytest.mark.parametrize("where", WHERE)
def test_the_verdict_is_that_of_the_list(make, where):
    graph = make.text(TOWER + where)
    within = [a for a in architectures(graph) if all(costs(graph, a).within(c) for c in cost_constraints(graph))]
    verdict = satisfiable(graph)
    assert (verdict.architecture is not None) == bool(within)
    if within:
        assert verdict.architecture in within
        assert verdict.diagnostic is None
    else:
        assert verdict.diagnostic.code == "E0441"
        assert verdict.diagnostic.span.text in where


@pytest.mark.parametrize(
    ("where", "place", "words"),
    [
        ("flops >= 1G, params >= 1M", "flops >= 1G", " flops"),
        ("params >= 1M, flops >= 1G", "params >= 1M", " params"),
        ("depth >= 99, params >= 1M", "depth >= 99", "the deepest"),
        ("flops >= 2G, flops >= 1G, width == 1", "flops >= 2G", " flops"),
        ("flops >= 1G, width == 1, flops >= 2G", "flops >= 2G", " flops"),
        ("flops <= 20K, width > 2", "width > 2", "every architecture breaks this one"),
    ],
)
def test_the_reason_is_that_of_the_constraint_at_the_place(make, where, place, words):
    """Of several that are each met by nothing, and of two budgets of one cost it is the tighter one."""
    found = satisfiable(make.text(TOWER + where)).diagnostic
    assert (found.span.text, found.related) == (place, ())
    assert words in found.reason
    alone = satisfiable(make.text(TOWER + place)).diagnostic
    assert alone.reason == found.reason


def test_depth_bounds_hold(make):
    graph = make.text(TOWER + "width >= 1")
    found = [costs(graph, a).depth for a in architectures(graph)]
    low, high = depth_bounds(graph)
    assert low <= min(found)
    assert high == max(found) == 4


def test_every_space_of_a_text_gets_its_verdict():
    found = check_text(
        Source("t", TOWER + "params >= 5K space t = tower where depth >= 9 space u = tower where width == 2")
    )
    assert [(d.code, d.space) for d in found] == [("E0441", "s"), ("E0441", "t")]


def test_the_budget_of_the_library_is_satisfied_by_an_architecture():
    graph = load_space("darts", "darts_small").graph
    arch = satisfiable(graph).architecture
    assert costs(graph, architecture(graph, dict(arch))).flops <= 90e6


def test_two_narrow_ranges_are_met_by_proposals(make, monkeypatch):
    """A search from bounds of each cost goes astray between ranges of two; sums of both tell where they are."""
    text = """stdsl 1
meta edge on x: image(3, 64, 64) {
  h[0] = x -> conv(16, 3x3, stride = 2) -> bn -> relu
  for i in 1..10 {
    e = choose {2, 3, 4, 6} as expand
    k = choose {3, 5, 7} as kernel
    w = choose {16, 24, 32, 40} as width
    h[i] = h[i - 1]
      -> pointwise(e * same) -> bn -> relu
      -> depthwise(k, stride = if i == 4 or i == 8 then 2 else 1) -> bn -> relu
      -> pointwise(w) -> bn
  }
  return h[10] -> global_avg_pool -> linear(10)
}
space band = edge where flops in 15M..16M, params in 30K..33K
"""
    monkeypatch.setattr(looking, "PROPOSED", 0)
    verdict = satisfiable(make.text(text))
    assert verdict.diagnostic is not None
    assert verdict.diagnostic.code == "W0441"
    assert [label.span.text for label in verdict.diagnostic.secondary] == ["params in 30K..33K"]
    monkeypatch.undo()
    graph = make.text(text)
    verdict = satisfiable(graph)
    assert verdict.diagnostic is None
    assert all(costs(graph, verdict.architecture).within(c) for c in cost_constraints(graph))


def test_three_budgets_that_exclude_each_other_are_known_to(make):
    """No bound says so, nor does a search that goes through all of it: the sums of costs do."""
    text = """stdsl 1
meta tower on x: image(3, 32, 32) {
  h[0] = x -> conv(16, 3x3, stride = 2)
  for i in 1..12 {
    h[i] = h[i - 1] -> conv((choose {16, 24, 32, 48} as width), (choose {1, 3, 5} as k)) -> bn -> relu
  }
  return h[12] -> global_avg_pool -> linear(10)
}
space few = tower where flops >= 46510320, params <= 155050, activations >= 88074
"""
    graph = make.text(text)
    verdict = satisfiable(graph)
    assert verdict.diagnostic is not None
    assert verdict.diagnostic.code == "E0441"
    assert count(graph).high == 0
