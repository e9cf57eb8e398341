"""Candidate operations of DARTS (Liu et al., 2019) and SDAS, for images and for clips.

Windows are per axis: (3, 3) for images, (3, 3, 3) for clips. Names of attributes are those of stdsl's standard library,
so that weights carry over by name.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

CONV = {2: nn.Conv2d, 3: nn.Conv3d}
NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
MAX_POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
AVG_POOL = {2: nn.AvgPool2d, 3: nn.AvgPool3d}
Window = tuple[int, ...]


def strides(window: Window, stride: int) -> Window:
    return (stride,) * len(window)


def depthwise(c: int, window: Window, stride: int, dilation: int) -> nn.Module:
    """One filter per channel, padded to the same size. A dilation reaches along the axes that the window has."""
    gaps = tuple(dilation if k > 1 else 1 for k in window)
    pads = tuple(d * (k - 1) // 2 for k, d in zip(window, gaps, strict=True))
    conv = CONV[len(window)]
    return conv(c, c, window, strides(window, stride), pads, gaps, groups=c, bias=False)  # type: ignore[arg-type]


def pointwise(c: int, rank: int) -> nn.Module:
    return CONV[rank](c, c, 1, bias=False)


class DilatedConv(nn.Module):
    """ReLU, depthwise, pointwise, batch-norm."""

    def __init__(self, c: int, window: Window, stride: int, dilation: int = 2) -> None:
        super().__init__()
        rank = len(window)
        self.relu = nn.ReLU()
        self.depthwise = depthwise(c, window, stride, dilation)
        self.pointwise = pointwise(c, rank)
        self.bn = NORM[rank](c, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn(self.pointwise(self.depthwise(self.relu(x))))
        return y


class SeparableConv(nn.Module):
    """The same twice, undilated, the stride in the first."""

    def __init__(self, c: int, window: Window, stride: int) -> None:
        super().__init__()
        rank = len(window)
        self.relu = nn.ReLU()
        self.depthwise = depthwise(c, window, stride, 1)
        self.pointwise = pointwise(c, rank)
        self.bn = NORM[rank](c, affine=False)
        self.depthwise_2 = depthwise(c, window, 1, 1)
        self.pointwise_2 = pointwise(c, rank)
        self.bn_2 = NORM[rank](c, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.pointwise(self.depthwise(self.relu(x))))
        y: Tensor = self.bn_2(self.pointwise_2(self.depthwise_2(self.relu(x))))
        return y


class SideBySide(nn.Module):
    """ReLU, a depthwise convolution over space plus one over time, pointwise, batch-norm (SDAS, for clips)."""

    def __init__(self, c: int, window: Window, stride: int, dilation: int = 1) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.depthwise = depthwise(c, (1, *window[1:]), stride, dilation)
        self.depthwise_2 = depthwise(c, (window[0], 1, 1), stride, dilation)
        self.pointwise = pointwise(c, 3)
        self.bn = NORM[3](c, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        y: Tensor = self.bn(self.pointwise(self.depthwise(x) + self.depthwise_2(x)))
        return y


class Separable3d(nn.Module):
    """Side by side twice, the stride in the first."""

    def __init__(self, c: int, window: Window, stride: int) -> None:
        super().__init__()
        self.a = SideBySide(c, window, stride)
        self.b = SideBySide(c, window, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.b(self.a(x))
        return y


class FactorizedReduce(nn.Module):
    """Halves every axis: two strided pointwise convolutions, the second shifted by one, side by side."""

    def __init__(self, c_in: int, c: int, rank: int, affine: bool) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.pointwise = CONV[rank](c_in, c - c // 2, 1, stride=2, bias=False)
        self.pointwise_2 = CONV[rank](c_in, c // 2, 1, stride=2, bias=False)
        self.bn = NORM[rank](c, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        shifted = x[(slice(None), slice(None), *[slice(1, None)] * (x.dim() - 2))]
        y: Tensor = self.bn(torch.cat([self.pointwise(x), self.pointwise_2(shifted)], 1))
        return y


class ReluConvBn(nn.Module):
    """Brings an input of a cell to its width."""

    def __init__(self, c_in: int, c: int, rank: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = CONV[rank](c_in, c, 1, bias=False)
        self.bn = NORM[rank](c)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn(self.conv(self.relu(x)))
        return y


def _pool(kind: str, window: Window, stride: int) -> nn.Module:
    pads = tuple(k // 2 for k in window)
    step = strides(window, stride)
    if kind == "max":
        return MAX_POOL[len(window)](window, step, pads)  # type: ignore[arg-type]
    return AVG_POOL[len(window)](window, step, pads, count_include_pad=False)  # type: ignore[arg-type]


def _skip(c: int, stride: int, rank: int) -> nn.Module:
    return nn.Identity() if stride == 1 else FactorizedReduce(c, c, rank, affine=False)


Maker = Callable[[int, int], nn.Module]
"""Channels and stride → operation."""

O2D: dict[str, Maker] = {
    "skip": lambda c, s: _skip(c, s, 2),
    "max_pool": lambda c, s: _pool("max", (3, 3), s),
    "avg_pool": lambda c, s: _pool("avg", (3, 3), s),
    "sep3": lambda c, s: SeparableConv(c, (3, 3), s),
    "sep5": lambda c, s: SeparableConv(c, (5, 5), s),
    "dil3": lambda c, s: DilatedConv(c, (3, 3), s),
    "dil5": lambda c, s: DilatedConv(c, (5, 5), s),
}
O3D: dict[str, Maker] = {
    "skip": lambda c, s: _skip(c, s, 3),
    "max133": lambda c, s: _pool("max", (1, 3, 3), s),
    "max333": lambda c, s: _pool("max", (3, 3, 3), s),
    "sep133": lambda c, s: SeparableConv(c, (1, 3, 3), s),
    "sep155": lambda c, s: SeparableConv(c, (1, 5, 5), s),
    "dil133": lambda c, s: DilatedConv(c, (1, 3, 3), s),
    "sep333": lambda c, s: Separable3d(c, (3, 3, 3), s),
    "sep355": lambda c, s: Separable3d(c, (3, 5, 5), s),
    "dil333": lambda c, s: SideBySide(c, (3, 3, 3), s, dilation=2),
}
