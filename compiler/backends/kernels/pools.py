"""Max pools over clips that look along space alone, or along time alone, as 2D ones: the same, and faster on CPUs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from .folding import of_frames

Axes = tuple[int, int, int]


def pooled(x: Tensor, k: Axes, stride: Axes, padding: Axes = (0, 0, 0)) -> Tensor:
    """The max pool of (N, C, T, H, W) with windows 1×h×w or t×1×1. Inputs that are not in the channels-last format are
    pooled as they are."""
    if not x.is_contiguous(memory_format=torch.channels_last_3d):
        return F.max_pool3d(x, k, stride, padding)
    if k[0] == 1:
        x = x[:, :, :: stride[0]]
        frames = F.max_pool2d(x.transpose(1, 2).flatten(0, 1), k[1:], stride[1:], padding[1:])
        return of_frames(frames, len(x))
    x = x[..., :: stride[1], :: stride[2]]
    if max(stride[1:]) > 1:
        x = x.contiguous(memory_format=torch.channels_last_3d)
    pixels = F.max_pool2d(x.flatten(3), (k[0], 1), (stride[0], 1), (padding[0], 0))
    return pixels.view(*pixels.shape[:3], *x.shape[3:])
