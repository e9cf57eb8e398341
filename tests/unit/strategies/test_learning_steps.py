"""A step of a search that learns a distribution, held to its definition: where weights and logits go, and costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import stdsl
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.families.sampling import Distribution, Mean, SamplingConfig, Sum, Temper
from stdsl.compiler.schemas.objectives import SoftCost
from stdsl.compiler.schemas.optimizers import SGD
from stdsl.compiler.schemas.schedules import constant
from stdsl.compiler.schemas.tasks.targets import class_targets
from stdsl.runtime.data.batch import Batch
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.strategies.parts import SearchPart
from stdsl.runtime.strategies.sampling.build import learning
from stdsl.runtime.strategies.sampling.learning import Learning
from stdsl.runtime.strategies.sampling.search import Candidates, PathSearch
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.training.descent import Descent
from stdsl.runtime.training.placement import Placement

TEXT = """stdsl 1
meta m on x: image(3, 6, 6) {
  y = x -> conv(choose {2, 4} as width, choose {1, 3} as window) -> tanh
  return y -> repeat choose 0..1 as times { conv(same, choose {1, 3} as inner) -> tanh } -> global_avg_pool -> linear(3)
}
space s = m
space some = m where width == 4 or times == 1
"""
PLAIN = Distribution(optimizer=SGD(lr=constant(1.0), momentum=0.0), init=0.7)
"""What a step adds to logits is minus their gradient."""
NOTHING: Any = None
STEPS = 4
LIKELIHOODS = [Sum(), Mean(), Temper(by=2.0)]


class OneBatch:
    """The same samples at each step."""

    waited = 0.0

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def at(self, t: int) -> Batch:
        return self.batch


def distribution(name: str = "s", **settings: Any) -> Learning:
    graph = stdsl.loads(TEXT, name).graph
    strategy = SamplingConfig(decisions=PLAIN, **settings)
    return learning(graph, SearchPart(0, strategy), 5, 1, 1, None)


def search(own: Learning, samples: int) -> tuple[PathSearch, Batch]:
    network = build_path_network(own.logits.graph, "slice", seed=3).double()
    x = torch.randn(5, 3, 6, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    batch = Batch((x,), torch.tensor([0, 1, 2, 1, 0]))
    stub: Any = OneBatch(batch)
    work = PathSearch(
        network,
        Descent(torch.optim.SGD(network.parameters(), lr=1.0), lambda t: 1.0),
        stub,
        own,
        Placement(torch.device("cpu"), channels_last=False),
        7,
        Criterion(Targets(class_targets(3))),
        STEPS,
        samples,
        Candidates(NOTHING),
    )
    return work, batch


def log_prob(own: Learning, rows: Mapping[str, Tensor], arch: stdsl.Architecture) -> Tensor:
    """Of an architecture, by the definition: the product over what it asks for, over that of all within `where`."""

    def product(of: Mapping[str, Any]) -> Tensor:
        return torch.stack(
            [torch.log_softmax(rows[d.path], 0)[_place(d, of[d.path])] for d in own.logits.graph.open if d.path in of]
        ).sum()

    every = list(stdsl.loads(TEXT, own.logits.graph.name).architectures())
    return product(arch) - torch.logsumexp(torch.stack([product(one) for one in every]), 0)


def _place(decision: Any, value: Any) -> int:
    values = list(decision.options) if decision.kind == "choose" else [int(v) for v in decision.values]
    return values.index(value)


@pytest.mark.parametrize("name", ["s", "some"])
@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda own: own.kind)
@pytest.mark.parametrize("cost", [False, True], ids=["", "cost"])
def test_a_step_goes_up_the_likelihood_and_down_the_cost(name: str, likelihood: Any, cost: bool) -> None:
    """With l the losses of K paths: the weights follow Σ w ∇l, w = softmax(-l · N / temper), and the logits follow
    Σ w ∇log P less the weight times the mean of what each costs beyond the mean of the others, times ∇log P."""
    term = SoftCost(of="flops", weight=0.3, high=3000)
    own = distribution(name, likelihood=likelihood, objectives=(term,) if cost else ())
    work, batch = search(own, samples=3)
    space, paths = stdsl.loads(TEXT, name), [work.path(0, number) for number in range(3)]
    assert len({arch.hash for arch in paths}) == 3
    before = {n: p.detach().clone() for n, p in work.network.named_parameters()}
    rows = {path: row.detach().clone().requires_grad_() for path, row in own.logits.rows.items()}
    losses = []
    for arch in paths:
        work.network.hold_architecture(arch)
        losses.append(F.cross_entropy(work.network(*batch.inputs), batch.targets))
    scale = {"sum": 5.0, "mean": 1.0, "temper": 2.5}[likelihood.kind]
    shares = torch.softmax(-scale * torch.stack(losses).detach(), 0)
    weights = list(work.network.parameters())
    wanted = torch.autograd.grad((shares * torch.stack(losses)).sum(), weights, allow_unused=True)
    outside = [max(0.0, (space.costs(arch).flops or 0) / 3000 - 1) for arch in paths]
    assert len(set(outside)) > 1
    more = [3 / 2 * (each - sum(outside) / 3) if cost else 0.0 for each in outside]  # beyond the mean of the others
    whole = sum(
        (share - 0.3 * extra / 3) * log_prob(own, rows, arch)
        for share, extra, arch in zip(shares, more, paths, strict=True)
    )
    up = torch.autograd.grad(whole, list(rows.values()), allow_unused=True)
    facts = work.step(0)
    for (n, p), gradient in zip(work.network.named_parameters(), wanted, strict=True):
        expected = torch.zeros_like(p) if gradient is None else gradient
        torch.testing.assert_close(before[n] - p.detach(), expected, rtol=1e-8, atol=1e-11)
    for path, gradient in zip(rows, up, strict=True):
        moved = own.logits.rows[path].detach() - rows[path].detach()
        expected = torch.zeros_like(moved) if gradient is None else gradient
        torch.testing.assert_close(moved, expected, rtol=1e-8, atol=1e-11)
    assert facts["effective"] == pytest.approx(1 / float((shares**2).sum()))


@pytest.mark.parametrize("name", ["s", "some"])
@pytest.mark.parametrize("samples", [2, 3])
def test_the_gradient_of_leaving_a_range_is_that_of_its_mean(name: str, samples: int) -> None:
    """Some of the architectures below a range and the others above it, their mean cost inside: what a step does, in the
    mean over all draws, is minus the gradient of E[C], and not that of what the mean cost would be charged, which is
    0."""
    space = stdsl.loads(TEXT, name)
    archs = list(space.architectures())
    costs = [space.costs(arch).flops or 0 for arch in archs]
    own = distribution(name)
    rows = {path: row.detach().clone().requires_grad_() for path, row in own.logits.rows.items()}
    log_probs = [log_prob(own, rows, arch) for arch in archs]
    mean = sum(p.exp().item() * cost for p, cost in zip(log_probs, costs, strict=True))
    low, high = mean - 1, mean + 1
    assert {cost < low for cost in costs} == {True, False}
    assert not any(low <= cost <= high for cost in costs)
    term = SoftCost(of="flops", weight=0.7, low=low, high=high)
    own = distribution(name, objectives=(term,))
    charged = [max(0.0, cost / high - 1) + max(0.0, 1 - cost / low) for cost in costs]
    whole = sum(0.7 * p.exp() * each for p, each in zip(log_probs, charged, strict=True))
    target = torch.cat(torch.autograd.grad(whole, list(rows.values())))
    marginals = own.marginals(own.logits.policy())
    scores = [own.logits.gradient(arch, marginals) for arch in archs]
    start = {path: row.clone() for path, row in own.logits.state().items()}
    found = torch.zeros_like(target)
    for drawn in itertools.product(range(len(archs)), repeat=samples):
        own.apply(0, {}, [archs[i] for i in drawn], [scores[i] for i in drawn])
        chance = math.prod(log_probs[i].exp().item() for i in drawn)
        found += chance * torch.cat([start[path] - own.logits.rows[path].detach() for path in rows])
        own.logits.load(start)
    assert target.norm() > 0.01
    torch.testing.assert_close(found, target, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("cost", [False, True], ids=["", "cost"])
def test_a_single_path_teaches_its_weights_and_by_its_cost_alone(cost: bool) -> None:
    """Its importance weight is 1 whatever its likelihood. (The logits wandered: by Adam as fast as they learn.)"""
    own = distribution(objectives=(SoftCost(of="flops", weight=0.3, high=1),) if cost else (), samples=1)
    work, _ = search(own, samples=1)
    before = [p.detach().clone() for p in work.network.parameters()]
    rows = {path: row.clone() for path, row in own.logits.state().items()}
    for t in range(STEPS):
        work.step(t)
    assert any(not torch.equal(a, b) for a, b in zip(before, work.network.parameters(), strict=True))
    moved = any(not torch.equal(row, own.logits.rows[path]) for path, row in rows.items())
    assert moved == cost


def test_a_single_path_without_a_cost_is_refused() -> None:
    """Nothing would be learnt, and the whole search would have to be over before anybody sees that."""
    term = SoftCost(of="flops", weight=0.3, high=1)
    for settings, keys in (
        ({"samples": 1}, ["samples"]),
        ({"samples": 2}, []),
        ({"samples": 1, "objectives": (term,)}, []),
        ({"samples": 1, "estimator": "reinforce"}, []),
        ({"samples": 1, "draw": "uniform", "derive": {"candidates": 2}}, []),
    ):
        assert [conflict.key for conflict in SamplingConfig.model_validate(settings).conflicts()] == keys
