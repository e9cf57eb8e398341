"""What is told of constraints that exclude each other, against the list of all architectures."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from stdsl.compiler.analysis.costs.of_architecture import cost_constraints, costs
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.checks.where import nearest as numbers
from stdsl.compiler.checks.where.nearest import Others
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.ir.graph import DecisionConstraint

NET = """stdsl 1
meta net on x: image(3, 16, 16) {
  h[0] = x -> conv(8, 3x3, stride = 2)
  for i in 1..3 {
    h[i] = h[i - 1] -> conv((choose {8, 12, 16} as width), (choose {1, 3} as k)) -> bn -> relu
  }
  return h[3] -> repeat choose 1..2 as more { conv(4, 1x1) } -> global_avg_pool -> linear(10)
}
space s = net where """

WHERE = [
    "flops >= 300K, params <= 1500",
    "params <= 1500, flops >= 300K",
    "flops in 300K..310K, params <= 1500",
    "flops >= 300K, params in 800..1500",
    "flops >= 300K, params <= 1500, activations >= 1K",
    "k == 1, flops >= 200K",
    "width == 8, k == 1, more == 1, params in 600..610",
    "more == 1, depth >= 7",
    "flops >= 350K, flops <= 300K",
]


@pytest.fixture(params=["listed", "counted", "priced"])
def way(request, monkeypatch):
    if request.param != "listed":
        monkeypatch.setattr(numbers, "LISTED", 0)
    if request.param == "priced":
        monkeypatch.setattr(numbers, "cost_circuit", lambda *_: None)
    return request.param


@pytest.mark.parametrize("where", WHERE)
def test_numbers_are_those_of_the_list(make, way, where):
    graph = make.text(NET + where, "s")
    decisions = replace(graph, constraints=tuple(c for c in graph.constraints if isinstance(c, DecisionConstraint)))
    every = [costs(graph, arch) for arch in architectures(decisions)]
    others = Others(graph, graph.constraints)
    told = 0
    for constraint in cost_constraints(graph):
        rest = [c for c in cost_constraints(graph) if c is not constraint]
        left = [getattr(own, constraint.metric) for own in every if all(own.within(c) for c in rest)]
        for near in others.nearest(constraint):
            told += 1
            end = constraint.high if near.sign > 0 else constraint.low
            reached = [near.sign * cost for cost in left if near.sign * cost > near.sign * end]
            assert near.known is None or near.sign * near.known in reached
            if not reached:
                continue  # nothing is within the others alone, which then are told of instead
            assert near.sign * near.cost <= min(reached)
            assert near.exact or way == "priced"
            assert not near.exact or near.sign * near.cost == min(reached)
        assert not any(own.within(constraint) for own in every if all(own.within(c) for c in rest))
    assert told or way != "listed"


def test_where_two_of_several_exclude_each_other_they_are_named(make):
    """Leaving one out after the other would stop at three of them."""
    found = satisfiable(make.text(NET + "flops >= 300K, params <= 1500, activations >= 900, k == 1", "s")).diagnostic
    assert found is not None
    assert len(found.related) == 1


def test_what_to_do_is_right(make):
    """Each of the constraints that are proposed leaves an architecture, within all others, too."""
    parts = ["activations >= 1K", "flops >= 300K", "params <= 1500"]
    found = satisfiable(make.text(NET + ", ".join(parts), "s")).diagnostic
    assert found is not None
    proposed = re.findall(r"`([^`]*)`", found.help)
    assert {text.split()[0] for text in proposed} == {"flops", "params"}
    for text in proposed:
        changed = [text if part.split()[0] == text.split()[0] else part for part in parts]
        assert satisfiable(make.text(NET + ", ".join(changed), "s")).architecture is not None
