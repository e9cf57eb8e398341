"""EvaNet's iTGM layer against its equations, and as what it is: a convolution over space, then one over time."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from stdsl.compiler.ops.torch.layers import TemporalGaussian


def layer(length: int = 5, mixtures: int = 3, channels: int = 4, **given: int) -> TemporalGaussian:
    torch.manual_seed(0)
    made = TemporalGaussian(channels, length, mixtures=mixtures, **given)
    for p in made.parameters():
        torch.nn.init.normal_(p)
    return made


@pytest.mark.parametrize("length", [1, 2, 3, 6, 11])
def test_the_kernels_are_those_of_the_equations(length: int) -> None:
    m = layer(length)
    kernels = m.kernels()
    assert kernels.shape == (4, length)
    for i in range(4):
        attention = [math.exp(a) for a in m.mixing[i].tolist()]
        for place in range(length):
            weight = 0.0
            for j, (centre, variance) in enumerate(zip(m.centre.tolist(), m.log_variance.tolist(), strict=True)):
                mu = (length - 1) / 2 * (math.tanh(centre) + 1)
                assert 0 <= mu <= length - 1
                bell = [math.exp(-((t - mu) ** 2) / (2 * math.exp(variance))) for t in range(length)]
                weight += attention[j] / sum(attention) * bell[place] / sum(bell)
            torch.testing.assert_close(kernels[i, place].item(), weight, rtol=1e-5, atol=1e-6)


def test_parameters_do_not_hang_on_the_length() -> None:
    for length in (1, 3, 5, 7, 9, 11):
        assert sum(p.numel() for p in layer(length).parameters()) == 2 * 3 + 3 * 4
        torch.testing.assert_close(layer(length).kernels().sum(1), torch.ones(4))


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 11])
@pytest.mark.parametrize("stride", [(1, 1, 1), (2, 1, 1), (3, 2, 2)])
@pytest.mark.parametrize("padded", [True, False])
def test_the_layer_is_the_convolution_with_the_full_kernel(
    length: int, stride: tuple[int, int, int], padded: bool
) -> None:
    """S ⋆ K of section 3.1 as one kernel (C_out, C_in, L, H, W), in value and in every gradient."""
    if not padded and length > 7:
        return
    pad = length // 2 if padded and length % 2 else 0
    m = layer(length, stride=stride[0], padding=pad, bias=True).double()
    spatial = torch.randn(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)
    x = torch.randn(2, 3, 7, 6, 5, dtype=torch.float64, requires_grad=True)

    factorised = m(F.conv3d(x, spatial[:, :, None], None, (1, *stride[1:]), (0, 1, 1)))
    kernel = spatial[:, :, None] * m.kernels()[:, None, :, None, None]
    full = F.conv3d(x, kernel, m.bias, stride, (pad, 1, 1))
    torch.testing.assert_close(factorised, full)

    weights = torch.randn_like(full)
    learnt = [x, spatial, *m.parameters()]
    ours = torch.autograd.grad((factorised * weights).sum(), learnt)
    theirs = torch.autograd.grad((full * weights).sum(), learnt)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b)


def test_extreme_parameters_stay_finite() -> None:
    m = layer(7)
    with torch.no_grad():
        m.centre.copy_(torch.tensor([50.0, -50.0, 0.0]))
        m.log_variance.copy_(torch.tensor([-30.0, -30.0, 30.0]))
    y = m(torch.randn(1, 4, 7, 3, 3)).square().sum()
    y.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in m.parameters())


def test_the_gaussians_start_apart() -> None:
    fresh = TemporalGaussian(1, 9)
    assert len({round(c, 6) for c in fresh.centre.tolist()}) == 4
    torch.testing.assert_close(torch.tanh(fresh.centre), torch.tensor([-0.75, -0.25, 0.25, 0.75]))


@pytest.mark.parametrize(("length", "padding"), [(1, 0), (2, 0), (5, 2)])
@pytest.mark.parametrize("stride", [1, 3])
def test_the_materialised_convolution_computes_the_same(length: int, padding: int, stride: int) -> None:
    m = layer(length, stride=stride, padding=padding, bias=True)
    x = torch.randn(2, 4, 7, 6, 5)
    plain = m.materialise()
    assert isinstance(plain, torch.nn.Conv3d)
    torch.testing.assert_close(plain(x), m(x))
