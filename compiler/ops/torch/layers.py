"""The few layers that torch lacks. Each class is self-contained: its source text is copied into generated files, under
``import torch``, ``from torch import nn`` and ``from torch.nn import functional as F``.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class ChannelScale(nn.Module):
    """Multiplies each channel by a learnt factor: (N, C, …) to (N, C, …), or with ``last`` (N, …, C) to (N, …, C)."""

    def __init__(self, channels: int, last: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.last = last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.last:
            return x * self.weight
        return x * self.weight.reshape(-1, *[1] * (x.dim() - 2))


class ChannelBias(nn.Module):
    """Adds a learnt number to each channel: (N, C, …) to (N, C, …), or with ``last`` (N, …, C) to (N, …, C)."""

    def __init__(self, channels: int, last: bool = False) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.last = last

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.last:
            return x + self.bias
        return x + self.bias.reshape(-1, *[1] * (x.dim() - 2))


class PaddedAvgPool(nn.Module):
    """An average pool whose padding is left out of the mean, and may differ before and after.

    ``F.avg_pool3d`` pads alike on both sides only, and refuses inputs smaller than its window. ``pad`` is in the order
    of ``F.pad`` (the last axis first). (N, C, H, W) or (N, C, T, H, W).
    """

    def __init__(self, kernel: tuple[int, ...], stride: tuple[int, ...], pad: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel, self.stride, self.pad = kernel, stride, pad

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pool = F.avg_pool2d if x.dim() == 4 else F.avg_pool3d
        inside = F.pad(torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device), self.pad)
        mean = pool(F.pad(x, self.pad), self.kernel, self.stride)
        return mean / pool(inside, self.kernel, self.stride)


class TemporalGaussian(nn.Module):
    """A convolution of each channel over time, with mixtures of Gaussians: (N, C, T, H, W) to (N, C, T', H, W).

    Piergiovanni et al., Evolving Space-Time Neural Architectures for Videos, ICCV 2019, Eq. 1 and 2: the kernels
    (C, L) mix M normalised Gaussians; their centres are μ = (L - 1) / 2 · (tanh μ̂ + 1), their variances σ² = exp σ̂, so
    that no parameter depends on L. ``padding``: frames of zeros before and after.
    """

    def __init__(
        self, channels: int, length: int, stride: int = 1, padding: int = 0, mixtures: int = 4, bias: bool = False
    ) -> None:
        super().__init__()
        self.channels, self.length, self.stride, self.padding = channels, length, stride, padding
        # Centres apart from each other, so that the Gaussians do not start as copies of one.
        self.centre = nn.Parameter(torch.atanh(2 * (torch.arange(mixtures) + 0.5) / mixtures - 1))
        self.log_variance = nn.Parameter(torch.zeros(mixtures))
        self.mixing = nn.Parameter(torch.empty(channels, mixtures).normal_(std=0.1))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def kernels(self) -> torch.Tensor:
        """One kernel over time for each channel: (C, L), each adding up to 1."""
        place = torch.arange(self.length, dtype=self.centre.dtype, device=self.centre.device)
        centre = (self.length - 1) / 2 * (torch.tanh(self.centre) + 1)
        # A softmax over places is the normalised Gaussian of Eq. 1, and stays finite however narrow it is.
        gaussians = torch.softmax(-((place - centre[:, None]) ** 2) / (2 * self.log_variance.exp()[:, None]), dim=1)
        return torch.softmax(self.mixing, dim=1) @ gaussians

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # In 2D, over frames × pixels: the numbers of a 3D convolution, which takes up to fifty times as long on CPUs.
        kernels = self.kernels()[:, None, :, None]
        y = F.conv2d(x.flatten(3), kernels, self.bias, (self.stride, 1), (self.padding, 0), 1, self.channels)
        return y.reshape(*y.shape[:3], *x.shape[3:])

    @torch.no_grad()
    def materialise(self) -> nn.Module:
        """An ``nn.Conv3d`` with the present kernels."""
        conv = nn.Conv3d(
            self.channels,
            self.channels,
            (self.length, 1, 1),
            (self.stride, 1, 1),
            (self.padding, 0, 0),
            groups=self.channels,
            bias=self.bias is not None,
        )
        conv.weight.copy_(self.kernels()[:, None, :, None, None])
        if conv.bias is not None and self.bias is not None:
            conv.bias.copy_(self.bias)
        return conv.to(self.mixing.device, self.mixing.dtype)


class DropPath(nn.Module):
    """In training, a sample's values are zero with the probability 1 - ``keep``, else divided by ``keep``: (N, …) to
    (N, …).

    ``keep`` is a tensor of no axis, which training sets step by step; it is 1 at first, and no part of the state dict.
    """

    keep: torch.Tensor
    _drops_paths = True  # users' names never begin with an underscore

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("keep", torch.ones(()), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        keep = self.keep.to(x.dtype)
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) < self.keep
        return x / keep * kept
