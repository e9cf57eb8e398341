"""Operators in Python that generated texts apply (`extern op`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Blend(nn.Module):
    """A learnt mixture of two tensors of one shape."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        share = torch.sigmoid(self.weight)
        return share * a + (1 - share) * b


class Mixed(nn.Module):
    """A pointwise convolution of images or clips, times a factor: (N, inside, …) → (N, c, …)."""

    def __init__(self, c: int, inside: int, gain: float) -> None:
        super().__init__()
        self.gain = gain
        self.weight = nn.Parameter(torch.randn(c, inside) / inside**0.5)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 4:
            return self.gain * F.conv2d(x, self.weight[:, :, None, None])
        return self.gain * F.conv3d(x, self.weight[:, :, None, None, None])
