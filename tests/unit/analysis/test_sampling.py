"""Drawing architectures, counting under constraints over costs, marginals, limits."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import architecture, of_answers
from stdsl.compiler.analysis.circuits import compilation
from stdsl.compiler.analysis.circuits import of_space as circuits_module
from stdsl.compiler.analysis.circuits.compilation import compile_circuits
from stdsl.compiler.analysis.circuits.of_space import CountResult, alternatives, circuits, decided
from stdsl.compiler.analysis.circuits.patience import AT_LENGTH
from stdsl.compiler.analysis.costs import space_costs
from stdsl.compiler.analysis.costs.limits import Limits
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints, costs
from stdsl.compiler.analysis.costs.space_costs import cost_range
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.feasible import feasible
from stdsl.compiler.analysis.marginals import marginals
from stdsl.compiler.analysis.sampling import draw, sample
from stdsl.compiler.analysis.sums import within as sums
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import CostConstraint


def hiding(sketch):
    """An alternative that hides a 9-way choice beside one that hides nothing."""
    s = sketch()
    deep = s.choose("deep", {f"o{i}": s.op("relu", s.x) for i in range(9)})
    return s.finish(s.choose("top", {"plain": s.op("relu", s.x), "deep": deep}))


def entangled(sketch, nodes=3):
    """Every node draws on two of all nodes before, and only the last one is asked for."""
    s = sketch()
    states = [s.x, s.x]
    for i in range(1, nodes + 1):
        edges = [
            s.choose(f"x[{i}][{j}]", {"a": s.op("relu", x), "b": s.op("conv", x, c=4, k=3)})
            for j, x in enumerate(states)
        ]
        states.append(s.keep_sum(f"k[{i}]", edges, 2, 2))
    return s.finish(states[-1])


def test_uniform_where_choosing_step_by_step_is_not(sketch):
    graph = hiding(sketch)
    n = 5_000
    drawn = draw(graph, seed=1, n=n)
    assert drawn.uniform
    assert drawn.acceptance == 1
    seen = Counter(drawn.architectures)
    assert len(seen) == 10
    chi_square = sum((k - n / 10) ** 2 / (n / 10) for k in seen.values())
    assert chi_square < 27.88  # the 0.999 quantile at 9 degrees of freedom


def test_samples_are_valid_and_repeatable(make_darts, make_evanet):
    for graph in (make_darts(), make_evanet(width=8, frames=8, size=24)):
        drawn = sample(graph, seed=3, n=4)
        assert drawn == sample(graph, seed=3, n=4)
        assert drawn != sample(graph, seed=4, n=4)
        assert all(architecture(graph, dict(a)) == a for a in drawn)


def test_marginals(sketch):
    found = marginals(hiding(sketch))
    assert found["top"].active == 1
    assert found["top"].options == (Fraction(1, 10), Fraction(9, 10))
    assert found["deep"].active == Fraction(9, 10)
    assert set(found["deep"].options) == {Fraction(1, 10)}
    s = sketch()
    graph = s.finish(s.keep_sum("k", [s.choose("c", {"a": s.op("relu", s.x), "b": s.x}), s.op("relu", s.x)], 1, 2))
    kept = marginals(graph)["k"]
    assert kept.options == (Fraction(4, 5), Fraction(3, 5))


def within(graph, metric, low=None, high=None):
    return replace(graph, constraints=(*graph.constraints, CostConstraint(metric, low, high, graph.span)))


def test_counts_under_costs(sketch, make_darts):
    whole = entangled(sketch)
    values = [costs(whole, a).flops for a in architectures(whole)]
    assert decided(whole).low == len(values)
    middle = sorted(values)[len(values) // 3]
    assert count(within(whole, "flops", high=middle)).low == sum(v <= middle for v in values)
    assert count(within(whole, "flops", high=max(values))).low == len(values)
    assert str(count(within(whole, "flops", high=-1))) == "0"
    interval = count(within(make_darts(), "depth", high=40))
    assert (interval.low, interval.high, interval.exact) == (1, 1_076_746_950_455_072_400, False)
    assert str(interval) == "1..1076746950455072400"


def test_costs_of_a_large_space_are_counted_exactly(make_darts):
    graph = within(make_darts(), "flops", high=30e6)
    found, every = feasible(graph), circuits(graph).whole
    assert count(graph) == CountResult(found.count, found.count)
    generator = random.Random(0)
    admitted = sum(Limits(graph, cost_constraints(graph)).admit(every.draw(generator)) for _ in range(2_000))
    assert abs(admitted / 2_000 - found.count / every.count) < 0.03
    places = [every.rank(found.unrank(found.count * i // 50)) for i in range(50)]
    assert places == sorted(places)
    for rank in (0, 1, found.count // 3, found.count - 1):
        answers = found.unrank(rank)
        assert costs(graph, of_answers(graph, answers)).flops <= 30e6
        assert found.rank(answers) == rank
    figures = cost_range(graph, "flops")
    assert figures.exact
    assert figures.mean_exact
    assert costs(graph, figures.dearest).flops == figures.max <= 30e6
    assert costs(graph, figures.cheapest).flops == figures.min
    params = [costs(graph, a).params for a in sample(graph, seed=0, n=200)]
    assert abs(sum(params) / len(params) / cost_range(graph, "params").mean - 1) < 0.05


def test_samples_within_costs(make_darts):
    graph = within(make_darts(), "depth", high=40)
    drawn = draw(graph, seed=0, n=20)
    assert len(drawn.architectures) == 20
    assert all(costs(graph, a).depth <= 40 for a in drawn.architectures)
    assert 0.1 < drawn.acceptance < 0.7
    assert drawn.within is None


def test_bounds_of_costs_within_costs(make_darts, monkeypatch):
    whole = cost_range(make_darts(), "flops")
    few = replace(AT_LENGTH, nodes=100)
    monkeypatch.setattr(sums, "WORK", 100)
    monkeypatch.setattr(sums, "ROOM", 100)
    cut = cost_range(within(make_darts(), "flops", high=40e6), "flops", few)
    assert (cut.min, cut.max, cut.exact, cut.mean_exact) == (whole.min, 40_000_000, False, False)
    assert whole.min < cut.mean < 40e6
    assert cut.cheapest is not None
    assert cut.dearest is None
    params = cost_range(within(make_darts(), "flops", high=40e6), "params", few)
    assert params.min <= params.mean <= params.max


def test_a_mean_is_not_made_up_where_hardly_any_architecture_is_within(make_darts, monkeypatch):
    whole = cost_range(make_darts(), "flops")
    for limit, known in ((100, True), (5, False)):
        monkeypatch.setattr(sums, "ROOM", 100)
        cut = cost_range(within(make_darts(), "flops", high=whole.min * 1.02), "flops", replace(AT_LENGTH, nodes=limit))
        assert (cut.min, cut.mean, cut.mean_exact) == (whole.min, whole.min if known else None, known)


def test_too_many_states_give_an_interval(sketch, monkeypatch):
    exact = decided(entangled(sketch))
    graph = entangled(sketch)
    assert compile_circuits(graph, limit=10)[0] == [None]
    monkeypatch.setattr(compilation, "STATE_LIMIT", 10)
    interval = decided(graph)
    assert not interval.exact
    assert interval.low <= exact.low <= interval.high
    drawn = draw(graph, seed=0, n=5)
    assert not drawn.uniform
    assert all(architecture(graph, dict(a)) == a for a in drawn.architectures)
    assert marginals(graph) is None
    ranged = cost_range(graph, "flops")
    assert not ranged.mean_exact
    assert ranged.mean is None, "architectures that are not equally likely say nothing of the mean"
    assert circuits(graph).whole is None


def test_alternatives(sketch):
    s = sketch()
    s.keep_sum("any", [s.x] * 4, 1, 4)
    s.keep_sum("two", [s.x] * 4, 2, 2)
    s.keep_sum("site", [s.x] * 2, 2, 2)
    s.count("n", 2, 6)
    assert [alternatives(d) for d in s.builder.decisions] == [15, 6, 1, 5]
    assert circuits_module.CountResult(3, 3).exact


def test_ranks(make_darts):
    whole = circuits(make_darts()).whole
    for rank in (0, 1, 7, whole.count // 3, whole.count - 1):
        assert whole.rank(whole.unrank(rank)) == rank
    with pytest.raises(IndexError):
        whole.unrank(whole.count)


def test_a_long_chain_of_choices_is_counted(sketch):
    s = sketch()
    x = s.x
    for i in range(300):
        x = s.choose(f"[{i}]", {"go": s.op("relu", x), "stop": s.op("relu", s.x)})
    assert decided(s.finish(x)).low == 301


def test_nothing_is_drawn_for_a_mean_where_it_would_not_be_uniform(sketch, monkeypatch):
    monkeypatch.setattr(compilation, "STATE_LIMIT", 10)
    monkeypatch.setattr(space_costs, "draw", lambda *_, **__: pytest.fail("drawn in vain"))
    assert cost_range(entangled(sketch), "flops").mean is None


def test_constraints_that_leave_nothing_together_are_all_named() -> None:
    """The first one alone was, with the advice to look at what there is without it."""
    graph = stdsl.loads(
        "stdsl 1 meta m on x: image(3, 4, 4) = x -> conv((choose {4, 8} as w), choose {1, 3} as k) space s = m"
    ).graph
    first, second = (decision.span for decision in graph.open)
    few, many = CostConstraint("params", None, 12, first), CostConstraint("flops", 1_000, None, second)
    with pytest.raises(SpaceError) as caught:
        sample(replace(graph, constraints=(few, many)), seed=0)
    (found,) = caught.value.diagnostics
    assert (found.code, found.span) == ("E0441", first)
    assert [label.span for label in found.secondary] == [second]
    assert found.help == "relax one of them: no architecture meets them together"
    with pytest.raises(SpaceError, match="every architecture breaks this one"):
        sample(replace(graph, constraints=(replace(few, high=11),)), seed=0)
