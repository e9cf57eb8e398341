"""The divergence of a posterior: its optimum is known without data."""

from __future__ import annotations

import itertools
import math
from typing import Literal

import pytest
import torch
from pydantic import ValidationError

import stdsl
from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.families.variational import Posterior, VariationalConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.objectives import KLDropPath
from stdsl.runtime.strategies.variational.build import template
from stdsl.runtime.strategies.variational.divergence import Divergence, kernels_of

GATES = """stdsl 1
op unit(k) = bn -> relu -> conv(same, k)
meta net on video: clip(1, 4, 8, 8) {
  x = video -> conv(4, 1x3x3)
  y = [x, maybe (x -> unit(1x3x3)) as S, maybe (x -> unit(3x1x1)) as T, maybe (x -> bn) as N] -> sum
  return y -> global_avg_pool -> linear(4)
}
space s = net
"""
KEEP = GATES.replace("maybe (x -> unit(1x3x3)) as S, maybe (x -> unit(3x1x1)) as T, maybe (x -> bn) as N", "").replace(
    "[x, ]", "[x -> bn, x -> unit(1x3x3), x -> unit(3x1x1), x -> unit(3x3x3)] -> keep 1..2 as k"
)
CHOOSE = GATES.replace(
    "y = [x, maybe (x -> unit(1x3x3)) as S, maybe (x -> unit(3x1x1)) as T, maybe (x -> bn) as N] -> sum",
    "y = x -> choose {none: bn, s: unit(1x3x3), t: unit(3x1x1)} as c",
)
Entropy = Literal["half", "full"]


def divergence(text: str, length: float, entropy: Entropy) -> tuple[Divergence, SpaceGraph]:
    """With weights that do not move, in double precision."""
    graph = stdsl.loads(text, "s").graph
    net = template(graph, VariationalConfig(), seed=0).double()
    with torch.no_grad():
        for parameter in net.weights():
            parameter.requires_grad_(False)
    return Divergence(net, kernels_of(net, graph), length, entropy), graph


def descended(term: Divergence, steps: int = 60) -> None:
    """The decisions at the least divergence that descent reaches."""
    optimizer = torch.optim.LBFGS(term.supernet.decisions(), max_iter=steps, tolerance_grad=1e-12, history_size=20)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = term()
        loss.backward()
        return loss

    for _ in range(5):
        optimizer.step(closure)


def squares(net: Supernet) -> dict[str, float]:
    """‖w‖² of the unit behind each gate, by hand."""
    weights = dict(net.named_parameters())
    spatial, temporal = sorted(
        (p for n, p in weights.items() if n.endswith("conv.weight") and p.dim() == 5 and p.shape[:2] == (4, 4)),
        key=lambda p: p.shape[2],
    )
    return {"y.S": float(spatial.square().sum()), "y.T": float(temporal.square().sum()), "y.N": 0.0}


@pytest.mark.parametrize("entropy", ["half", "full"])
@pytest.mark.parametrize("length", [0.05, 0.5, 1.0])
def test_the_optimal_drop_probability_is_known(length: float, entropy: Entropy) -> None:
    term, _ = divergence(GATES, length, entropy)
    descended(term)
    for gate, square in squares(term.supernet).items():
        p = 1 - torch.sigmoid(term.supernet.parameter(gate)).item()
        cost = length**2 * square / 2
        best = math.exp(cost - 1) if entropy == "half" else 1 / (1 + math.exp(-cost))
        assert p == pytest.approx(best, abs=1e-5)
    if entropy == "half":
        assert 1 - torch.sigmoid(term.supernet.parameter("y.N")).item() == pytest.approx(0.36788, abs=1e-5)


def test_from_a_certain_norm_on_a_unit_is_always_dropped() -> None:
    """With the printed entropy, from k² ‖w‖² = 2 on: the probability rises wherever it is."""
    term, _ = divergence(GATES, 1.0, "half")
    square = squares(term.supernet)
    length = math.sqrt(2.001 / min(square["y.S"], square["y.T"]))
    term = Divergence(term.supernet, term.kernels, length, "half")
    for logit in (-6.0, -1.0, 0.0, 3.0, 9.0):
        with torch.no_grad():
            for parameter in term.supernet.decisions():
                parameter.fill_(logit)
        gradients = torch.autograd.grad(term(), [term.supernet.parameter("y.S"), term.supernet.parameter("y.T")])
        assert all(gradient > 0 for gradient in gradients), "descent on the log-odds of being there"


@pytest.mark.parametrize("entropy", ["half", "full"])
def test_the_weights_are_pulled_in_as_they_are_there(entropy: Entropy) -> None:
    term, _ = divergence(GATES, 0.3, entropy)
    (kernel,) = (p.requires_grad_() for p in term.kernels["y.S"][0])
    with torch.no_grad():
        term.supernet.parameter("y.S").fill_(1.2)
    (gradient,) = torch.autograd.grad(term(), kernel)
    torch.testing.assert_close(gradient, torch.sigmoid(torch.tensor(1.2).double()) * 0.3**2 * kernel.detach())


def costs_of(term: Divergence, path: str) -> list[float]:
    return [term.length**2 / 2 * sum(float(k.detach().square().sum()) for k in own) for own in term.kernels[path]]


def test_elements_within_sizes_by_enumeration() -> None:
    for entropy in ("full", "half"):
        term, _ = divergence(KEEP, 0.4, entropy)  # type: ignore[arg-type]
        (path,) = term.kernels
        logits = [0.3, -1.0, 0.9, 0.1]
        with torch.no_grad():
            term.supernet.parameter(path).copy_(torch.tensor(logits))
        costs = costs_of(term, path)
        sets = [s for s in itertools.product((0, 1), repeat=4) if 1 <= sum(s) <= 2]
        weights = [math.exp(sum(t for t, on in zip(logits, s, strict=True) if on)) for s in sets]
        chances = [w / sum(weights) for w in weights]
        there = [sum(c for c, s in zip(chances, sets, strict=True) if s[i]) for i in range(4)]
        expected = sum(t * c for t, c in zip(there, costs, strict=True))
        if entropy == "full":
            expected += sum(c * math.log(c) for c in chances)
        else:
            expected += sum((1 - t) * math.log(1 - t) for t in there)
        assert term().item() == pytest.approx(expected, rel=1e-6)


SATURATED = [(18.0, 0.0, 0.0, 1.0), (40.0, -40.0, 0.0, 7.0), (-30.0,) * 4, (120.0, 120.0, 119.0, -120.0), (-120.0,) * 4]


def by_sets(logits: torch.Tensor, costs: list[float], sizes: tuple[int, int], entropy: str) -> torch.Tensor:
    """The divergence by enumeration, in logarithms."""
    sets = [s for s in itertools.product((0, 1), repeat=len(logits)) if sizes[0] <= sum(s) <= sizes[1]]
    members = torch.tensor(sets, dtype=torch.float64)
    logs = torch.log_softmax(members @ logits, 0)
    found = (logs.exp() * (members @ torch.tensor(costs, dtype=torch.float64))).sum()
    if entropy == "full":
        return found + (logs.exp() * logs).sum()
    for i in range(len(logits)):
        if bool((members[:, i] == 0).any()):
            gone = torch.logsumexp(logs[members[:, i] == 0], 0)
            found = found + gone.exp() * gone
    return found


@pytest.mark.parametrize("entropy", ["half", "full"])
@pytest.mark.parametrize("sizes", [(0, 1), (1, 2), (2, 2), (3, 4)])
def test_decided_elements_within_sizes(sizes: tuple[int, int], entropy: Entropy) -> None:
    """Value and gradient where probabilities are 0 or 1 as single precision has them."""
    term, _ = divergence(KEEP.replace("1..2", f"{sizes[0]}..{sizes[1]}"), 0.4, entropy)
    (path,) = term.kernels
    costs = costs_of(term, path)
    for logits in SATURATED:
        for dtype, within in ((torch.float64, 1e-9), (torch.float32, 2e-4)):
            term.supernet.to(dtype)
            own = term.supernet.parameter(path)
            with torch.no_grad():
                own.copy_(torch.tensor(logits))
            expected = by_sets(
                at := torch.tensor(logits, dtype=torch.float64, requires_grad=True), costs, sizes, entropy
            )
            value = term()
            assert value.item() == pytest.approx(expected.item(), abs=within)
            (found,), (right,) = torch.autograd.grad(value, own), torch.autograd.grad(expected, at)
            torch.testing.assert_close(found.double(), right, rtol=0, atol=within)


@pytest.mark.parametrize("drop", [1e-320, 1e-12, 1 - 1e-16])
def test_any_drop_probability_is_a_start(drop: float) -> None:
    graph = stdsl.loads(GATES, "s").graph
    net = template(graph, VariationalConfig(decisions=Posterior(init=drop)), seed=0)
    found = net.parameter("y.S").item()
    assert found == pytest.approx(math.log1p(-drop) - math.log(drop), rel=1e-6)
    assert math.isfinite(found)


def test_a_prior_is_not_so_narrow_that_numbers_end() -> None:
    with pytest.raises(ValidationError, match="prior_length"):
        KLDropPath(prior_length=1e200)
    term, _ = divergence(GATES, KLDropPath(prior_length=1e15).prior_length, "half")
    term.supernet.float()
    assert term().isfinite()


def test_the_optimum_within_sizes_weighs_each_set_by_its_cost() -> None:
    term, _ = divergence(KEEP, 0.4, "full")
    descended(term)
    (path,) = term.kernels
    costs = costs_of(term, path)
    sets = [s for s in itertools.product((0, 1), repeat=4) if 1 <= sum(s) <= 2]
    total = sum(math.exp(-sum(c for c, on in zip(costs, s, strict=True) if on)) for s in sets)
    assert term().item() == pytest.approx(-math.log(total), abs=1e-6)
    torch.testing.assert_close(
        term.supernet.parameter(path).detach(), -torch.tensor(costs, dtype=torch.float64), rtol=0, atol=1e-3
    )


def test_the_optimum_of_a_choice() -> None:
    term, _ = divergence(CHOOSE, 0.4, "half")
    descended(term)
    costs = torch.tensor(costs_of(term, "y.c"), dtype=torch.float64)
    assert costs[0] == 0
    torch.testing.assert_close(
        torch.softmax(term.supernet.parameter("y.c").detach(), 0), torch.softmax(-costs, 0), rtol=0, atol=1e-4
    )
