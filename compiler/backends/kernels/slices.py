"""Layers that compute with a part of their weights: the leading channels, and the centre of the window.

What is smaller shares its weights with what is larger (Guo et al., Single Path One-Shot, ECCV 2020; Cai et al.,
Once-for-All, ICLR 2020, without the learnt transform of kernels). A slice is a view: gradients reach it and no other
weights. How many channels come in is seen from the input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
_CONVOLVE: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def sliced(weight: Tensor, shape: Sequence[int], centred: int) -> Tensor:
    """The part of ``weight`` with this shape: leading, and in the middle along the axes from ``centred`` on. Where the
    sizes differ by an odd number it begins half of that, rounded down, from the start."""
    for axis, size in enumerate(shape):
        if size != weight.shape[axis]:
            start = (weight.shape[axis] - size) // 2 if axis >= centred else 0
            weight = weight.narrow(axis, start, size)
    return weight


def sliced_conv(
    conv: Convolution,
    x: Tensor,
    out_channels: int | None = None,
    kernel_size: tuple[int, ...] | None = None,
    stride: tuple[int, ...] | None = None,
    padding: tuple[int, ...] | None = None,
    dilation: tuple[int, ...] | None = None,
) -> Tensor:
    """A convolution of (N, C, …) with a part of the weights of ``conv``; what is not given is its own. One whose groups
    are its channels (depthwise) has as many groups as ``x`` has channels."""
    depthwise = conv.groups == conv.in_channels and conv.groups > 1
    many = out_channels or conv.out_channels
    groups = x.shape[1] if depthwise else conv.groups
    shape = (many, x.shape[1] // groups, *(kernel_size or conv.kernel_size))
    weight = sliced(conv.weight, shape, 2)
    bias = None if conv.bias is None else conv.bias[:many]
    convolve = _CONVOLVE[len(conv.kernel_size)]
    own = (stride or conv.stride, padding or conv.padding, dilation or conv.dilation)
    return convolve(x, weight, bias, *own, groups)


def sliced_linear(linear: nn.Linear, x: Tensor, out_features: int | None = None) -> Tensor:
    """From the last axis of ``x`` to ``out_features``, with the leading rows and columns of the weights."""
    many = out_features or linear.out_features
    return F.linear(x, linear.weight[:many, : x.shape[-1]], None if linear.bias is None else linear.bias[:many])


def sliced_norm(norm: nn.modules.batchnorm._BatchNorm, x: Tensor) -> Tensor:
    """A batch-norm of (N, C, …) with the scales, biases and running statistics of its leading channels."""
    many = x.shape[1]
    momentum = norm.momentum or 0.0
    if norm.training and norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
        if norm.momentum is None:  # the plain average over batches
            momentum = 1.0 / float(norm.num_batches_tracked)
    mean, variance, weight, bias = (
        None if t is None else t[:many] for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias)
    )
    return F.batch_norm(x, mean, variance, weight, bias, norm.training or mean is None, momentum, norm.eps)


def sliced_group_norm(norm: nn.GroupNorm, x: Tensor, num_groups: int | None = None) -> Tensor:
    """A group-norm of (N, C, …) with the scales and biases of its leading channels."""
    weight, bias = (None if p is None else p[: x.shape[1]] for p in (norm.weight, norm.bias))
    return F.group_norm(x, num_groups or norm.num_groups, weight, bias, norm.eps)


def sliced_layer_norm(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """A layer-norm of (N, …, C) with the scales and biases of its leading channels."""
    weight, bias = (None if p is None else p[: x.shape[-1]] for p in (norm.weight, norm.bias))
    return F.layer_norm(x, x.shape[-1:], weight, bias, norm.eps)


def sliced_scale(scale: Any, x: Tensor) -> Tensor:
    """The leading factors of a layer that multiplies each channel by one: (N, C, …), or with `last` (N, …, C)."""
    return x * _per_channel(scale.weight, x, scale.last)


def sliced_bias(bias: Any, x: Tensor) -> Tensor:
    """The leading numbers of a layer that adds one to each channel: (N, C, …), or with `last` (N, …, C)."""
    return x + _per_channel(bias.bias, x, bias.last)


def _per_channel(values: Tensor, x: Tensor, last: bool) -> Tensor:
    return values[: x.shape[-1]] if last else values[: x.shape[1]].reshape(-1, *[1] * (x.dim() - 2))
