"""The sandwich rule: which architectures a step has, and the gradient that the largest one's soft targets make."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F

import stdsl
from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.ends import ends
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.tasks.targets import TargetSignature, class_targets
from stdsl.runtime.data.batch import Batch
from stdsl.runtime.data.targets import VOID, Targets
from stdsl.runtime.strategies.sampling.sandwich import Sandwiched
from stdsl.runtime.strategies.sampling.search import Candidates, PathSearch
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.training.descent import Descent
from stdsl.runtime.training.placement import Placement

TEXT = """stdsl 1
meta m on x: image(3, 6, 6) {
  y = x -> conv(choose {2, 4, 6} as width, choose {1, 3} as window) -> tanh
  return y -> repeat choose 0..2 as depth { conv(same, 3x3) -> tanh } -> global_avg_pool -> linear(3)
}
space s = m
space middle = m where flops in 3K..9K
"""


@pytest.mark.parametrize("name", ["s", "middle"])
def test_the_ends_of_a_space(name: str) -> None:
    space = stdsl.loads(TEXT, name)
    costs = [space.costs(arch).flops or 0 for arch in space.architectures()]
    found = ends(space.graph)
    assert found is not None
    assert [space.costs(arch).flops for arch in found] == [min(costs), max(costs)]
    assert len(set(costs)) > 2


class OneBatch:
    """The same samples at each step."""

    waited = 0.0

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    def at(self, t: int) -> Batch:
        return self.batch


def search(distill: float, samples: int = 1) -> tuple[PathSearch, Batch, list[Architecture]]:
    """A step of gradient descent at the rate 1, and the paths that it has."""
    space = stdsl.loads(TEXT, "s")
    network = build_path_network(space.graph, "slice", seed=3).double()
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(5, 3, 6, 6, generator=generator, dtype=torch.float64)
    batch = Batch((x,), torch.tensor([0, 1, 2, 1, 0]))
    found = ends(space.graph)
    assert found is not None
    smallest, largest = found
    stub: Any = OneBatch(batch)
    nothing: Any = None
    work = PathSearch(
        network,
        Descent(torch.optim.SGD(network.parameters(), lr=1.0), lambda t: 1.0),
        stub,
        policy(space.graph, "uniform"),
        Placement(torch.device("cpu"), channels_last=False),
        7,
        Criterion(Targets(class_targets(3))),
        1,
        samples,
        Candidates(nothing),
        None,
        Sandwiched(smallest, largest, distill),
    )
    return work, batch, [largest, *(work.path(0, n) for n in range(samples)), smallest]


def test_a_step_has_the_largest_path_first_and_the_smallest() -> None:
    work, _, expected = search(1.0, samples=3)
    assert work.paths(0) == expected
    assert len({arch.hash for arch in expected}) >= 3


@pytest.mark.parametrize("distill", [1.0, 0.5, 0.0])
def test_the_step_is_the_mean_gradient_with_soft_targets(distill: float) -> None:
    """By the definition: the largest learns from labels, all others from its probabilities, through which no gradient
    goes, and from labels for the rest."""
    work, batch, paths = search(distill)
    network = work.network
    weights = {name: value.detach().clone() for name, value in network.named_parameters()}
    (x,) = batch.inputs
    whole: Any = 0.0
    told = None
    for arch in paths:
        network.hold_architecture(arch)
        logits = network(x)
        hard = F.cross_entropy(logits, batch.targets)
        if told is None:
            told = torch.softmax(logits, 1).detach()
            whole = hard
            continue
        soft = -(told * torch.log_softmax(logits, 1)).sum(1).mean()
        whole = whole + distill * soft + (1 - distill) * hard
    names = list(weights)
    wanted = torch.autograd.grad(whole / len(paths), [network.get_parameter(n) for n in names], allow_unused=True)
    work.step(0)
    for name, gradient in zip(names, wanted, strict=True):
        moved = weights[name] - network.get_parameter(name).detach()
        expected = torch.zeros_like(moved) if gradient is None else gradient
        torch.testing.assert_close(moved, expected, rtol=1e-9, atol=1e-12)


def test_soft_targets_of_labels_numbers_and_void_positions() -> None:
    generator = torch.Generator().manual_seed(0)
    given = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    told = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    any_targets = torch.zeros(4, 3)
    labels = Criterion(Targets(TargetSignature("labels", 3, ("a", "b", "c"), ())))
    p, q = told.sigmoid(), given.sigmoid()
    expected = -(p * q.log() + (1 - p) * (1 - q).log()).mean()
    torch.testing.assert_close(labels.soft(given, told, any_targets), expected)
    numbers = Criterion(Targets(TargetSignature("numbers", 3, ("a", "b", "c"), ())))
    torch.testing.assert_close(numbers.soft(given, told, any_targets), ((given - told) ** 2).mean())
    at_positions = TargetSignature("classes", 3, ("a", "b", "c"), (2,))
    masks = Criterion(Targets(at_positions, void=True))
    given, told = given.reshape(2, 2, 3), told.reshape(2, 2, 3)  # tokens (N, L, C)
    targets = torch.tensor([[0, VOID], [2, 1]])
    each = -(told.softmax(2) * given.log_softmax(2)).sum(2)
    expected = (each[0, 0] + each[1, 0] + each[1, 1]) / 3
    torch.testing.assert_close(masks.soft(given, told, targets), expected)


def test_what_learns_a_distribution_has_no_sandwich() -> None:
    text = "stdsl 1 strategy s = sampling { sandwich { } }"
    found = check_text(Source("s.space", text))
    assert [d.code for d in found] == ["E0510"]
