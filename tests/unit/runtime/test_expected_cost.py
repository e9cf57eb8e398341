"""The mean cost under decision weights, against all architectures one by one."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

import stdsl
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.schemas.objectives import SoftCost
from stdsl.runtime.strategies.expected_cost import ExpectedCost, soft_cost

HEAD = """stdsl 1
ops candidates = {skip: identity, small: conv(same, 1x1), large: conv(same, 3x3) -> bn}
op nested = choose {no: identity, yes: conv(same, 3x3) -> choose candidates as inner} as outer
"""
BODIES = {
    "chooses": "x -> choose candidates as kind -> nested",
    "keep": "[x, x, x -> conv(same, 3x3)] -> each nested -> keep 2 as inputs -> sum",
    "open keep": "[x, x -> choose candidates, x] -> each conv(same, 5x5) -> keep any as inputs -> sum",
    "gate and count": "x -> maybe nested -> repeat choose 1..3 as times { conv(same, 3x3) }",
    "widths": "x -> conv((choose {2, 6} as wide), 3x3) -> conv(4 * (choose 1..2 as factor), 3x3) -> conv(4, 1x1)",
    "demand": "",
}
DEMAND = """  u = x -> choose candidates as kind
  v = u -> nested
  y = choose {u, both: u + v} as which"""


def graph_of(name: str):
    body = DEMAND if name == "demand" else f"  y = {BODIES[name]}"
    text = f"{HEAD}meta net on x: image(4, 6, 6) {{\n{body}\n  return y -> global_avg_pool -> linear(3)\n}}\n"
    return load_text(f"{text}space s = net").graph


def weights_of(graph) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    found = {}
    for d in graph.open:
        row = torch.rand(len(d.options) if d.kind != "gate" else (), dtype=torch.float64) * 0.8 + 0.1
        found[d.path] = row if d.kind in ("keep", "gate") else row / row.sum()
    return found


def probability(graph, arch, weights) -> float:
    p = 1.0
    for path, value in arch.items():
        d, row = graph.by_path[path], weights[path].tolist()
        match d.kind:
            case "choose":
                p *= row[d.options.index(value)]
            case "count":
                p *= row[d.values.index(value)]
            case "gate":
                p *= row if value else 1 - row
            case "keep":
                low, high = d.sizes
                allowed = [s for k in range(low, high + 1) for s in itertools.combinations(range(1, len(row) + 1), k)]
                chance = dict.fromkeys(allowed, 1.0)
                for s in allowed:
                    for i, w in enumerate(row, 1):
                        chance[s] *= w if i in s else 1 - w
                p *= chance[tuple(value)] / sum(chance.values())
    return p


@pytest.mark.parametrize("metric", ["flops", "params"])
@pytest.mark.parametrize("name", BODIES)
def test_it_is_the_mean_over_all_architectures(name: str, metric: str) -> None:
    graph = graph_of(name)
    weights = weights_of(graph)
    archs = list(architectures(graph))
    chances = [probability(graph, arch, weights) for arch in archs]
    assert sum(chances) == pytest.approx(1)
    expected = sum(p * getattr(costs(graph, arch), metric) for p, arch in zip(chances, archs, strict=True))
    assert ExpectedCost(graph, metric).of(weights).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", BODIES)
def test_its_gradient_is_right(name: str) -> None:
    graph = graph_of(name)
    cost = ExpectedCost(graph, "params")
    rows = weights_of(graph)
    leaves = [row.clone().requires_grad_() for row in rows.values()]

    def mean(*values: torch.Tensor) -> torch.Tensor:
        return cost.of(dict(zip(rows, values, strict=True))) / 100

    assert torch.autograd.gradcheck(mean, leaves)


def test_what_is_held_counts_alone() -> None:
    graph = graph_of("keep")
    arch = next(a for a in architectures(graph) if a["y.inputs"] == (1, 3))
    assert ExpectedCost(graph, "flops").of({}, dict(arch)).item() == costs(graph, arch).flops


def test_the_soft_cost_is_nothing_inside_the_range() -> None:
    term = SoftCost(of="flops", weight=2.0, low=50.0, high=100.0)
    found = [soft_cost(torch.tensor(float(f)), term).item() for f in (25, 50, 75, 100, 150)]
    assert found == [1.0, 0.0, 0.0, 0.0, 1.0]


def test_a_logarithm_pulls_more_the_nearer_the_range_is() -> None:
    term = SoftCost(of="flops", weight=2.0, low=50.0, high=100.0, log=True)
    cost = torch.tensor([75.0, 101.0, 150.0], requires_grad=True)
    found = torch.stack([soft_cost(one, term) for one in cost])
    expected = [2 * math.log(0.01), 2 * math.log(0.02), 2 * math.log(0.51)]
    assert found.tolist() == pytest.approx(expected, rel=1e-5)
    (gradient,) = torch.autograd.grad(found.sum(), cost)
    assert gradient.tolist() == pytest.approx([0.0, 2 / 100 / 0.02, 2 / 100 / 0.51], rel=1e-4)


@pytest.mark.parametrize("sizes", ["1", "2", "1..2", "0..1"])
@pytest.mark.parametrize("logits", [(-14.0, -20.0, -26.0), (26.0, 20.0, 14.0), (-120.0, -119.0, 120.0), (120.0,) * 3])
def test_decided_elements_weigh_by_their_log_odds(sizes: str, logits: tuple[float, ...]) -> None:
    """Value and gradient by enumeration, where sigmoids are 0 or 1 as single precision has them."""
    space = stdsl.loads(
        f"""stdsl 1
meta net on im: image(3, 8, 8) {{
  a = im -> conv(4, 3x3)
  k = [a -> conv(4, 1x1), a -> conv(4, 3x3), a -> conv(4, 5x5)] -> keep {sizes} as K -> sum
  return k -> global_avg_pool -> linear(4)
}}
space s = net""",
        "s",
    )
    archs = list(space.architectures())
    own = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    members = torch.tensor([[float(i in arch["k.K"]) for i in (1, 2, 3)] for arch in archs]).double()
    params = torch.tensor([float(costs(space.graph, arch).params or 0) for arch in archs]).double()
    right = torch.softmax(members @ own, 0) @ params
    odds = torch.tensor(logits, requires_grad=True)
    found = ExpectedCost(space.graph, "params").of({"k.K": torch.sigmoid(odds)}, {}, {"k.K": odds})
    assert found.item() == pytest.approx(right.item(), rel=1e-9)
    (gradient,), (expected,) = torch.autograd.grad(found, odds), torch.autograd.grad(right, own)
    torch.testing.assert_close(gradient.double(), expected, rtol=1e-6, atol=1e-9)
