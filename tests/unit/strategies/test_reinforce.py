"""The score-function estimator of the sampled family against the gradient of the mean reward, exactly: all draws of 27
architectures enumerated."""

from __future__ import annotations

import itertools
import math
import random

import pytest
import torch
from torch import Tensor

import stdsl
from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.schemas.objectives import Entropy, SoftCost
from stdsl.runtime.strategies.sampling.learning import Learning
from stdsl.runtime.strategies.sampling.logits import Logits
from stdsl.runtime.strategies.sampling.rewards import Baseline, Reinforced
from stdsl.runtime.training.descent import Descent

TEXT = """stdsl 1
meta m on x: image(3, 4, 4) {
  a = x -> choose {p: relu, q: gelu, r: tanh} as first
  b = a -> choose {p: relu, q: gelu, r: tanh} as second
  return b -> choose {p: relu, q: gelu, r: tanh} as third
}
space s = m
space even = m where first == "p" or second == "q"
"""


def case(name: str) -> tuple[Logits, list[Architecture], list[float], list[float]]:
    """Logits away from even, all architectures, what each has of all within `where`, and a reward for each."""
    space = stdsl.loads(TEXT, name)
    generator = random.Random(1)
    logits = Logits(space.graph, 0.7, seed=3)
    archs = list(space.architectures())
    chances = [math.exp(logits.log_prob(arch).item()) for arch in archs]
    return logits, archs, [p / math.fsum(chances) for p in chances], [generator.gauss(-2, 1) for _ in archs]


def exact(logits: Logits, archs: list[Architecture], rewards: list[float]) -> Tensor:
    """∇α Σ P(A|α) · R(A), by autograd from the definition."""
    chances = torch.softmax(torch.stack([logits.log_prob(arch) for arch in archs]), 0)
    mean = (chances * torch.tensor(rewards, dtype=torch.float64)).sum()
    return torch.cat(torch.autograd.grad(mean, logits.parameters))


def flat(gradients: dict[Tensor, Tensor], logits: Logits) -> Tensor:
    return torch.cat([gradients[row] for row in logits.parameters])


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("name", ["s", "even"])
def test_its_expectation_over_all_draws_is_the_gradient(name: str, samples: int) -> None:
    """Of 27, 729 and 19 683 draws (15, 225 and 3 375 within `where`), whatever the average of earlier steps is; and the
    weights of paths follow the mean of their gradients."""
    logits, archs, chances, rewards = case(name)
    marginals = logits.policy().marginals() if name == "even" else None
    row, weight = torch.zeros(9, dtype=torch.float64), torch.zeros(())
    scores = [flat(logits.gradient(arch, marginals), logits) for arch in archs]
    found, steps = torch.zeros_like(row), 0.0
    for drawn in itertools.combinations_with_replacement(range(len(archs)), samples):
        times = math.factorial(samples)
        for many in (drawn.count(i) for i in set(drawn)):
            times //= math.factorial(many)
        chance = times * math.prod(chances[i] for i in drawn)
        estimate = Reinforced(Baseline(-5.0))
        for i in drawn:
            estimate.add(rewards[i], {weight: torch.tensor(rewards[i])}, {row: scores[i]})
        told, mean = estimate.told, estimate.mean()
        assert told["reward"] == pytest.approx(sum(rewards[i] for i in drawn) / samples)
        found += chance * mean[row]
        steps += chance * mean[weight].item()
    torch.testing.assert_close(found, exact(logits, archs, rewards), rtol=1e-9, atol=1e-12)
    assert steps == pytest.approx(math.fsum(p * r for p, r in zip(chances, rewards, strict=True)), rel=1e-5)


def test_a_baseline_of_one_path_is_the_average_of_those_before() -> None:
    baseline = Baseline()
    assert baseline.beyond([3.0]) == [0.0]  # there is none before the first
    assert baseline.beyond([5.0]) == [2.0]
    assert baseline.average == pytest.approx(3 + 0.05 * 2)
    assert baseline.beyond([1.0, 2.0, 6.0]) == pytest.approx([-3.0, -1.5, 4.5])  # the others' mean, if there are others
    assert baseline.average == pytest.approx(3.1)


def learning(logits: Logits, strategy: SamplingConfig, *costs: SoftCost) -> Learning:
    descent = Descent(torch.optim.SGD(logits.parameters, 1.0), lambda t: 1.0)
    return Learning(logits, descent, strategy, costs)


def test_a_path_that_asks_for_nothing_that_is_learnt_counts_all_the_same() -> None:
    text = """stdsl 1
    meta m on x: image(3, 4, 4) = x -> choose {plain: relu, more: relu -> choose {a: gelu, b: tanh} as inner} as outer
    space s = m
    """
    space = stdsl.loads(text)
    logits = Logits(space.graph, 1.0, seed=0, even=["outer"])
    estimate = learning(logits, SamplingConfig(estimator="reinforce")).estimate()
    (row,) = logits.parameters
    plain, more, _ = sorted(space.architectures(), key=len)
    assert logits.gradient(plain, None) == {}
    for arch, reward in ((plain, 1.0), (more, 4.0)):
        estimate.add(reward, {}, logits.gradient(arch, None))
    torch.testing.assert_close(estimate.mean()[row], 3.0 / 2 * logits.gradient(more, None)[row])


def test_what_a_path_is_rewarded_by() -> None:
    logits, _, _, _ = case("s")
    by_loss = learning(logits, SamplingConfig(estimator="reinforce"))
    assert by_loss.worth(0.7, ("accuracy", 0.25), 32) == -0.7
    by_metric = learning(logits, SamplingConfig(estimator="reinforce", reward="metric"))
    assert by_metric.worth(0.7, ("accuracy", 0.25), 32) == 0.25
    assert by_metric.worth(0.7, ("rmse", 3.0), 32) == -3.0


def test_the_averages_of_one_path_go_on_where_they_were() -> None:
    """Of the reward and of each cost."""
    logits, archs, _, rewards = case("s")
    one, other = (
        learning(logits, SamplingConfig(estimator="reinforce"), SoftCost(of="flops", high=1.0)) for _ in range(2)
    )
    for step, (arch, reward) in enumerate(zip(archs[:3], rewards, strict=False)):
        score = logits.gradient(arch, None)
        estimate = one.estimate()
        estimate.add(reward, {}, score)
        one.apply(step, estimate.mean(), [arch], [score])
    averages = one.state()["averages"]
    assert len(averages) == 2
    assert None not in averages
    other.load(one.state())
    assert other.state()["averages"] == averages


def test_a_step_goes_down_the_entropy_by_its_weight() -> None:
    logits, _, _, _ = case("s")
    slopes = torch.autograd.grad(logits.entropy(), logits.parameters)
    expected = [row.detach() - 0.3 * slope for row, slope in zip(logits.parameters, slopes, strict=True)]
    learning(logits, SamplingConfig(objectives=(Entropy(weight=0.1), Entropy(weight=0.2)))).apply(0, {}, [], [])
    for row, other in zip(logits.parameters, expected, strict=True):
        torch.testing.assert_close(row.detach(), other)
