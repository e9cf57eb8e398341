"""EvaNet's iTGM layer against its equations, its stretching and its materialised kernel."""

from __future__ import annotations

import math

import pytest
import torch

from stdsl.compiler.ops.torch.layers import TemporalGaussianConv3d


def layer(length: int = 5, mixtures: int = 3, **given: object) -> TemporalGaussianConv3d:
    torch.manual_seed(0)
    made = TemporalGaussianConv3d(2, 4, (length, 3, 3), mixtures=mixtures, **given)  # type: ignore[arg-type]
    for p in made.parameters():
        torch.nn.init.normal_(p)
    return made


@pytest.mark.parametrize("length", [1, 2, 3, 6, 11])
def test_the_kernel_is_that_of_the_equations(length: int) -> None:
    m = layer(length)
    kernel = m.kernel()
    assert kernel.shape == (4, 2, length, 3, 3)
    for i in range(4):
        attention = [math.exp(a) for a in m.mixing[i].tolist()]
        for place in range(length):
            weight = 0.0
            for j, (centre, variance) in enumerate(zip(m.centre.tolist(), m.log_variance.tolist(), strict=True)):
                mu = (length - 1) / 2 * (math.tanh(centre) + 1)
                assert 0 <= mu <= length - 1
                bell = [math.exp(-((t - mu) ** 2) / (2 * math.exp(variance))) for t in range(length)]
                weight += attention[j] / sum(attention) * bell[place] / sum(bell)
            torch.testing.assert_close(kernel[i, :, place], m.weight[i] * weight)


def test_parameters_do_not_hang_on_the_length_and_stretching_keeps_them() -> None:
    m = layer(3)
    before = {name: p.clone() for name, p in m.named_parameters()}
    assert sum(p.numel() for p in m.parameters()) == 3 * 3 * 2 * 4 + 2 * 3 + 3 * 4
    x = torch.randn(1, 2, 12, 5, 5)
    m.stretch(11)
    assert m.kernel().shape == (4, 2, 11, 3, 3)
    assert m(x).shape == (1, 4, 12, 5, 5)
    assert all(torch.equal(p, before[name]) for name, p in m.named_parameters())
    torch.testing.assert_close(m.kernel().sum(2), m.weight.data)


def test_extreme_parameters_stay_finite() -> None:
    m = layer(7)
    with torch.no_grad():
        m.centre.copy_(torch.tensor([50.0, -50.0, 0.0]))
        m.log_variance.copy_(torch.tensor([-30.0, -30.0, 30.0]))
    y = m(torch.randn(1, 2, 7, 3, 3)).sum()
    y.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in m.parameters())


def test_the_gaussians_start_apart() -> None:
    fresh = TemporalGaussianConv3d(1, 1, (9, 1, 1), mixtures=4)
    assert len({round(c, 6) for c in fresh.centre.tolist()}) == 4
    torch.testing.assert_close(torch.tanh(fresh.centre), torch.tensor([-0.75, -0.25, 0.25, 0.75]))


@pytest.mark.parametrize("length", [1, 2, 4, 5])
@pytest.mark.parametrize("stride", [(1, 1, 1), (2, 1, 1), (3, 2, 2)])
@pytest.mark.parametrize("pad", ["same", None])
def test_the_materialised_convolution_computes_the_same(length: int, stride: tuple[int, int, int], pad: str) -> None:
    m = layer(length, stride=stride, bias=True, pad=pad)
    x = torch.randn(2, 2, 7, 6, 5)
    plain = m.materialise((7, 6, 5))
    torch.testing.assert_close(plain(x), m(x))
    assert not any(isinstance(part, TemporalGaussianConv3d) for part in plain.modules())


def test_materialising_asks_for_the_sizes_where_the_padding_hangs_on_them() -> None:
    assert isinstance(layer(5, stride=(2, 1, 1)).materialise(), torch.nn.Conv3d)
    layer(4).materialise()
    with pytest.raises(ValueError, match="give sizes"):
        layer(4, stride=(2, 1, 1)).materialise()
