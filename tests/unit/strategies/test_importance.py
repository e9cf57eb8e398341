"""The estimator of the sampled family against what it estimates, exactly: 27 architectures, all draws enumerated."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter

import pytest
import torch
from torch import Tensor

import stdsl
from stdsl.compiler.analysis.architecture import Architecture
from stdsl.runtime.strategies.sampling.importance import Importance
from stdsl.runtime.strategies.sampling.logits import Logits
from stdsl.runtime.strategies.sampling.rewards import Baseline, add_to

TEXT = """stdsl 1
meta m on x: image(3, 4, 4) {
  a = x -> choose {p: relu, q: gelu, r: tanh} as first
  b = a -> choose {p: relu, q: gelu, r: tanh} as second
  return b -> choose {p: relu, q: gelu, r: tanh} as third
}
space s = m
space even = m where first == "p" or second == "q"
"""
SPREAD = 1.0


def case(name: str = "s") -> tuple[Logits, list[Architecture], list[float]]:
    """Logits away from even, all architectures, and a log-likelihood for each."""
    space = stdsl.loads(TEXT, name)
    generator = random.Random(1)
    logits = Logits(space.graph, 0.7, seed=3)
    archs = list(space.architectures())
    return logits, archs, [generator.gauss(-30, SPREAD) for _ in archs]


def flat(gradients: dict[Tensor, Tensor], logits: Logits) -> Tensor:
    """In the order of the parameters."""
    return torch.cat([gradients[row] for row in logits.parameters])


def exact(logits: Logits, archs: list[Architecture], likelihoods: list[float]) -> Tensor:
    """∇α log Σ P(A|α) · p(A)."""
    terms = [logits.log_prob(arch) + weight for arch, weight in zip(archs, likelihoods, strict=True)]
    whole = torch.logsumexp(torch.stack([logits.log_prob(arch) for arch in archs]), 0)
    return torch.cat(torch.autograd.grad(torch.logsumexp(torch.stack(terms), 0) - whole, logits.parameters))


def test_probabilities_add_up_to_one_over_active_decisions() -> None:
    logits, archs, _ = case()
    assert len(archs) == 27
    assert sum(math.exp(logits.log_prob(arch).item()) for arch in archs) == pytest.approx(1, abs=1e-12)


def test_with_all_architectures_weighted_by_their_probability_it_is_the_exact_gradient() -> None:
    logits, archs, likelihoods = case()
    order = list(range(27))
    random.Random(2).shuffle(order)
    estimate = Importance()
    for i in order:
        estimate.add(likelihoods[i] + logits.log_prob(archs[i]).item(), logits.gradient(archs[i], None))
    torch.testing.assert_close(flat(estimate.mean(), logits), exact(logits, archs, likelihoods), rtol=1e-10, atol=1e-12)


def test_the_same_within_where() -> None:
    """There the gradient of what all architectures have together counts."""
    logits, archs, likelihoods = case("even")
    assert len(archs) == 15
    policy = logits.policy()
    marginals = policy.marginals()
    estimate = Importance()
    for arch, likelihood in zip(archs, likelihoods, strict=True):
        log_prob = policy.log_prob(arch)
        assert log_prob is not None
        estimate.add(likelihood + log_prob, logits.gradient(arch, marginals))
    torch.testing.assert_close(flat(estimate.mean(), logits), exact(logits, archs, likelihoods), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_its_expectation_over_all_draws(samples: int) -> None:
    """Every set of draws (of 27, 729 or 19 683) by the estimator, against the definition; with one sample it is zero,
    and with more it comes nearer."""
    logits, archs, likelihoods = case()
    probabilities = [math.exp(logits.log_prob(arch).item()) for arch in archs]
    gradients = torch.stack([flat(logits.gradient(arch, None), logits) for arch in archs])
    row = torch.zeros(9, dtype=torch.float64)
    expected, found = torch.zeros_like(row), torch.zeros_like(row)
    for drawn in itertools.combinations_with_replacement(range(27), samples):
        many = math.factorial(samples)
        for times in Counter(drawn).values():
            many //= math.factorial(times)
        chance = many * math.prod(probabilities[i] for i in drawn)
        weights = torch.softmax(torch.tensor([likelihoods[i] for i in drawn], dtype=torch.float64), 0)
        expected += chance * (weights @ gradients[list(drawn)])
        estimate = Importance()
        for i in drawn:
            estimate.add(likelihoods[i], {row: gradients[i]})
        found += chance * estimate.mean()[row]
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    target = exact(logits, archs, likelihoods)
    missing = (found - target).norm() / target.norm()
    bounds = {1: (1 - 1e-9, 1 + 1e-9), 2: (0.4, 0.8), 3: (0.2, 0.6)}
    assert bounds[samples][0] <= missing <= bounds[samples][1]


def test_the_gradient_of_a_cost_is_unbiased() -> None:
    """Whatever architectures cost, and however many are drawn."""
    logits, archs, _ = case()
    costs = [1.0 + i / 27 for i in range(27)]
    probabilities = [logits.log_prob(arch).exp() for arch in archs]
    mean = torch.stack([p * c for p, c in zip(probabilities, costs, strict=True)]).sum()
    target = torch.cat(torch.autograd.grad(mean, logits.parameters))
    gradients = [logits.gradient(arch, None) for arch in archs]
    for samples in (1, 2):
        found = torch.zeros_like(target)
        for drawn in itertools.product(range(27), repeat=samples):
            chance = math.prod(probabilities[i].item() for i in drawn)
            advantages = Baseline(1.3).beyond([costs[i] for i in drawn])
            total: dict[Tensor, Tensor] = {}
            for advantage, i in zip(advantages, drawn, strict=True):
                add_to(total, gradients[i], advantage / samples)
            found += chance * flat(total, logits)
        torch.testing.assert_close(found, target, rtol=1e-9, atol=1e-12)


def test_of_a_logarithm_the_gradient_is_that_of_the_mean_over_what_the_mean_is() -> None:
    """With all architectures at once, by their probability, it is exact; here all are equally likely."""
    from stdsl.compiler.schemas.objectives import SoftCost
    from stdsl.runtime.strategies.sampling.learning import steepness

    outside = [0.0, 0.2, 0.4]
    assert steepness(SoftCost(of="flops", weight=3.0, high=1.0), outside) == 3.0
    found = steepness(SoftCost(of="flops", weight=3.0, high=1.0, log=True), outside)
    mean = torch.tensor(0.2, requires_grad=True)
    (expected,) = torch.autograd.grad(3 * torch.log(mean + 0.01), mean)
    assert found == pytest.approx(float(expected))


def test_far_likelihoods_neither_over_nor_underflow() -> None:
    estimate, row = Importance(), torch.zeros(())
    for weight in (-1e5, 0.0, -3e4, 1e5):
        estimate.add(weight, {row: torch.tensor(weight)})
    assert estimate.mean()[row] == 1e5
    assert estimate.effective == pytest.approx(1)


def test_decisions_that_are_not_asked_for_have_no_gradient() -> None:
    text = """stdsl 1
    meta m on x: image(3, 4, 4) = x -> choose {plain: relu, more: relu -> choose {a: gelu, b: tanh} as inner} as outer
    space s = m
    """
    space = stdsl.loads(text)
    logits = Logits(space.graph, 1.0, seed=0)
    assert list(logits.gradient({"outer": "plain"}, None)) == [logits.rows["outer"]]
    total = sum(math.exp(logits.log_prob(arch).item()) for arch in space.architectures())
    assert total == pytest.approx(1, abs=1e-12)


def test_the_entropy_is_that_of_each_decision_by_itself() -> None:
    """Of a keep over its sets, with the gradient of the definition."""
    text = """stdsl 1
    meta m on x: image(3, 4, 4) {
      y = [x, x -> relu, x -> tanh, x -> gelu] -> keep 1..2 as few -> sum
      return y + (y -> maybe gelu as more) -> repeat choose 1..3 as times { relu } -> choose {relu, tanh} as last
    }
    space s = m
    """
    logits = Logits(stdsl.loads(text).graph, 1.0, seed=0)
    by_name = {path.rpartition(".")[2]: row for path, row in logits.rows.items()}
    sets = [
        torch.tensor([float(i in chosen) for i in range(4)])
        for n in (1, 2)
        for chosen in itertools.combinations(range(4), n)
    ]
    scores = {
        "few": torch.stack([(there * by_name["few"]).sum() for there in sets]),
        "more": torch.cat([torch.zeros(1), by_name["more"]]),
        "times": by_name["times"],
        "last": by_name["last"],
    }
    assert set(by_name) == set(scores)
    each = [-(torch.softmax(row, 0) * torch.log_softmax(row, 0)).sum() for row in scores.values()]
    expected, found = torch.stack(each).mean(), logits.entropy()
    torch.testing.assert_close(found, expected)
    gradients = (torch.autograd.grad(value, logits.parameters) for value in (found, expected))
    for own, other in zip(*gradients, strict=True):
        torch.testing.assert_close(own, other)


def test_gates_and_keeps_are_the_policy_that_is_drawn_from() -> None:
    text = """stdsl 1
    meta m on x: image(3, 4, 4) {
      y = [x, x -> relu, x -> tanh] -> keep 1..2 as few -> sum
      return y + (y -> maybe gelu as more) -> repeat choose 1..3 as times { relu }
    }
    space s = m
    """
    space = stdsl.loads(text)
    logits = Logits(space.graph, 1.0, seed=0)
    policy = logits.policy()
    for arch in space.architectures():
        log_prob = policy.log_prob(arch)
        assert log_prob == pytest.approx(logits.log_prob(arch).item(), abs=1e-12)
