"""The best architecture within budgets, and fronts of budgets, held to all architectures of random small spaces."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.costs.additive import default_answers
from stdsl.compiler.analysis.demand import active
from stdsl.compiler.analysis.derivation import exactly as exactly_module
from stdsl.compiler.analysis.derivation.derive import derived
from stdsl.compiler.analysis.derivation.exactly import exactly
from stdsl.compiler.analysis.derivation.preferences import regrets
from stdsl.compiler.analysis.derivation.summed import summed
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.diagram import evaluate
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

from .test_sums import Small, bounded, drawn, key

READINGS = list(itertools.product(("alpha", "beta", "product"), ("never", "allowed")))


def scores_of(graph: SpaceGraph, rng: random.Random) -> dict[str, list[float]]:
    """Weights of some decisions, sharp ones and ties among them."""
    scores = {}
    for d in graph.open:
        if rng.random() < 0.15:
            continue
        raw = [math.exp(rng.choice((0.1, 3)) * rng.gauss(0, 1)) for _ in d.options]
        if rng.random() < 0.2:
            raw = [1.0] * len(raw)
        scores[d.path] = [r / (1 + r) for r in raw] if d.kind == "keep" else [r / sum(raw) for r in raw]
    return scores


def regret(graph: SpaceGraph, functions: Sequence, answers: Mapping[int, int]) -> float:
    """The least of all completions by decisions that are not asked for, by trying each value of each of them: their
    regrets do not depend on each other."""
    whole = {**default_answers(graph), **answers}
    asked = active(graph, whole).decisions
    for d in graph.open:
        if d.id in asked:
            continue
        values = itertools.product(*(range(v.arity) for v in d.variables))
        tried = [dict(zip((v.index for v in d.variables), value, strict=True)) for value in values]
        allowed = [t for t in tried if evaluate(d.valid, t) is True]
        whole |= min(allowed, key=lambda t: math.fsum(evaluate(f, {**whole, **t}) for f in functions))
    return math.fsum(evaluate(f, whole) for f in functions)


def check(small: Small, rng: random.Random, score: str, zeros: str) -> None:
    constraints = bounded(small, rng, list(small.costs))
    graph = replace(small.graph, constraints=(*small.graph.constraints, *constraints))
    scores = scores_of(graph, rng)
    functions = regrets(graph, scores, score, (), zeros)
    every = [regret(graph, functions, row) for row in small.rows]
    places = small.within(constraints)
    metric = rng.choice(list(small.costs))
    budgets = sorted(rng.choices(small.costs[metric], k=4))
    each = [(CostConstraint(metric, None, budget, graph.span),) for budget in budgets]
    found = exactly(graph, summed(graph, scores, score, None, zeros), [(), *each])
    assert sorted(found) == list(range(5)), "all are known"
    for place, further in enumerate([(), *each]):
        left = [i for i in places.values() if all(small.costs[c.metric][i] <= c.high for c in further)]
        answers = found[place]
        if not left:
            assert answers is None
            continue
        assert answers is not None
        assert places[key(answers)] in left
        assert every[places[key(answers)]] == pytest.approx(min(every[i] for i in left), abs=1e-6)
    if not places:
        with pytest.raises(SpaceError):
            derived(graph, scores, score, zeros=zeros, method="exact")
        return
    best = derived(graph, scores, score, zeros=zeros, method="exact")
    assert best.best
    searched = derived(graph, scores, score, zeros=zeros)
    regrets_of = [every[places[key(answers_of(graph, d.architecture))]] for d in (best, searched)]
    assert regrets_of[0] <= regrets_of[1] + 1e-6
    assert not searched.best or regrets_of[1] <= regrets_of[0] + 1e-6


def check_seeds(seeds: range, monkeypatch: pytest.MonkeyPatch) -> int:
    tried = 0
    for seed in seeds:
        small = drawn(seed)
        if small is None:
            continue
        tried += 1
        rng = random.Random(seed)
        monkeypatch.setattr(exactly_module, "LISTED", 20_000 if seed % 4 == 0 else 0)
        try:
            check(small, rng, *rng.choice(READINGS))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return tried


def test_some_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_seeds(range(60), monkeypatch) >= 20


@pytest.mark.slow
def test_many_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    check_seeds(range(5000, 8000), monkeypatch)


@pytest.mark.parametrize("listed", [20_000, 0])
def test_a_zero_that_may_stand_elsewhere_alone(monkeypatch: pytest.MonkeyPatch, listed: int) -> None:
    """Where an edge that is kept and another place ask for one choose, its score is a function of both."""
    monkeypatch.setattr(exactly_module, "LISTED", listed)
    graph = load_text(
        "stdsl 1\nops candidates = {none: zero, a: conv(same, 1x1), b: conv(same, 3x3)}\n"
        "meta net on x: image(4, 8, 8) {\n  y = [x, x, x] -> each choose candidates as kind\n"
        "  kept = y -> keep 1..2 as inputs -> sum\n  return [kept, y[1], y[2]] -> sum\n}\nspace s = net\n"
    ).graph
    for seed in range(12):
        rng = random.Random(seed)
        scores = scores_of(graph, rng)
        preference = summed(graph, scores, "alpha", None, "never")
        assert preference.terms
        budget = rng.choice((1024, 9216, 10240, 18432))
        bound = replace(graph, constraints=(CostConstraint("flops", None, budget, graph.span),))
        assert derived(bound, scores, "alpha", zeros="never", method="exact") == derived(
            bound, scores, "alpha", zeros="never"
        )


@pytest.mark.parametrize("listed", [20_000, 0])
def test_a_keep_that_is_not_asked_for_costs_no_more_than_one_that_is(
    monkeypatch: pytest.MonkeyPatch, listed: int
) -> None:
    """What a keep must keep is unlikely however it comes out; that is no reason to be without it."""
    monkeypatch.setattr(exactly_module, "LISTED", listed)
    graph = load_text(
        "stdsl 1\nmeta net on x: image(4, 8, 8) {\n  y[0] = x\n  for i in 1..2 {\n"
        "    a = [y[i - 1] -> conv(4, 1x1), y[i - 1] -> conv(4, 3x3), y[i - 1]] -> keep 2..3 as inputs -> sum\n"
        "    y[i] = choose {several: a, one: y[i - 1] -> conv(4, 5x5)} as kind\n  }\n"
        "  return y[2]\n}\nspace s = net\n"
    ).graph
    kinds = [d.path for d in graph.open if d.kind == "choose"]
    scores = {d.path: [0.6, 0.4] for d in graph.open}
    scores |= {"a[1].inputs": [0.01, 0.02, 0.03], "a[2].inputs": [0.011, 0.03, 0.04]}
    for budget in (3_000, 11_500, 20_000, 60_000):
        bound = replace(graph, constraints=(CostConstraint("flops", None, budget, graph.span),))
        best = derived(bound, scores, method="exact")
        assert best == derived(bound, scores)
        (answers,) = exactly(bound, summed(bound, scores)).values()
        assert answers == answers_of(bound, best.architecture)
        assert {best.architecture[kind] for kind in kinds} == {"several"}
