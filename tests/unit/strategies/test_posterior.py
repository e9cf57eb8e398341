"""What a posterior says of every unit and every strategy, against enumeration."""

from __future__ import annotations

import io
import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from rich.console import Console

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.derivation.derive import derived
from stdsl.compiler.analysis.derivation.front import front
from stdsl.compiler.analysis.policies.completing import complete
from stdsl.compiler.analysis.policies.rows import chances_of, log_rows
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.analysis.remaining import within
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.compiler.ir.graph import CostConstraint
from stdsl.compiler.schemas.objectives import Entropy, SoftCost
from stdsl.runtime.marginals import DROPPED, Marginals, Unit, layers
from stdsl.runtime.report.marginal_table import render_marginals
from stdsl.runtime.report.table import _drawn
from stdsl.runtime.strategies.expected_cost import SoftCosts, soft_cost
from stdsl.runtime.strategies.further import further
from stdsl.runtime.strategies.likeliest import likeliest_by_logits
from stdsl.runtime.strategies.runner import Runner
from stdsl.runtime.strategies.sampling.runner import SamplingRunner
from stdsl.runtime.strategies.variational.build import template
from stdsl.runtime.strategies.variational.runner import VariationalRunner, _different
from stdsl.runtime.strategies.variational.search import undecided

SIX = """stdsl 1
op unit(k) = bn -> relu -> conv(same, k)
cell layer on x {
  s = x -> unit(1x3x3)
  return [maybe s as S, maybe (s -> unit(3x1x1)) as ST] -> sum
}
meta net on video: clip(1, 4, 8, 8) {
  x = video -> conv(2, 1x3x3)
  a = x -> maybe layer as D
  b = [x, a] -> sum
  c = b -> maybe layer as D
  return [b, c] -> sum -> global_avg_pool -> linear(4)
}
space s = net
"""
KEEPS = """stdsl 1
op unit(k) = bn -> relu -> conv(same, k)
meta net on video: clip(1, 4, 8, 8) {
  x = video -> conv(2, 1x3x3)
  a = [x, x -> unit(1x3x3), maybe (x -> unit(3x1x1)) as g] -> keep 1..2 as k -> sum
  b = [x, a, a -> unit(3x3x3)] -> keep 2 as k -> sum
  c = [x, a, b] -> keep 0..3 as k -> sum
  return c -> choose {relu, gelu, tanh} as f -> global_avg_pool -> linear(4)
}
space s = net
"""


def by_hand(text: str) -> tuple[list[tuple[dict[str, object], float]], stdsl.Space, dict[str, list[float]]]:
    """All architectures of a space with their probabilities: the product over the decisions that each asks for of the
    probability of its value, of a keep of its set among those of an allowed size."""
    space = stdsl.loads(text, "s")
    net = template(space.graph, VariationalConfig(), seed=0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in net.decisions():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    probabilities = net.probabilities()
    found = []
    logits = {path: parameter.detach().reshape(-1).tolist() for path, parameter in net.named_decisions()}
    logs = [_logs(space, decision.path, logits[decision.path]) for decision in space.graph.open]
    values = [[(value, math.exp(log)) for value, log in own.items()] for own in logs]
    seen = set()
    for chosen in itertools.product(*values):
        given = {d.path: value for d, (value, _) in zip(space.graph.open, chosen, strict=True)}
        try:
            arch = complete(space.graph, given, 0)
        except SpaceError:  # `where` leaves no architecture with these values
            continue
        if arch.hash in seen:
            continue
        seen.add(arch.hash)
        chances = {d.path: chance for d, (_, chance) in zip(space.graph.open, chosen, strict=True)}
        found.append((dict(arch), math.prod(chances[path] for path in arch)))
    return found, space, probabilities


@pytest.mark.parametrize("text", [SIX, KEEPS], ids=["six gates", "keeps"])
def test_probabilities_of_strategies_and_of_units(text: str) -> None:
    found, space, probabilities = by_hand(text)
    assert len(found) == space.count()
    assert sum(chance for _, chance in found) == pytest.approx(1, abs=1e-6)
    posterior = weighted(space.graph, probabilities)
    for values, chance in found:
        assert posterior.log_prob(values) == pytest.approx(math.log(chance), abs=1e-6)
    marginals = posterior.marginals()
    assert marginals is not None
    for path, marginal in marginals.items():
        decision = space.graph.by_path[path]
        assert marginal.active == pytest.approx(sum(c for v, c in found if path in v), abs=1e-6)
        for place, option in enumerate(decision.options):
            if decision.kind == "keep":
                taken = sum(c for v, c in found if path in v and place + 1 in v[path])  # type: ignore[operator]
            elif decision.kind == "gate":
                taken = sum(c for v, c in found if path in v and v[path] == bool(place))
            else:
                taken = sum(c for v, c in found if v.get(path) == option)
            assert marginal.options[place] == pytest.approx(taken, abs=1e-6)
    best = max(found, key=lambda pair: pair[1])
    assert dict(posterior.likeliest()) == best[0]


DECIDED = {"a.k": [15.8857, 18.1774, 17.4496], "a.g": [40.0], "b.k": [60.0, 61.0, 60.5], "c.k": [-50.0, 1.0, 90.0]}


@pytest.mark.parametrize("sign", [1, -1])
def test_decided_units_are_told_apart_by_their_log_odds(sign: int) -> None:
    """Of elements whose probabilities are all 1 or all 0 in single precision, the differences of log-odds say which
    sets there are."""
    space = stdsl.loads(KEEPS, "s")
    logits = {path: [sign * x for x in row] for path, row in DECIDED.items()} | {"f": [0.0, -400.0, 400.0]}
    posterior = weighted(space.graph, {}, None, logits)
    own = {d.path: _logs(space, d.path, logits[d.path]) for d in space.graph.open}
    found = [(dict(arch), sum(own[path][value] for path, value in arch.items())) for arch in space.architectures()]
    for values, expected in found:
        assert posterior.log_prob(values) == pytest.approx(expected, rel=1e-12, abs=1e-9)
    marginals = posterior.marginals()
    assert marginals is not None
    for path in ("a.k", "b.k", "c.k"):
        for place in (1, 2, 3):
            taken = sum(math.exp(log) for v, log in found if place in v.get(path, ()))
            assert marginals[path].options[place - 1] == pytest.approx(taken, rel=1e-9)
    assert dict(posterior.likeliest()) == max(found, key=lambda pair: pair[1])[0]
    if sign == 1:
        chances = [math.exp(own["a.k"][pair]) for pair in ((2, 3), (1, 2), (1, 3))]
        assert chances == [pytest.approx(chance, abs=5e-4) for chance in (0.763, 0.160, 0.077)]


@pytest.mark.parametrize("family", [VariationalRunner(), SamplingRunner()])
def test_a_front_of_a_posterior_is_of_the_most_probable_strategies(family: Runner) -> None:
    """By enumeration: gates inside one that is off cost nothing, so that leaving it off may be the most probable."""
    space = stdsl.loads(SIX, "s")
    logits = {d.path: [0.4 if d.path.endswith("D") else 0.1] for d in space.graph.open}
    posterior = weighted(space.graph, {}, None, logits)
    found = [(posterior.log_prob(arch), costs(space.graph, arch).params) for arch in space.architectures()]
    budgets = sorted({cost for _, cost in found})
    points = family.front(VariationalConfig(), space.graph, facts_of(logits), "params", budgets, None)
    assert points is not None
    for budget, point in zip(budgets, points, strict=True):
        assert point.best
        assert point.score == pytest.approx(max(log for log, cost in found if cost <= budget and log is not None))
    assert points[-1].architecture == posterior.likeliest()
    assert dict(posterior.likeliest())["a.D"] is False


def facts_of(logits: dict[str, list[float]]) -> dict[str, Any]:
    return {"logits": logits, "probabilities": chances_of(stdsl.loads(SIX, "s").graph, logits)}


@pytest.mark.parametrize("sign", [1, -1])
def test_fronts_and_what_is_searched_for_go_by_log_odds(sign: int) -> None:
    """Within each budget over a cost, by enumeration. The log-odds of what saves most are so great that its
    probability is 1 to the last digit."""
    space = stdsl.loads(KEEPS, "s")
    logits = {path: [sign * x for x in row] for path, row in DECIDED.items()} | {"f": [0.0, -400.0, 400.0]}
    own = {d.path: _logs(space, d.path, logits[d.path]) for d in space.graph.open}
    found = [(arch, sum(own[path][value] for path, value in arch.items())) for arch in space.architectures()]
    own_costs = [costs(space.graph, arch).params for arch, _ in found]
    budgets = sorted(set(own_costs))
    points = front(space.graph, {}, "params", budgets, logits=logits, posterior=log_rows(space.graph, {}, logits))
    for budget, point in zip(budgets, points, strict=True):
        within = [(weight, arch) for (arch, weight), cost in zip(found, own_costs, strict=True) if cost <= budget]
        best = max(weight for weight, _ in within)
        assert point.best
        assert point.architecture is not None
        (weight,) = [weight for arch, weight in found if arch == point.architecture]
        assert weight == pytest.approx(best, abs=1e-6)
        searched = replace(space.graph, constraints=(CostConstraint("params", None, budget, space.graph.span),))
        derived_one = derived(searched, {}, logits=logits).architecture
        (weight,) = [weight for arch, weight in found if arch == derived_one]
        assert weight == pytest.approx(best, abs=1e-6)


def test_a_front_begins_with_the_cheapest_that_has_what_is_held() -> None:
    """Where it asks for that."""

    def agrees(arch: Architecture) -> bool:
        return all(arch.get(path, value) == value for path, value in held.items())

    space = stdsl.loads(KEEPS, "s")
    held = {"c.k": (3,), "a.g": True}
    within_it = [costs(space.graph, arch).params for arch in space.architectures() if agrees(arch)]
    points = front(space.graph, {}, "params", 4, held=held, logits={"b.k": [1.0, 2.0, 3.0]})
    assert points[0].budget == min(within_it) > min(costs(space.graph, arch).params for arch in space.architectures())
    assert all(point.architecture is not None and point.best for point in points)


def test_the_likeliest_value_of_a_decision_by_itself() -> None:
    graph = stdsl.loads(KEEPS, "s").graph
    for path, row, value in (
        ("a.k", [40.0, 60.0, 50.0], (2, 3)),
        ("a.k", [-60.0, -40.0, -50.0], (2,)),
        ("b.k", [-60.0, -40.0, -50.0], (2, 3)),
        ("c.k", [-1.0, -2.0, 3.0], (3,)),
        ("a.g", [1e-9], True),
        ("a.g", [0.0], False),
        ("f", [1.0, 900.0, 899.0], "gelu"),
        ("f", [1.0, 1.0, 0.0], "relu"),
    ):
        assert likeliest_by_logits(graph.by_path[path], row) == value


def _logs(space: stdsl.Space, path: str, logits: list[float]) -> dict[Any, float]:
    """The logarithm of the probability of each value of a decision by itself."""
    decision = space.graph.by_path[path]
    if decision.kind == "gate":
        weights: dict[Any, float] = {False: 0.0, True: logits[0]}
    elif decision.kind == "choose":
        weights = dict(zip(decision.options, logits, strict=True))
    else:
        low, high = decision.sizes or (0, 3)
        sets = [c for k in range(low, high + 1) for c in itertools.combinations((1, 2, 3), k)]
        weights = {c: sum(logits[i - 1] for i in c) for c in sets}
    most = max(weights.values())
    total = most + math.log(sum(math.exp(w - most) for w in weights.values()))
    return {value: weight - total for value, weight in weights.items()}


def test_what_where_leaves_of_decided_gates() -> None:
    """All that is within `where` is improbable to some 1e-40, and still there."""
    text = SIX.replace("space s = net", "space s = net where params <= 120")
    space = stdsl.loads(text, "s")
    logits = {decision.path: [90.0] for decision in space.graph.open}
    posterior = weighted(space.graph, {}, None, logits)
    archs = list(space.architectures())
    assert 0 < len(archs) < stdsl.loads(SIX, "s").count()
    weights = [sum(0.0 if on else -90.0 for on in dict(arch).values()) for arch in archs]
    total = math.log(sum(math.exp(w - max(weights)) for w in weights)) + max(weights)
    for arch, weight in zip(archs, weights, strict=True):
        assert posterior.log_prob(arch) == pytest.approx(weight - total, abs=1e-9)


@pytest.mark.parametrize(
    ("logits", "said"), [({"a.k": [0.0]}, "needs 3 finite"), ({"f": [0.0, math.inf, 0.0]}, "needs 3 finite")]
)
def test_wrong_logits_are_refused(logits: dict[str, list[float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        weighted(stdsl.loads(KEEPS, "s").graph, {}, None, logits)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (SIX, ["a.D", "a.S", "a.ST"]),
        (SIX, ["c.ST", "a.S"]),
        (KEEPS, ["a.k", "a.g"]),
        (KEEPS, ["a.k", "b.k", "f"]),
        (KEEPS.replace("space s = net", "space s = net where params <= 400"), ["a.k", "b.k"]),
    ],
)
def test_how_decisions_come_out_together(text: str, paths: list[str]) -> None:
    found, space, probabilities = by_hand(text)
    whole = sum(chance for _, chance in found)
    expected: dict[tuple[object, ...], float] = {}
    for values, chance in found:
        outcome = tuple(values.get(path) for path in paths)
        expected[outcome] = expected.get(outcome, 0.0) + chance / whole
    outcomes = weighted(space.graph, probabilities).outcomes(paths)
    assert outcomes is not None
    assert outcomes.keys() == expected.keys()
    for outcome, chance in expected.items():
        assert outcomes[outcome] == pytest.approx(chance, abs=1e-6)


def test_six_gates_are_drawn_with_their_probabilities() -> None:
    found, space, probabilities = by_hand(SIX)
    posterior = weighted(space.graph, probabilities)
    draws = 4000
    counted: dict[str, int] = {}
    for key in range(draws):
        hash = posterior.draw(key).hash
        counted[hash] = counted.get(hash, 0) + 1
    for values, chance in found:
        seen = counted.get(architecture(space.graph, values).hash, 0) / draws
        assert abs(seen - chance) < 5 * math.sqrt(chance * (1 - chance) / draws) + 1e-9


@pytest.mark.parametrize("text", [SIX, KEEPS], ids=["six gates", "keeps"])
def test_the_mean_cost_of_what_is_drawn(text: str) -> None:
    """By enumeration; its gradient by central differences."""
    found, space, _ = by_hand(text)
    net = template(space.graph, VariationalConfig(), seed=0).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in net.decisions():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    terms = [SoftCost(of="params", weight=2.0, high=20.0), SoftCost(of="flops", weight=0.5, low=1e6)]
    mean = {
        name: sum(chance * getattr(costs(space.graph, values), name) for values, chance in found)
        for name in ("params", "flops")
    }
    expected = 2 * (mean["params"] / 20 - 1) + 0.5 * (1 - mean["flops"] / 1e6)
    assert min(mean["params"] - 20, 1e6 - mean["flops"]) > 0
    judged = further(terms, space.graph)

    def loss() -> torch.Tensor:
        return judged(torch.zeros(()), net, {})

    assert loss().item() == pytest.approx(expected, rel=1e-5)
    assert judged.notes(net, {})["costs"] == {name: pytest.approx(mean[name], rel=1e-5, abs=0.1) for name in mean}
    cost = SoftCosts(space.graph, terms)
    learnt = [own for path, own in net.named_decisions() if not net.rows[path].site]
    gradients = torch.autograd.grad(loss(), learnt, materialize_grads=True, allow_unused=True)  # `f` costs nothing
    for parameter, gradient in zip(learnt, gradients, strict=True):
        for place in range(parameter.numel()):
            sides = []
            for step in (1e-3, -1e-3):
                with torch.no_grad():
                    parameter.reshape(-1)[place] += step
                    means = {name: one.of(net.decision_weights()) for name, one in cost.costs.items()}
                    sides.append(sum(soft_cost(means[term.of], term).item() for term in terms))
                    parameter.reshape(-1)[place] -= step
            assert gradient.reshape(-1)[place].item() == pytest.approx((sides[0] - sides[1]) / 2e-3, rel=1e-3, abs=1e-6)


def test_the_entropy_of_a_posterior_in_the_loss() -> None:
    """The mean over decisions: of gates and elements one by one, of a choice as a whole."""
    _, space, probabilities = by_hand(KEEPS)
    net = template(space.graph, VariationalConfig(), seed=0)
    with torch.no_grad():
        for path, parameter in net.named_decisions():
            row = torch.tensor(probabilities[path])
            kind = net.rows[path].kind
            parameter.copy_(row.log() if kind == "choose" else torch.logit(row[1] if kind == "gate" else row))

    def information(*chances: float) -> float:
        return -sum(p * math.log(p) for p in chances)

    rows = [
        information(*row)
        if space.graph.by_path[path].kind != "keep"
        else sum(information(p, 1 - p) for p in row) / len(row)
        for path, row in probabilities.items()
    ]
    judged = further([Entropy(weight=3.0)], space.graph)
    assert judged(torch.ones(()), net, {}).item() == pytest.approx(1 + 3 * sum(rows) / len(rows), rel=1e-5)


@pytest.mark.parametrize("certain", ["held", "its weights", "`where`", "it is not"])
def test_an_outer_gate_is_no_unit_though_it_is_certain(certain: str) -> None:
    """A layer is `none` where both inner gates are off, and where the outer one is."""
    text = SIX.replace("space s = net", "space s = net where D") if certain == "`where`" else SIX
    space = stdsl.loads(text, "s")
    rows = {d.path: [0.75, 0.25] if d.path.endswith(".S") else [0.5, 0.5] for d in space.graph.open}
    held = {"a.D": True} if certain == "held" else {}
    if certain == "its weights":
        rows["a.D"] = [0.0, 1.0]
    outer = 0.5 if certain == "it is not" else 1.0
    found = {layer.layer: layer.ways for layer in layers(space.graph, weighted(space.graph, rows, held))}
    expected = {"S": 0.125, "ST": 0.375, "S+ST": 0.125}
    assert found["a"] == {
        **{way: pytest.approx(outer * chance) for way, chance in expected.items()},
        "none": pytest.approx(1 - outer * 0.625),
    }


@pytest.mark.parametrize("shift", [0.0, 60.0])
def test_how_undecided_a_bounded_keep_is(shift: float) -> None:
    """As its sets are, whatever its elements would be alone."""
    graph = stdsl.loads(KEEPS, "s").graph
    for logits in ([0.0, 0.0, 0.0], [1.0, -1.0, 0.5]):
        weights = [math.exp(logits[i] + logits[j]) for i, j in itertools.combinations(range(3), 2)]
        chances = [w / sum(weights) for w in weights]
        expected = -sum(p * math.log(p) for p in chances) / math.log(3)
        assert undecided(graph, {"b.k": [x + shift for x in logits]}) == pytest.approx(expected, abs=1e-9)
    assert undecided(graph, {"c.k": [0.0, 60.0, -60.0], "a.g": [0.0]}) == pytest.approx((1 + 1) / 4, abs=1e-9)


def test_what_is_held_is_decided_and_what_is_drawn_evenly_is_not() -> None:
    graph = stdsl.loads(KEEPS, "s").graph
    logits = {"a.k": [0.0, 0.0, 0.0], "a.g": [7.0], "b.k": [3.0, 0.0, -3.0], "c.k": [9.0, 9.0, 9.0]}
    held = {"a.k": (1, 2), "f": "tanh"}
    alone = {"a.g": logits["a.g"], "c.k": logits["c.k"]}
    learnt = 4 * undecided(graph, alone)
    even = {"b.k": (1, 2)}
    assert undecided(graph, logits, held, even) == pytest.approx((learnt + 3) / (3 + 1 + 3 + 3 + 1), abs=1e-12)


def test_how_many_different_strategies_are_measured() -> None:
    """Those of 2 that two draws come to: 1 or 2, each as likely. Budgets are left aside."""
    graph = stdsl.loads(SIX, "s").graph
    two = replace(graph, constraints=within(graph, {"a.D": False, "c.D": True, "c.S": False}).constraints)
    assert count(two).high == 2
    assert _different(two, 2) == pytest.approx(1.5)
    bounded = CostConstraint("params", None, 1, graph.span)
    assert _different(replace(two, constraints=(*two.constraints, bounded)), 2) == pytest.approx(1.5)
    assert (_different(graph, 1), _different(graph, 10_000)) == (pytest.approx(1), pytest.approx(25))
    assert _different(stdsl.load("fusion3d", "fusion3d").graph, 30) == 30


def test_drawn_strategies_of_one_figure_are_told_the_likelier_first() -> None:
    drawn = [
        {"hash": name, "value": 0.5, "times": 1, "log_prob": p} for name, p in (("a", -3.0), ("b", -1.0), ("c", -2.0))
    ]
    (column, *_) = _drawn(drawn, "accuracy", "strategy", counted=True).columns
    assert [str(cell) for cell in column.cells] == ["b", "c", "a"]


@pytest.mark.parametrize("width", [45, 100])
def test_numbers_of_marginals_come_before_bars(width: int) -> None:
    out = io.StringIO()
    unit = Unit("layer.S", "layer", "S", 1.0, 0.7, 0.6, 0.45)
    render_marginals(Marginals("m", "s", (unit,), (), "posterior", DROPPED), Console(file=out, width=width))
    assert all(number in out.getvalue() for number in ("0.700", "0.600", "0.450"))
    assert ("█" in out.getvalue()) == (width == 100)


def test_sites_and_what_is_held_have_no_part_in_the_entropy() -> None:
    text = KEEPS.replace("keep 2 as k", "keep 3 as k")  # all three of them: nothing to decide
    space = stdsl.loads(text, "s")
    net = template(space.graph, VariationalConfig(), seed=0)
    net.release()
    assert any(row.site for row in net.rows.values())
    with torch.no_grad():
        for path, parameter in net.named_decisions():
            parameter.fill_(0.0 if path == "f" else 2.0)
    net.hold({path: (1,) if row.kind == "keep" else True for path, row in net.rows.items() if path in ("a.k", "a.g")})
    net.hold({"c.k": (1,)})
    judged = further([Entropy(weight=1.0)], space.graph)
    assert judged(torch.zeros(()), net, {}).item() == pytest.approx(math.log(3), rel=1e-5)


@pytest.mark.parametrize("name", ["log_odds", "held", "rows"])
def test_a_cell_may_have_a_name_that_the_template_has_itself(name: str) -> None:
    space = stdsl.loads(SIX.replace("  a = x", f"  {name} = x").replace("[x, a]", f"[x, {name}]"), "s")
    net = template(space.graph, VariationalConfig(), seed=0)
    assert net(torch.randn(2, 1, 4, 8, 8)).shape == (2, 4)
    assert net.log_odds().keys() == {d.path for d in space.graph.open}
