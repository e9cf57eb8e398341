"""Deriving: what the weights prefer, within constraints over costs."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.costs.additive import additive_cost
from stdsl.compiler.analysis.costs.measures import Measure
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.costs.space_bounds import extreme
from stdsl.compiler.analysis.derivation import derive as derive_module
from stdsl.compiler.analysis.derivation.derive import derive, derived
from stdsl.compiler.analysis.derivation.exactly import exactly
from stdsl.compiler.analysis.derivation.summed import summed
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.sums import bests
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import CostConstraint


def random_scores(graph, seed, sharpness=2.0):
    generator = random.Random(seed)
    scores = {}
    for d in graph.open:
        raw = [math.exp(sharpness * generator.gauss(0, 1)) for _ in d.options]
        scores[d.path] = [1 / (1 + 1 / r) for r in raw] if d.kind == "keep" else [r / sum(raw) for r in raw]
    return scores


def within(graph, metric, low=None, high=None):
    return replace(graph, constraints=(*graph.constraints, CostConstraint(metric, low, high, graph.span)))


def log_probability(graph, scores, arch):
    total = 0.0
    for path, value in arch.items():
        d = graph.by_path[path]
        if d.kind == "keep":
            total += sum(math.log(s if i + 1 in value else 1 - s) for i, s in enumerate(scores[path]))
        else:
            total += math.log(scores[path][d.options.index(value)])
    return total


def test_likeliest_alternatives_and_best_elements(make_darts):
    graph = make_darts()
    scores = random_scores(graph, 1)
    arch = derive(graph, scores)
    for path, value in arch.items():
        row = scores[path]
        if graph.by_path[path].kind == "keep":
            assert set(value) == set(sorted(range(1, len(row) + 1), key=lambda i: -row[i - 1])[:2])
        else:
            assert row[graph.by_path[path].options.index(value)] == max(row)


def test_without_scores_the_first_alternatives(make_darts):
    arch = derive(make_darts(layers=3, nodes=2), {})
    assert {v for p, v in arch.items() if p.endswith("kind")} == {"skip"}
    assert {v for p, v in arch.items() if p.endswith("inputs")} == {(1, 2)}


def test_gates_and_open_keeps_stay_above_a_half(sketch):
    s = sketch()
    gates = [s.gate(f"g{i}", s.op("relu", s.x)) for i in range(3)]
    s.keep_sum("k", [s.op("relu", s.x) for _ in range(4)], 1, 3)
    graph = s.finish(s.sum([*gates, s.keep_sum("k", [s.op("relu", s.x) for _ in range(4)], 1, 3)]))
    gate = {"g0": [0.6], "g1": [0.5], "g2": [0.3, 0.7]}
    assert dict(derive(graph, {**gate, "k": [0.9, 0.2, 0.6, 0.4]})) == {
        "g0": True,
        "g1": False,
        "g2": True,
        "k": (1, 3),
    }
    assert derive(graph, {**gate, "k": [0.9, 0.8, 0.6, 0.7]})["k"] == (1, 2, 4)
    assert derive(graph, {**gate, "k": [0.1, 0.2, 0.3, 0.2]})["k"] == (3,)


def test_elements_by_the_operations_of_their_edges(sketch):
    s = sketch()
    edges = [
        s.choose(f"e{i}", {"none": s.op("zero", s.x), "a": s.op("relu", s.x), "b": s.op("relu", s.x)}) for i in range(3)
    ]
    graph = s.finish(s.keep_sum("k", edges, 1, 1))
    alpha = {"e0": [0.8, 0.1, 0.1], "e1": [0.2, 0.5, 0.3], "e2": [0.4, 0.2, 0.4]}
    assert derive(graph, alpha)["k"] == (2,)
    with_beta = {**alpha, "k": [0.6, 0.1, 0.3]}
    assert derive(graph, with_beta)["k"] == (1,)
    assert derive(graph, with_beta, score="alpha")["k"] == (2,)
    assert derive(graph, with_beta, score="product")["k"] == (3,)


def test_held_values_stay(make_darts):
    graph = make_darts(layers=3, nodes=2)
    scores = random_scores(graph, 3)
    held = {"normal.x[1][1].kind": "dil5", "normal.x[2].inputs": (1, 3)}
    arch = derive(graph, scores, held=held)
    assert {p: arch[p] for p in held} == held


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_most_probable_architecture_within_a_budget(make_darts, seed, share):
    whole = make_darts(c=4, layers=3, nodes=2)
    # A smaller decision table to enumerate: the reduction cell is held.
    held = {d.path: (d.options[2] if d.kind == "choose" else (1, 3)) for d in whole.open if d.path.startswith("red")}
    held |= {d.path: d.options[1] for d in whole.open if d.path.startswith("normal.x[1]")}
    scores = random_scores(whole, seed)
    found = enumerated(whole, held)
    flops = sorted(additive_cost(whole, "flops").of(answers_of(whole, a)) for a in found)
    budget = flops[int(share * (len(flops) - 1))]
    graph = within(whole, "flops", high=budget)
    arch = derive(graph, scores, held=held)
    assert costs(graph, arch).flops <= budget
    allowed = [a for a in found if additive_cost(whole, "flops").of(answers_of(whole, a)) <= budget]
    best = max(log_probability(whole, scores, a) for a in allowed)
    assert log_probability(whole, scores, arch) == pytest.approx(best)


def enumerated(graph, held):
    from stdsl.compiler.analysis.architecture import of_answers
    from stdsl.compiler.analysis.demand import next_question
    from stdsl.compiler.analysis.values import encode
    from stdsl.compiler.ir.diagram import evaluate

    start = {}
    for path, value in held.items():
        start |= encode(graph.by_path[path], value)
    stack, found = [start], []
    while stack:
        answers = stack.pop()
        decision = next_question(graph, answers)
        if decision is None:
            found.append(of_answers(graph, answers))
            continue
        rows = [{}]
        for v in decision.variables:
            rows = [{**r, v.index: a} for r in rows for a in range(v.arity)]
        stack += [{**answers, **r} for r in rows if evaluate(decision.valid, r) is True]
    return found


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6])
def test_darts_within_a_budget(make_darts, share):
    whole = make_darts()
    scores = random_scores(whole, 5, sharpness=0.1)
    low, high = 20_466_176, 81_873_408
    graph = within(whole, "flops", high=low + share * (high - low))
    arch = derive(graph, scores)
    assert costs(graph, arch).flops <= low + share * (high - low)


def test_a_depth_is_met_too(make_darts):
    whole = make_darts(c=4, layers=3, nodes=2)
    scores = random_scores(whole, 2)
    free = costs(whole, derive(whole, scores)).depth
    graph = within(whole, "depth", high=free - 2)
    assert costs(graph, derive(graph, scores)).depth <= free - 2


def test_a_band_of_costs(make_darts):
    whole = make_darts()
    graph = within(within(whole, "flops", 30e6, 31e6), "params", 150e3, 200e3)
    got = costs(graph, derive(graph, random_scores(whole, 7)))
    assert 30e6 <= got.flops <= 31e6
    assert 150e3 <= got.params <= 200e3


def test_nothing_within_is_a_diagnostic(make_darts):
    graph = within(make_darts(layers=3, nodes=2), "flops", high=10)
    with pytest.raises(SpaceError) as caught:
        derive(graph, {})
    assert [d.code for d in caught.value.diagnostics] == ["E0441"]


def test_enumeration_and_derivation_agree_on_a_hierarchy(sketch):
    s = sketch()
    deep = s.choose("deep", {f"o{i}": s.op("relu", s.x) for i in range(9)})
    graph = s.finish(s.choose("top", {"shallow": s.op("relu", s.x), "deep": deep}))
    assert len(list(architectures(graph))) == 10
    arch = derive(graph, {"top": [0.4, 0.6], "deep": [0.1] * 7 + [0.2, 0.1]})
    assert dict(arch) == {"top": "deep", "deep": "o7"}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6])
def test_what_is_computed_is_what_is_searched_for(make_darts, share):
    whole = make_darts()
    scores = random_scores(whole, 5)
    low, high = 20_466_176, 81_873_408
    graph = within(whole, "flops", high=low + share * (high - low))
    computed, searched = derived(graph, scores, method="exact"), derived(graph, scores)
    assert computed.best
    assert searched.best
    assert computed.architecture == searched.architecture


def test_where_sums_are_too_many_it_is_searched_for(make_darts, monkeypatch):
    graph = within(make_darts(), "flops", high=21_000_000)
    scores = random_scores(graph, 5)
    monkeypatch.setattr(derive_module, "DESCENT", 1000)
    assert derived(graph, scores, limit=10, method="exact").best
    monkeypatch.setattr(bests, "PASSING_WORK", 1000)
    given_up = derived(graph, scores, limit=10, method="exact")
    assert not given_up.best
    assert costs(graph, given_up.architecture).flops <= 21_000_000


def test_held_values_stay_in_what_is_computed(make_darts):
    whole = make_darts(layers=3, nodes=2)
    low, high = (extreme(whole, Measure("flops"), sign)[0] for sign in (1, -1))
    graph = within(whole, "flops", high=low + 0.4 * (high - low))
    scores = random_scores(graph, 3)
    held = {"normal.x[1][1].kind": "dil5", "normal.x[2].inputs": (1, 3)}
    computed = derived(graph, scores, held=held, method="exact")
    assert {p: computed.architecture[p] for p in held} == held
    assert computed == derived(graph, scores, held=held)
    tight = within(whole, "flops", high=low + 1)
    with pytest.raises(SpaceError, match="the cheapest has") as refused:
        derived(tight, scores, held=held, method="exact")
    assert [d.code for d in refused.value.diagnostics] == ["E0441"]


def test_combinations_of_two_costs_settle_what_a_search_gives_up_on(monkeypatch):
    """Early operators cost multiply-adds, and all of them parameters."""
    whole = load_text(
        "stdsl 1\nmeta net on x: image(4, 16, 16) {\n  h[0] = x\n"
        "  for i in 1..5 { h[i] = h[i - 1] -> conv(4, (choose {1, 3, 5, 7} as k)) }\n"
        "  g[0] = h[5] -> max_pool(4x4, stride = 4)\n"
        "  for i in 1..5 { g[i] = g[i - 1] -> conv(4, (choose {1, 3, 5, 7} as k)) }\n"
        "  return g[5]\n}\nspace s = net\n"
    ).graph
    scores = random_scores(whole, 1)
    graph = whole
    for metric, share in (("flops", 0.3), ("params", 0.25)):
        low, high = (extreme(whole, Measure(metric), sign)[0] for sign in (1, -1))
        graph = within(graph, metric, high=low + share * (high - low))
    wanted = derived(graph, scores)
    assert wanted.best
    monkeypatch.setattr(derive_module, "DESCENT", 10)
    monkeypatch.setattr(bests, "QUICK", 10)
    assert not exactly(graph, summed(graph, scores), combined=False), "neither budget by itself settles it"
    assert derived(graph, scores, limit=1, method="exact") == wanted
    monkeypatch.setattr(bests, "JOINT_WORK", 10)
    assert not derived(graph, scores, limit=1, method="exact").best
