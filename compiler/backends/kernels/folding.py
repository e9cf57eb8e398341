"""Convolutions over clips that look along space alone, or along time alone, as 2D convolutions: the same numbers,
faster on CPUs.

In the channels-last memory format both are free views: frames go into the batch, (N·T, C, H, W), or pixels into one
axis, (N, C, T, H·W).
In other formats the 3D convolution runs as it is. Weights keep their 3D shape, so state dicts do not change.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def frames(conv: nn.Conv3d, x: Tensor) -> Tensor:
    """``conv``, of a window 1×h×w, frame by frame: (N, C, T, H, W) to (N, C', T', H', W')."""
    if not x.is_contiguous(memory_format=torch.channels_last_3d):
        y: Tensor = nn.Conv3d.forward(conv, x)
        return y
    if conv.stride[0] > 1:
        x = x[:, :, :: conv.stride[0]].contiguous(memory_format=torch.channels_last_3d)
    n, _, t, _, _ = x.shape
    y = F.conv2d(
        x.transpose(1, 2).flatten(0, 1),
        conv.weight[:, :, 0],
        conv.bias,
        conv.stride[1:],
        _numbers(conv)[1:],
        conv.dilation[1:],
        conv.groups,
    )
    return y.reshape(n, t, *y.shape[1:]).transpose(1, 2)


def instants(conv: nn.Conv3d, x: Tensor) -> Tensor:
    """``conv``, of a window t×1×1, pixel by pixel: (N, C, T, H, W) to (N, C', T', H', W')."""
    if not x.is_contiguous(memory_format=torch.channels_last_3d):
        y: Tensor = nn.Conv3d.forward(conv, x)
        return y
    if conv.stride[1] > 1 or conv.stride[2] > 1:
        x = x[..., :: conv.stride[1], :: conv.stride[2]].contiguous(memory_format=torch.channels_last_3d)
    h, w = x.shape[3:]
    y = F.conv2d(
        x.flatten(3),
        conv.weight[..., 0],
        conv.bias,
        (conv.stride[0], 1),
        (_numbers(conv)[0], 0),
        (conv.dilation[0], 1),
        conv.groups,
    )
    return y.reshape(*y.shape[:3], h, w)


def _numbers(conv: nn.Conv3d) -> tuple[int, ...]:
    assert not isinstance(conv.padding, str)
    return tuple(conv.padding)


def fold(conv: nn.Conv3d) -> Literal["frames", "instants"] | None:
    """How a 3D convolution is to be folded: not at all where it cannot be, and where measurements say that it does
    not pay (1×1×1 windows,
    and strides unless each channel stands alone)."""
    kernel, padding = conv.kernel_size, conv.padding
    if isinstance(padding, str) or conv.padding_mode != "zeros" or max(kernel) == 1:
        return None
    if max(conv.stride) > 1 and conv.groups == 1:
        return None
    if kernel[0] == 1 and padding[0] == 0:
        return "frames"
    if kernel[1] == kernel[2] == 1 and padding[1] == padding[2] == 0:
        return "instants"
    return None


class FramesConv3d(nn.Conv3d):
    """A 1×h×w convolution by :func:`frames`."""

    def forward(self, input: Tensor) -> Tensor:
        return frames(self, input)


class InstantsConv3d(nn.Conv3d):
    """A t×1×1 convolution by :func:`instants`."""

    def forward(self, input: Tensor) -> Tensor:
        return instants(self, input)


def fold_convolutions(model: nn.Module) -> int:
    """Let the plain 3D convolutions of ``model`` that gain by it run folded, and say how many they are. Weights,
    names and results stay;
    only inputs in channels-last format (``x.to(memory_format=torch.channels_last_3d)``) are affected."""
    classes: dict[str, type[nn.Conv3d]] = {"frames": FramesConv3d, "instants": InstantsConv3d}
    count = 0
    for module in model.modules():
        if type(module) is nn.Conv3d:
            how = fold(module)
            if how is not None:
                module.__class__ = classes[how]
                count += 1
    return count
