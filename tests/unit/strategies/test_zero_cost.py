"""Scores of networks that are not trained, against values by hand; and proposals that are chosen by such a score."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import stdsl
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.compiler.families.random import RandomConfig
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.strategies.random import Draws, drawn
from stdsl.runtime.strategies.screening import Screening
from stdsl.runtime.strategies.zero_cost import grad_norm, jacob_cov, synflow
from stdsl.runtime.trials.proposal import Outcome, Spec


def linear(weight: list[list[float]], bias: list[float] | None = None) -> nn.Linear:
    layer = nn.Linear(len(weight[0]), len(weight), bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weight))
        if bias is not None:
            layer.bias.copy_(torch.tensor(bias))
    return layer


def test_synflow_of_one_layer() -> None:
    """R = 2 + 3 + 1 for ones, of which each parameter gives its absolute value."""
    assert synflow(linear([[2.0, -3.0]], [-1.0]), [(2,)]) == 6


def test_synflow_of_two_layers() -> None:
    """R = 1 · 3 + 2 · 4 = 11, and the flow through each layer is the same (Tanaka et al., theorem 2); norms, their own
    parameters too, and dropout do nothing."""
    first, last = linear([[1.0], [-2.0]]), linear([[3.0, -4.0]])
    assert synflow(nn.Sequential(first, nn.ReLU(), last), [(1,)]) == 22
    norm = nn.BatchNorm1d(2)
    nn.init.constant_(norm.weight, 5.0)
    assert synflow(nn.Sequential(first, norm, nn.ReLU(), nn.Dropout(0.9), last), [(1,)]) == 22
    unused = nn.Sequential(first, nn.ReLU(), last)
    unused.register_parameter("other", nn.Parameter(torch.ones(3)))
    assert synflow(unused, [(1,)]) == 22


def test_grad_norm_by_hand() -> None:
    """The gradient of the sum of outputs is Σ x = (4, 4) for the weights and 2 for the bias."""
    x = torch.tensor([[1.0, 2.0], [3.0, 2.0]])
    found = grad_norm(linear([[1.0, 1.0]], [0.0]), [x], lambda output: output.sum())  # type: ignore[union-attr]
    assert found == pytest.approx(math.sqrt(32) + 2)


class Halves(nn.Module):
    """Half of the sum of squares: its gradient is its input."""

    def forward(self, x: Tensor) -> Tensor:
        return (x**2 / 2).sum(1, keepdim=True)


def score_of(values: list[float]) -> float:
    return -sum(math.log(value + 1e-5) + 1 / (value + 1e-5) for value in values)


def test_jacob_cov_by_hand() -> None:
    """The gradients (1, 0, 0) and (0, 1, 0) have the correlation -1/2, whose eigenvalues are 1/2 and 3/2."""
    x = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert jacob_cov(Halves(), [x]) == pytest.approx(score_of([0.5, 1.5]), rel=1e-6)
    alike = jacob_cov(Halves(), [torch.tensor([[1.0, 0.0, 2.0], [2.0, 0.0, 4.0]])])
    assert alike == pytest.approx(score_of([0.0, 2.0]), rel=1e-3)
    assert alike < jacob_cov(Halves(), [x])
    assert jacob_cov(Halves(), [torch.ones(2, 3)]) == -math.inf  # no direction


class Blind(nn.Linear):
    """Tells the same of everything."""

    def forward(self, x: Tensor) -> Tensor:
        return self.bias.expand(len(x), -1)


def test_of_what_sees_nothing() -> None:
    blind = Blind(3, 2)
    nn.init.constant_(blind.bias, -2.0)
    assert jacob_cov(blind, [torch.randn(4, 3)]) == -math.inf
    assert synflow(blind, [(3,)]) == 4


def test_jacob_cov_goes_by_the_correlations_of_numpy() -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 10)
    values = np.linalg.eigvalsh(np.corrcoef(x.double().numpy()))
    assert jacob_cov(Halves(), [x]) == pytest.approx(score_of(list(values)), rel=1e-4)


def test_they_are_the_same_again_and_change_nothing() -> None:
    space = stdsl.loads(
        "stdsl 1\nmeta m on x: image(1, 8, 8) = x -> conv(4, 3x3) -> bn -> choose {relu, gelu} as kind "
        "-> dropout(0.5) -> global_avg_pool -> linear(3)\nspace s = m\n"
    )
    model = stdsl.compile(space, {"kind": "relu"}, seed=0)
    before = copy.deepcopy(model.state_dict())
    x, right = torch.randn(8, 1, 8, 8), torch.arange(8) % 3

    def scores() -> list[float]:
        loss = nn.CrossEntropyLoss()
        return [
            synflow(model, [(1, 8, 8)]),
            jacob_cov(model, [x]),
            grad_norm(model, [x], lambda output: loss(output, right)),  # type: ignore[arg-type]
        ]

    first = scores()
    assert all(map(math.isfinite, first))
    assert scores() == first
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


SPACE = stdsl.loads(
    "stdsl 1\nmeta m on x: image(1, 8, 8) {\n  n = choose 1..6 as width\n  for i in 1..n { s[i] = x -> "
    "choose {wide: conv(2, 3x3), point: conv(2, 1x1)} as kind }\n  return s -> concat -> global_avg_pool -> linear(3)\n"
    "}\nspace s = m\n"
)


def width(arch: Mapping[str, Any]) -> float:
    """How many streams there are, each of which decides its kind."""
    return float(sum(path.endswith("kind") for path in arch))


def test_of_a_few_drawn_ones_the_best_is_trained() -> None:
    strategy = RandomConfig.model_validate({"trials": 5})
    every = drawn(SPACE.graph, strategy, 3, times=4)
    assert every[:5] == drawn(SPACE.graph, strategy, 3)
    proposer = Draws(every, Screening(4, width))
    found = []
    while (spec := proposer.ask(len(found), [], [])) is not None:
        found.append(spec.architecture)
    groups = [every[place : place + 4] for place in range(0, 20, 4)]
    assert found == [max(group, key=width) for group in groups]


def test_children_are_chosen_too() -> None:
    """Fitness tells nothing; what is screened by its width becomes wide all the same, and is new each time."""
    settings = {"population": 4, "tournament": 2, "rounds": 12, "distinct": "architectures"}

    def means(screen: Screening | None) -> float:
        proposer = Evolution(SPACE.graph, EvolutionConfig.model_validate(settings), 0, "accuracy", screen=screen)
        specs: list[Spec] = []
        seen: list[Outcome] = []
        while isinstance(spec := proposer.ask(len(specs), specs, seen), Spec):
            specs.append(spec)
            seen.append(Outcome(spec.number, {"accuracy": 0.5}))
        assert len({spec.architecture.hash for spec in specs}) == len(specs) == 16
        return sum(width(spec.architecture) for spec in specs) / len(specs)

    assert means(Screening(8, width)) > means(None) + 1
