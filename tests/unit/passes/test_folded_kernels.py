"""The kernels of merged supernets against the modules that they stand for, in float64."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stdsl.compiler.backends.kernels import folded
from stdsl.compiler.backends.kernels.folded import into, stage
from stdsl.compiler.backends.kernels.paths import Window, path
from stdsl.compiler.backends.kernels.recompute import recomputed
from stdsl.compiler.backends.kernels.weighted import edge_weights, weighted

EDGES, C = 3, 4
CONV = {2: nn.Conv2d, 3: nn.Conv3d}
NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}

# name: sizes, then kernel, padding and dilation of the depthwise convolutions that are added up
SHAPES: dict[str, tuple[tuple[int, ...], list[tuple[Any, Any, Any]]]] = {
    "3x3": ((8, 8), [(3, 1, 1)]),
    "wide": ((8, 6), [(5, 2, 1)]),
    "seven": ((8, 9), [(7, 3, 1)]),
    "phases": ((8, 6), [(5, 4, 2)]),
    "odd size, dilated": ((7, 6), [(3, 2, 2)]),
    "no depthwise": ((7, 6), []),
    "frames": ((4, 6, 6), [((1, 3, 3), (0, 1, 1), 1)]),
    "frames in phases": ((4, 6, 6), [((1, 5, 5), (0, 4, 4), 2)]),
    "side by side": ((4, 6, 6), [((1, 3, 3), (0, 1, 1), 1), ((3, 1, 1), (1, 0, 0), 1)]),
    "side by side, dilated": ((4, 6, 6), [((1, 3, 3), (0, 2, 2), 2), ((3, 1, 1), (2, 0, 0), 2)]),
    "instants": ((5, 6, 6), [((3, 1, 1), (2, 0, 0), (2, 1, 1))]),
    "space and time at once": ((5, 6, 6), [((3, 3, 3), 1, 1)]),
}


class Edges(nn.Module):
    """The operations of a few edges, computed one by one."""

    def __init__(self, rank: int, convolutions: list[tuple[Any, Any, Any]], stride: int, affine: bool) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList(
            nn.ModuleList(CONV[rank](C, C, k, stride, p, d, groups=C, bias=False) for _ in range(EDGES))  # type: ignore[misc]
            for k, p, d in convolutions
        )
        self.pointwise = nn.ModuleList(CONV[rank](C, C, 1, bias=False) for _ in range(EDGES))
        self.norms = nn.ModuleList(NORM[rank](C, affine=affine) for _ in range(EDGES))
        for norm in self.norms:
            if affine:
                nn.init.normal_(norm.weight)  # type: ignore[arg-type]
                nn.init.normal_(norm.bias)  # type: ignore[arg-type]
            norm.running_mean.normal_()  # type: ignore[operator,union-attr]
            norm.running_var.uniform_(0.5, 2)  # type: ignore[operator,union-attr]

    def forward(self, x: Tensor) -> list[Tensor]:
        results = []
        for e, part in enumerate(x.chunk(EDGES, 1)):
            inner = sum(parts[e](part) for parts in self.depthwise) if len(self.depthwise) else part  # type: ignore[index]
            results.append(self.norms[e](self.pointwise[e](inner)))
        return results


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(("name", "stride"), [(n, s) for n in SHAPES for s in (1, 2) if s == 1 or SHAPES[n][1]])
def test_equal_to_modules(name: str, stride: int, affine: bool, training: bool) -> None:
    torch.manual_seed(0)
    sizes, convolutions = SHAPES[name]
    plain = Edges(len(sizes), convolutions, stride, affine).double().train(training)
    merged = copy.deepcopy(plain)
    parts = ([list(row) for row in merged.depthwise], list(merged.pointwise), list(merged.norms))  # type: ignore[call-overload]
    x = torch.randn(3, EDGES * C, *sizes, dtype=torch.float64, requires_grad=True)
    w = torch.rand(EDGES, dtype=torch.float64, requires_grad=True)
    for summed in (False, True):
        results = plain(x)
        xs = x.split([C, 2 * C], 1)
        a = sum(w[e] * y for e, y in enumerate(results)) if summed else torch.cat(results, 1).relu()
        b = into(xs, *parts, w) if summed else torch.cat(stage(xs, *parts), 1)
        torch.testing.assert_close(a, b)
        r = torch.randn_like(b)
        wanted = [x, *plain.parameters(), *([w] if summed else [])]
        mine = [x, *merged.parameters(), *([w] if summed else [])]
        for p, q in zip(
            torch.autograd.grad((a * r).sum(), wanted), torch.autograd.grad((b * r).sum(), mine), strict=True
        ):
            torch.testing.assert_close(p, q)
        for (key, p), q in zip(plain.named_buffers(), merged.buffers(), strict=True):
            torch.testing.assert_close(p, q, msg=key)


def test_accurate_far_from_zero() -> None:
    """Inputs whose mean is a thousand times their deviation: the covariance is of centred values."""
    torch.manual_seed(0)
    plain = Edges(2, [], 1, False)
    merged = copy.deepcopy(plain)
    x = 1000 + torch.randn(4, EDGES * C, 8, 8)
    exact = torch.cat(copy.deepcopy(plain).double()(x.double()), 1).relu()
    mine = stage([x], [], list(merged.pointwise), list(merged.norms))[0]
    assert (mine - exact).abs().max() < 2e-2
    assert (mine - exact).abs().max() <= 2 * (torch.cat(plain(x), 1).relu() - exact).abs().max()


def test_portions_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small portions, each with operations of its own."""
    torch.manual_seed(0)
    plain = Edges(2, [(3, 1, 1)], 1, True).double()
    merged = copy.deepcopy(plain)
    parts = ([list(row) for row in merged.depthwise], list(merged.pointwise), list(merged.norms))  # type: ignore[call-overload]
    xs = torch.randn(2, EDGES * C, 4, 4, dtype=torch.float64).split(C, 1)
    w = torch.rand(EDGES, dtype=torch.float64)
    whole = into(xs, *([list(row) for row in plain.depthwise], list(plain.pointwise), list(plain.norms)), w)  # type: ignore[call-overload]
    monkeypatch.setattr(folded, "TOGETHER", 1)
    assert len(stage(xs, *parts)) == EDGES
    torch.testing.assert_close(into(xs, *parts, w), whole)


def test_one_value_a_channel_is_refused() -> None:
    edges = Edges(2, [], 1, False)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        stage([torch.randn(1, EDGES * C, 1, 1)], [], list(edges.pointwise), list(edges.norms))


def test_no_gradient_that_is_not_wanted() -> None:
    """With the weights frozen neither their gradients nor the input of the convolution are kept."""
    edges = Edges(2, [(3, 1, 1)], 1, False).requires_grad_(False)
    w = torch.rand(EDGES, requires_grad=True)
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t.detach(), lambda t: t):  # type: ignore[func-returns-value]
        x = torch.randn(2, EDGES * C, 8, 8)
        y = into([x], [list(edges.depthwise[0])], list(edges.pointwise), list(edges.norms), w)  # type: ignore[call-overload]
    assert all(t.data_ptr() != x.data_ptr() for t in kept)
    (gradient,) = torch.autograd.grad(y.sum(), [w])
    assert gradient.shape == (EDGES,)
    assert all(p.grad is None for p in edges.parameters())


def test_weighted_sums() -> None:
    w = torch.rand(5, dtype=torch.float64, requires_grad=True)
    values = [torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    torch.testing.assert_close(weighted(w, (3, 1), *values), w[3] * values[0] + w[1] * values[1])
    assert torch.autograd.gradcheck(lambda w, a, b: weighted(w, (3, 1), a, b), (w, *values))
    with torch.no_grad():
        still = w.clone()
    kept: list[Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t.detach(), lambda t: t):  # type: ignore[func-returns-value]
        weighted(still, (3, 1), *values)
    assert all(t.numel() == 5 for t in kept)


def test_weights_of_edges() -> None:
    alphas = [torch.rand(3), torch.rand(3)]
    betas = torch.rand(2)
    torch.testing.assert_close(edge_weights(betas, alphas), torch.cat([betas[0] * alphas[0], betas[1] * alphas[1]]))
    torch.testing.assert_close(edge_weights(None, alphas), torch.cat(alphas))
    uneven = [torch.rand(3), torch.rand(2)]
    torch.testing.assert_close(edge_weights(betas, uneven), torch.cat([betas[0] * uneven[0], betas[1] * uneven[1]]))


def test_steps() -> None:
    def names(sizes: tuple[int, ...], window: Window) -> list[str] | None:
        found = path(sizes, window)
        return None if found is None else [type(step).__name__ for step in found[0]]

    assert names((8, 8), Window((3, 3), (1, 1), (1, 1), (1, 1))) == []
    assert names((8, 8), Window((3, 3), (1, 1), (2, 2), (2, 2))) == ["Phases"]
    assert names((7, 8), Window((3, 3), (1, 1), (2, 2), (2, 2))) is None
    assert names((7, 8), Window((3, 3), (2, 2), (2, 2), (2, 2))) == ["Subsample"]
    assert names((4, 8, 8), Window((1, 3, 3), (1, 1, 1), (0, 2, 2), (2, 2, 2))) == ["Frames", "Phases"]
    assert names((4, 8, 8), Window((3, 1, 1), (2, 2, 2), (1, 0, 0), (1, 1, 1))) == ["Subsample", "Instants"]
    assert names((4, 8, 8), Window((3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1))) is None


def test_recomputed_parts_track_once() -> None:
    plain = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2)).double()
    again = copy.deepcopy(plain)
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    plain(x).square().sum().backward()
    recomputed(again, x).square().sum().backward()
    for (key, p), q in zip(plain.state_dict().items(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(p, q, msg=key)
    for p, q in zip(plain.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad)
    assert again[1].momentum == 0.1
