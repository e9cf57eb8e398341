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


class TemporalGaussianConv3d(nn.Module):
    """The inflated temporal Gaussian mixture layer: (N, C_in, T, H, W) to (N, C_out, T', H', W').

    Piergiovanni et al., Evolving Space-Time Neural Architectures for Videos, ICCV 2019, Eq. 1 and 2.
    The kernel is a spatial kernel (C_out, C_in, h, w) times a kernel over time (C_out, L), each row of which mixes M
    normalised Gaussians; their centres are μ = (L - 1) / 2 · (tanh μ̂ + 1), their variances σ² = exp σ̂, so that no
    parameter depends on L. ``pad``: "same" (the output is ceil(size / stride)) or None.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, int, int],
        stride: tuple[int, int, int] = (1, 1, 1),
        mixtures: int = 4,
        bias: bool = False,
        pad: str | None = "same",
    ) -> None:
        super().__init__()
        self.length = kernel[0]
        self.stride, self.pad = stride, pad
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, *kernel[1:]))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        # Centres apart from each other, so that the Gaussians do not start as copies of one.
        self.centre = nn.Parameter(torch.atanh(2 * (torch.arange(mixtures) + 0.5) / mixtures - 1))
        self.log_variance = nn.Parameter(torch.zeros(mixtures))
        self.mixing = nn.Parameter(torch.empty(out_channels, mixtures).normal_(std=0.1))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def kernel(self) -> torch.Tensor:
        """The kernel as an ordinary one: (C_out, C_in, L, h, w)."""
        place = torch.arange(self.length, dtype=self.weight.dtype, device=self.weight.device)
        centre = (self.length - 1) / 2 * (torch.tanh(self.centre) + 1)
        # A softmax over places is the normalised Gaussian of Eq. 1, and stays finite however narrow it is.
        gaussians = torch.softmax(-((place - centre[:, None]) ** 2) / (2 * self.log_variance.exp()[:, None]), dim=1)
        time = torch.softmax(self.mixing, dim=1) @ gaussians
        return self.weight[:, :, None] * time[:, None, :, None, None]

    def padding(self, sizes: tuple[int, ...]) -> list[int]:
        """What is added before and after each axis, in the order of ``F.pad``.

        Odd windows alike on both sides; even ones the least that gives ceil(size / stride), the excess at the end.
        """
        if self.pad is None:
            return [0] * 6
        pads: list[int] = []
        for size, k, s in zip(sizes, (self.length, *self.weight.shape[2:]), self.stride, strict=True):
            total = k - 1 if k % 2 else max((-(-size // s) - 1) * s + k - size, 0)
            pads = [total // 2, total - total // 2, *pads]
        return pads

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pads = self.padding(tuple(x.shape[2:]))
        if pads[0::2] == pads[1::2]:
            return F.conv3d(x, self.kernel(), self.bias, self.stride, tuple(pads[::-2]))
        return F.conv3d(F.pad(x, pads), self.kernel(), self.bias, self.stride)

    def stretch(self, length: int) -> None:
        """Changes the length L of the kernel; every parameter keeps its value."""
        self.length = length

    @torch.no_grad()
    def materialise(self, sizes: tuple[int, int, int] | None = None) -> nn.Module:
        """An ``nn.Conv3d`` with the present kernel, behind a padding layer where the kernel needs an uneven one.

        ``sizes`` (T, H, W) of the input; raises ValueError where they are missing and the padding depends on them.
        """
        kernel = self.kernel()
        c_out, c_in, *window = kernel.shape
        if sizes is None and self.pad and any(k % 2 == 0 and s > 1 for k, s in zip(window, self.stride, strict=True)):
            raise ValueError("a strided window of even size pads by the size of its input: give sizes = (T, H, W)")
        pads = self.padding(sizes or (1, 1, 1))
        symmetric = pads[0::2] == pads[1::2]
        padding = (pads[5], pads[3], pads[1]) if symmetric else (0, 0, 0)
        size = (window[0], window[1], window[2])
        conv = nn.Conv3d(c_in, c_out, size, self.stride, padding, bias=self.bias is not None)
        conv.weight.copy_(kernel)
        if conv.bias is not None and self.bias is not None:
            conv.bias.copy_(self.bias)
        conv = conv.to(kernel.device, kernel.dtype)
        if symmetric:
            return conv
        return nn.Sequential(nn.ZeroPad3d((pads[0], pads[1], pads[2], pads[3], pads[4], pads[5])), conv)


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
