"""The second order of DARTS against differentiation through the unrolled step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call

from stdsl.runtime.strategies.gradient.unrolled import unrolled_gradient
from stdsl.runtime.training.statistics import evaluating, keeping_buffers


class Toy(nn.Module):
    """Two operations, mixed; smooth, so that a central difference is exact to its order."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.head = nn.Linear(5, 7), nn.Linear(5, 7), nn.Linear(7, 3)
        self.alpha = nn.Parameter(torch.randn(2))

    def forward(self, x: Tensor) -> Tensor:
        w = torch.softmax(self.alpha, 0)
        return self.head(torch.tanh(w[0] * self.a(x) + w[1] * torch.sin(self.b(x))))


@pytest.fixture
def toy() -> Toy:
    torch.manual_seed(3)
    return Toy().double()


def batches() -> list[tuple[Tensor, Tensor]]:
    torch.manual_seed(4)
    return [(torch.randn(16, 5).double(), torch.randint(3, (16,))) for _ in range(2)]


@pytest.mark.parametrize("rate", [0.025, 0.5])
def test_it_is_the_gradient_through_the_step(toy: Toy, rate: float) -> None:
    (x, y), (u, v) = batches()
    loss = nn.functional.cross_entropy
    weights = [p for name, p in toy.named_parameters() if name != "alpha"]
    names = [name for name, _ in toy.named_parameters() if name != "alpha"]
    before = [w.detach().clone() for w in weights]
    (ours,) = unrolled_gradient(
        lambda: loss(toy(x), y), lambda: loss(toy(u), v), weights, [toy.alpha], rate, scale=1e-4
    )
    assert all(torch.equal(a, b) for a, b in zip(before, weights, strict=True))

    inner = torch.autograd.grad(loss(toy(x), y), weights, create_graph=True)
    moved = {n: w - rate * g for n, w, g in zip(names, weights, inner, strict=True)} | {"alpha": toy.alpha}
    outer = loss(functional_call(toy, moved, (u,)), v)
    (exact,) = torch.autograd.grad(outer, [toy.alpha])
    (first,) = torch.autograd.grad(
        loss(functional_call(toy, {n: m.detach() for n, m in moved.items()} | {"alpha": toy.alpha}, (u,)), v),
        [toy.alpha],
    )
    assert ours is not None
    assert torch.allclose(ours, exact, rtol=1e-6, atol=1e-12)
    assert not torch.allclose(first, exact, rtol=1e-3)  # the second derivative matters here


def test_with_the_papers_step_it_is_close(toy: Toy) -> None:
    (x, y), (u, v) = batches()
    loss = nn.functional.cross_entropy
    weights = [p for name, p in toy.named_parameters() if name != "alpha"]
    fine, coarse = (
        unrolled_gradient(lambda: loss(toy(x), y), lambda: loss(toy(u), v), weights, [toy.alpha], 0.1, scale)[0]
        for scale in (1e-5, 0.01)
    )
    assert fine is not None
    assert coarse is not None
    assert torch.allclose(fine, coarse, rtol=1e-3)


def test_statistics_of_a_batch_leave_the_running_ones() -> None:
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5))
    x = 3 + torch.randn(32, 4)
    before = {name: b.clone() for name, b in net.named_buffers()}
    with evaluating(net, "batch"):
        normal = net(x)
    assert normal.mean(0).abs().max() < 1e-5
    assert all(torch.equal(before[name], b) for name, b in net.named_buffers())
    assert net.training
    assert net[1].training
    with evaluating(net, "running"):
        assert net(x).mean() > 2
    with keeping_buffers(net):
        net(x)
    assert all(torch.equal(before[name], b) for name, b in net.named_buffers())
