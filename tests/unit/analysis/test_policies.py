"""Distributions over architectures, against enumeration: probabilities, marginals, draws, the likeliest, completion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

import stdsl
from stdsl.compiler.analysis import feasible as feasible_module
from stdsl.compiler.analysis.architecture import Architecture, of_answers
from stdsl.compiler.analysis.costs import listing
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.costs.space_bounds import within_costs
from stdsl.compiler.analysis.derivation.walk import Walk
from stdsl.compiler.analysis.feasible import feasible
from stdsl.compiler.analysis.policies.completing import complete, policy
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.uniform import Uniform
from stdsl.compiler.analysis.policies.weighted import Weighted, even, weighted
from stdsl.compiler.analysis.sums.exactly import Sums
from stdsl.compiler.analysis.values import NotAllowed
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import SpaceGraph

META = """\
stdsl 1
meta net on x: image(4, 8, 8) {
  deep = (repeat choose 1..3 as many { conv(4, 3) -> maybe relu as act })
  a = x -> choose {plain: conv(4, 3), deep, skip} as top
  b = [x, a, x -> conv(4, 1), a -> relu] -> keep 1..3 as edges -> sum
  c = [x, b, b -> relu] -> each choose {conv3: conv(4, 3), pool: max_pool(3)} as kind -> keep 2 as inputs -> sum
  return c -> global_avg_pool -> linear(2)
}
"""
SPACES = {
    "free": "space s = net",
    "decided": 'space s = net where top == "deep" or size("b.edges") <= 2, top != "skip" or size("**.inputs") >= 2',
    "budget": "space s = net where flops <= 25K",
    "both": 'space s = net where flops in 12K..40K, top != "skip"',
}
WEIGHTS = {
    "a.top": [0.7, 0.1, 0.2],
    "deep.many": [0.2, 0.5, 0.3],
    "b.edges": [0.9, 0.2, 0.4, 0.6],
    "c.inputs": [0.5, 0.1, 0.8],
}


@cache
def space(which: str) -> tuple[SpaceGraph, list[Architecture]]:
    loaded = stdsl.loads(META + SPACES[which])
    return loaded.graph, list(loaded.architectures())


def weights_of(graph: SpaceGraph) -> dict[str, list[float]]:
    assert WEIGHTS.keys() <= {d.path for d in graph.open}
    return WEIGHTS


def by_hand(graph: SpaceGraph, arch: Mapping[str, Any], weights: Mapping[str, list[float]]) -> float:
    """The product of the weights of the active decisions, each normalised by itself."""
    product = 1.0
    for path, value in arch.items():
        decision = graph.by_path[path]
        row = weights.get(path)
        if decision.kind == "keep":
            n, (low, high) = len(decision.options), decision.sizes or (0, len(decision.options))
            row = row or [0.5] * n

            def share(kept: int, row: list[float] = row) -> float:
                return math.prod(p if kept >> i & 1 else 1 - p for i, p in enumerate(row))

            every = sum(share(kept) for kept in range(2**n) if low <= kept.bit_count() <= high)
            product *= share(sum(1 << (place - 1) for place in value)) / every
        else:
            row = row or [1.0] * len(decision.options)
            place = int(value) if decision.kind == "gate" else decision.options.index(str(value))
            product *= row[place] / sum(row)
    return product


def probabilities(policy: Policy, found: list[Architecture]) -> list[float]:
    logs = [policy.log_prob(arch) for arch in found]
    assert all(log is not None for log in logs)
    return [math.exp(log) for log in logs if log is not None]


@pytest.mark.parametrize("which", SPACES)
@pytest.mark.parametrize("kind", ["uniform", "even", "weighted"])
def test_probabilities_are_those_by_hand(which: str, kind: str) -> None:
    graph, found = space(which)
    weights = weights_of(graph) if kind == "weighted" else {}
    made = Uniform(graph) if kind == "uniform" else weighted(graph, weights) if weights else even(graph)
    expected = [1.0 if kind == "uniform" else by_hand(graph, arch, weights) for arch in found]
    whole = sum(expected)
    assert probabilities(made, found) == pytest.approx([p / whole for p in expected], rel=1e-9)


@pytest.mark.parametrize("which", SPACES)
@pytest.mark.parametrize("kind", ["uniform", "even", "weighted"])
def test_marginals_and_the_likeliest_are_those_of_the_enumeration(which: str, kind: str) -> None:
    graph, found = space(which)
    made: Policy = Uniform(graph)
    if kind != "uniform":
        made = weighted(graph, weights_of(graph)) if kind == "weighted" else even(graph)
    shares = probabilities(made, found)
    marginals = made.marginals()
    assert marginals is not None
    for decision in graph.open:
        having = [(arch[decision.path], p) for arch, p in zip(found, shares, strict=True) if decision.path in arch]
        marginal = marginals[decision.path]
        assert float(marginal.active) == pytest.approx(sum(p for _, p in having))
        for place, (option, value) in enumerate(zip(decision.options, marginal.options, strict=True)):
            if decision.kind == "keep":
                expected = sum(p for kept, p in having if place + 1 in kept)
            elif decision.kind == "gate":
                expected = sum(p for on, p in having if on is (option == "on"))
            else:
                expected = sum(p for chosen, p in having if str(chosen) == option)
            assert float(value) == pytest.approx(expected)
    assert probabilities(made, [made.likeliest()])[0] == pytest.approx(max(shares))


@pytest.mark.parametrize("which", SPACES)
@pytest.mark.parametrize("kind", ["even", "weighted"])
def test_draws_have_these_probabilities(which: str, kind: str) -> None:
    graph, found = space(which)
    made = weighted(graph, weights_of(graph)) if kind == "weighted" else even(graph)
    shares = dict(zip(found, probabilities(made, found), strict=True))
    n = 1_500
    seen = Counter(made.draw(key) for key in range(n))
    assert set(seen) <= set(shares)
    likely = {arch: p for arch, p in shares.items() if n * p >= 5}
    rest = 1 - sum(likely.values())
    cells = [(seen[arch], n * p) for arch, p in likely.items()]
    cells.append((n - sum(k for k, _ in cells), n * rest))
    statistic = sum((k - e) ** 2 / e for k, e in cells if e > 1e-9)
    free = len(cells) - 1
    # Wilson and Hilferty's approximation of the 0.9999 quantile of chi-square.
    assert statistic < free * (1 - 2 / (9 * free) + 3.719 * math.sqrt(2 / (9 * free))) ** 3
    assert made.draw(7) == made.draw(7)


def test_what_is_not_within_where_has_no_probability() -> None:
    graph, _ = space("both")
    outside = [arch for arch in space("free")[1] if arch.get("a.top") == "skip"]
    assert even(graph).log_prob(outside[0]) == -math.inf
    assert Uniform(graph).log_prob(outside[0]) == -math.inf


@pytest.mark.parametrize("how", ["uniform", "even"])
@pytest.mark.parametrize("which", SPACES)
def test_completing_draws_what_is_missing_and_forgets_what_is_not_asked_for(which: str, how: str) -> None:
    graph, found = space(which)
    depth = next(d.path for d in graph.open if d.path.endswith("many"))
    reached = set()
    for key in range(60):
        edited = {**found[key % len(found)], "a.top": "deep", depth: 2}
        edited.pop("b.edges", None)
        whole = complete(graph, edited, key, how)
        assert whole in found
        assert all(whole[path] == value for path, value in edited.items() if path in whole)
        reached.add(whole["b.edges"])
        plain = complete(graph, {"a.top": "plain", depth: 2, "b.edges": (2, 3)}, key, how)
        assert plain["a.top"] == "plain"
        assert depth not in plain
    assert len(reached) > 3


def test_what_is_held_conditions_the_distribution() -> None:
    graph, found = space("both")
    held = {"a.top": "deep"}
    for how in ("uniform", "even"):
        free, under = policy(graph, how), policy(graph, how, held)
        agreeing = [arch for arch in found if arch.get("a.top", "deep") == "deep"]
        shares = probabilities(free, agreeing)
        assert probabilities(under, agreeing) == pytest.approx([p / sum(shares) for p in shares])
        with pytest.raises(SpaceError) as caught:
            policy(graph, how, {"a.top": "skip", "b.edges": (2,)}).draw(0)
        assert caught.value.diagnostics[0].code == "E0441"
    with pytest.raises(NotAllowed):
        complete(graph, {"a.top": "nothing"}, 0)


def test_a_space_beyond_counting_is_drawn_from_question_by_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED", 0)
    graph = stdsl.loads(META + "space s = net where depth in 3..6, flops <= 60K").graph
    assert feasible(graph) is None
    for made in (even(graph), Uniform(graph)):
        drawn = [made.draw(key) for key in range(20)]
        assert len(set(drawn)) > 5
        assert all(costs(graph, arch).flops <= 60_000 and 3 <= costs(graph, arch).depth <= 6 for arch in drawn)
        assert made.log_prob(drawn[0]) is None
        assert made.marginals() is None


def test_what_is_held_with_certainty_is_known_where_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, found = space("free")
    held = {"a.top": "deep"}
    options = graph.by_path["a.top"].options
    sure = {"a.top": [float(option == "deep") for option in options]}
    counted = weighted(graph, sure, held)
    agreeing = [arch for arch in found if arch.get("a.top") == "deep"]
    chances = [counted.log_prob(arch) for arch in agreeing]
    monkeypatch.setattr(Weighted, "_within", None)
    assert [weighted(graph, sure, held).log_prob(arch) for arch in agreeing] == pytest.approx(chances)
    assert weighted(graph, {}, held).log_prob(agreeing[0]) is None, "not what all that agrees weighs together"


def test_weights_are_looked_at() -> None:
    graph, _ = space("free")
    with pytest.raises(ValueError, match="needs 3 weights"):
        weighted(graph, {"a.top": [0.5, 0.5]})
    with pytest.raises(ValueError, match="no weight"):
        weighted(graph, {"a.top": [0.0, 0.0, 0.0]})
    with pytest.raises(ValueError, match="no weight on any number"):
        weighted(graph, {"b.edges": [0.0, 0.0, 0.0, 0.0]})
    sure = Weighted(graph, weighted(graph, {"b.edges": [0.0, 1.0, 0.0, 1.0]}).rows)
    assert {sure.draw(key)["b.edges"] for key in range(20)} == {(2, 4)}


TOWERS = """stdsl 1
meta tower on x: image(3, 32, 32) {
  h[0] = x -> conv(16, 3x3, stride = 2)
  for i in 1..10 {
    h[i] = h[i - 1] -> conv((choose {16, 24, 32, 48} as width), (choose {1, 3, 5} as k)) -> bn -> relu
  }
  return h[10] -> global_avg_pool -> linear(10)
}
space tight = tower where flops <= 6M
space both = tower where flops <= 8M, params <= 30K
"""


@pytest.mark.parametrize("which", ["tight", "both"])
def test_what_hardly_ever_is_drawn_within_budgets_is_drawn_by_weight(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that prefer large architectures by far, budgets that let the smallest pass."""
    graph = stdsl.loads(TOWERS, which).graph
    weights = {d.path: [0.01, 0.04, 0.95] if d.path.endswith("k") else [0.1, 0.1, 0.2, 0.6] for d in graph.open}
    made = weighted(graph, weights)
    monkeypatch.setattr(Walk, "find", lambda *_: pytest.fail("nothing is looked for without these probabilities"))
    drawn = [made.draw(key) for key in range(60)]
    assert all(within_costs(graph, arch) for arch in drawn)
    assert made.draw(7) == drawn[7]
    logs = [made.log_prob(arch) for arch in drawn]
    best = made.log_prob(made.likeliest())
    assert best is not None
    assert all(log is not None and -math.inf < log <= best + 1e-9 for log in logs)
    dearest = of_answers(graph, {v.index: v.arity - 1 for v in graph.diagrams.variables})
    assert made.log_prob(dearest) == -math.inf


@pytest.mark.parametrize("how", ["uniform", "even"])
def test_what_is_left_after_holding_is_drawn_as_its_kind_allows(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole is known by sums; what is left can be listed, and has few within the budget."""
    text = (
        "stdsl 1\nmeta tower on x: features(1) {\n  h[0] = x\n"
        "  for i in 1..30 { h[i] = h[i - 1] -> linear((choose {3, 5, 8, 11} as w)) -> linear(1) }\n"
        "  return h[30]\n}\nspace s = tower where flops in 300..320\n"
    )
    monkeypatch.setattr(feasible_module, "cost_circuit", lambda *_, **__: None)
    graph = stdsl.loads(text).graph
    held = {f"h[{i}].w": "5" for i in range(1, 27)}
    made: Policy = Uniform(graph, held) if how == "uniform" else even(graph, held)
    drawn = [made.draw(key) for key in range(40)]
    assert isinstance(feasible(graph), Sums)
    left = [math.exp(p) for arch in {a.hash: a for a in drawn}.values() if (p := made.log_prob(arch)) is not None]
    assert len(left) == len({a.hash for a in drawn}), "each has a probability"
    assert left == pytest.approx([left[0]] * len(left))
    assert made.marginals() is not None
