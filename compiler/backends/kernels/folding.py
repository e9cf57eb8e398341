"""Convolutions over clips that look along space alone, or along time alone, as 2D convolutions: the same numbers,
faster on CPUs.

In the channels-last memory format both are free views: frames go into the batch, (N·T, C, H, W), or pixels into one
axis, (N, C, T, H·W).
In other formats the 3D convolution runs as it is. Weights keep their 3D shape, so state dicts do not change.
"""

from __future__ import annotations

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
    n = len(x)
    y = F.conv2d(
        x.transpose(1, 2).flatten(0, 1),
        conv.weight[:, :, 0],
        conv.bias,
        conv.stride[1:],
        _numbers(conv)[1:],
        conv.dilation[1:],
        conv.groups,
    )
    return of_frames(y, n)


def of_frames(y: Tensor, n: int) -> Tensor:
    """(N·T, C, H, W) as (N, C, T, H, W), where it lies.

    A single frame becomes a dimension of its own: reshaped, it has a stride with which PyTorch's batch norm computes
    wrong gradients on CPUs, without a word (seen with 2.13).
    """
    t = len(y) // n
    return y.unsqueeze(2) if t == 1 else y.reshape(n, t, *y.shape[1:]).transpose(1, 2)


def pixels(conv: nn.Conv3d, x: Tensor) -> Tensor:
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
