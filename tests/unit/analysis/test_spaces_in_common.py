"""What a space has in common with a sibling that its architectures are trained in."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.analysis.costs import measures
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.derivation.derive import derived
from stdsl.compiler.analysis.joint.common import common
from stdsl.compiler.analysis.sampling import draw
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.diagram import DiagramTooLarge

TEXT = """stdsl 1
tied cell m on x = x -> choose {u: conv(same, 1x1), v: conv(same, 3x3)} as k
meta net(c, always = false) on im: image(3, 4, 4) {
  s = im -> conv(c, 1x1)
  t = if always then s -> m else s
  w = t -> choose {through: m, past: conv(same, 3x3)} as way
  return w -> global_avg_pool -> linear(2)
}
"""


def space(where: str, text: str = TEXT) -> stdsl.Space:
    return stdsl.loads(f"{text}space one = {where}")


def test_without_constraints_there_is_nothing_to_add():
    own = space("net(2)")
    assert common(own.graph, own.graph) is own.graph
    assert common(own.graph, space("net(4)").graph) is own.graph
    assert common(space("net(2) where flops <= 1M").graph, own.graph).constraints


def test_one_graph_for_each_pair():
    own, other = space("net(2)").graph, space("net(4) where flops <= 3K").graph
    assert common(own, other) is common(own, other)


def test_costs_are_those_of_the_space_whose_where_bounds_them():
    own, other = space("net(2)"), space("net(4) where flops <= 1K")
    joint = stdsl.Space(common(own.graph, other.graph))
    figures = {arch: other.costs(dict(arch)).flops for arch in own.architectures()}
    assert set(joint.architectures()) == {arch for arch, flops in figures.items() if flops <= 1_000}
    assert 0 < joint.count() < own.count()
    assert all(own.costs(arch).flops < 1_000 for arch in figures), "it would bind nothing there"


def test_what_one_space_asks_for_and_the_other_does_not():
    """An architecture that leaves `m` out has no value for `m.k`, which the other space always asks for."""
    own, other = space("net(2)"), space("net(2, always = true)")
    joint = stdsl.Space(common(own.graph, other.graph))
    taken = []
    for arch in own.architectures():
        try:
            taken.append(other.architecture(dict(arch)) and arch)
        except stdsl.ArchitectureError:
            continue
    assert list(joint.architectures()) == taken
    assert [arch["w.way"] for arch in taken] == ["through", "through"]
    assert derived(joint.graph, {"w.way": [0.1, 0.9]}).architecture in taken


def test_further_alternatives_come_to_nothing():
    text = TEXT.replace("past: conv", "more: m -> conv(same, 3x3), past: conv")
    own, other = space("net(2)"), space('net(2) where way != "past", k != "u"', text)
    assert [dict(a) for a in stdsl.Space(common(own.graph, other.graph)).architectures()] == [
        {"w.way": "through", "m.k": "v"}
    ]
    only = space('net(2) where way == "more"', text)
    with pytest.raises(SpaceError):
        stdsl.Space(common(own.graph, only.graph)).sample()


def test_costs_that_are_no_sum_over_the_decisions_are_looked_at_one_by_one(monkeypatch):
    def too_large(*_):
        raise DiagramTooLarge

    own, other = space("net(2)"), space("net(4) where flops in 300..1K, params <= 40")
    wanted = set(stdsl.Space(common(own.graph, other.graph)).architectures())
    assert 0 < len(wanted) < own.count()
    monkeypatch.setattr(measures, "translated", too_large)
    again = common(space("net(2)").graph, other.graph)
    assert not wanted ^ {stdsl.Space(again).sample(seed) for seed in range(12)}
    assert derived(again, {}).architecture in wanted


def test_large_spaces_are_counted_within_both():
    small = stdsl.load("darts", "darts_cifar", layers=5)
    large = stdsl.loads("""stdsl 1
      use darts (cell_stack, normal, reduction)
      space large = cell_stack(normal, reduction, c = 36, layers = 8) where flops <= 130M""")
    joint = common(small.graph, large.graph)
    count = stdsl.Space(joint).count()
    assert isinstance(count, int)
    assert 0 < count < small.count()
    assert count == large.count(), "the decisions are the same ones"
    found = draw(joint, seed=0, n=3)
    assert found.uniform
    assert all(costs(large.graph, dict(arch)).flops <= 130_000_000 for arch in found.architectures)
