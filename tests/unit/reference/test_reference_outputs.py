"""Outputs of the interpreter's networks, computed by hand."""

import pytest
import torch
from reference import load, outcomes
from reference.forward import forward, values
from torch import Tensor, nn


def output(body: str, x: Tensor, layout: str = "image") -> Tensor:
    sizes = ", ".join(map(str, x.shape[1:]))
    (one,) = outcomes(load(f"stdsl 1 meta m on x: {layout}({sizes}) = x -> {body} space s = m"))
    return forward(one, {"x": x})["output"]


@pytest.mark.parametrize(
    ("body", "module"),
    [
        ("conv(4, 3, stride = 2, dilation = 2, groups = 2, bias = true)", nn.Conv2d(2, 4, 3, 2, 2, 2, 2, True)),
        ("depthwise(5x3)", nn.Conv2d(2, 2, (5, 3), 1, (2, 1), groups=2, bias=False)),
        ("conv(4, 2, pad = none)", nn.Conv2d(2, 4, 2, bias=False)),
        ("max_pool(3, 2)", nn.MaxPool2d(3, 2, 1)),
        ("avg_pool(3, 2)", nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
        ("group_norm(2)", nn.GroupNorm(2, 2)),
        ("gelu", nn.GELU()),
        ("hswish", nn.Hardswish()),
        ("channel_shuffle(2)", nn.ChannelShuffle(2)),
        ("upsample(2)", nn.Upsample(scale_factor=2)),
    ],
)
def test_as_the_modules_of_torch(body: str, module: nn.Module) -> None:
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(values(tuple(parameter.shape)))
        x = torch.randn(2, 2, 7, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        assert torch.allclose(output(body, x), module(x))


def test_even_windows_have_their_excess_at_the_end() -> None:
    x = torch.arange(1.0, 6.0, dtype=torch.float64).reshape(1, 1, 1, 5)
    assert output("max_pool(1x2)", x).flatten().tolist() == [2, 3, 4, 5, 5]
    assert output("avg_pool(1x2)", x).flatten().tolist() == [1.5, 2.5, 3.5, 4.5, 5]
    assert output("max_pool(1x4, stride = 1x2)", x).flatten().tolist() == [3, 5, 5]


def test_positions_past_the_end_are_zero() -> None:
    x = torch.arange(1.0, 6.0, dtype=torch.float64).reshape(1, 1, 1, 5)
    assert output("subsample(1x2, offset = (0, 1))", x).flatten().tolist() == [2, 4, 0]


def test_frames_become_channels() -> None:
    x = torch.arange(8.0, dtype=torch.float64).reshape(1, 2, 4, 1, 1)
    found = output("time_to_channel(2)", x, "clip")
    assert found.flatten(2).tolist() == [[[0, 2], [1, 3], [4, 6], [5, 7]]]


def test_values_differ_between_parameters_of_other_sizes() -> None:
    assert values((4, 3, 1, 1)).flatten().tolist() == values((4, 3)).flatten().tolist()
    assert not torch.allclose(values((4, 3)).flatten(), values((3, 4)).flatten())
    assert (values((8,)) > 0).all()
