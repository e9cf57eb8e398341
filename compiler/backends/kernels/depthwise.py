"""Depthwise convolutions of many operations at once, forward and backward, on tensors (N, …, C)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from .paths import Step, Window, path

NARROW = 3
"""On CPUs the gradient of kernels wider than this takes some seven times longer than it need: it is computed in columns
of this width."""


def enter(x: Tensor, window: Window) -> tuple[Tensor, tuple[Step, ...], Window]:
    """What to convolve instead of ``x``, the steps that led there, and the window to use."""
    found = path(tuple(x.shape[1:-1]), window)
    steps, plain = found if found is not None else ((), window)
    for step in steps:
        x = step.into(x)
    return x, steps, plain


def leave(y: Tensor, steps: tuple[Step, ...]) -> Tensor:
    """The output of a convolution after ``steps``, as one without them would give it."""
    for step in reversed(steps):
        y = step.back(y)
    return y


def leave_gradient(g: Tensor, steps: tuple[Step, ...]) -> Tensor:
    """The adjoint of :func:`leave`."""
    for step in steps:
        g = step.back_gradient(g)
    return g


def enter_gradient(g: Tensor, steps: tuple[Step, ...]) -> Tensor:
    """The adjoint of the change of the input."""
    for step in reversed(steps):
        g = step.into_gradient(g)
    return g


def convolve(x: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """``x`` (N, …, C) with one filter per channel, ``kernel`` (C, 1, …), of as many axes as the window has."""
    y = torch.convolution(
        x.movedim(-1, 1),
        _shaped(kernel, window),
        None,
        window.stride,
        window.padding,
        window.dilation,
        False,
        [0] * len(window.kernel),
        kernel.shape[0],
    )
    return y.movedim(1, -1).contiguous()


def gradients(
    g: Tensor, x: Tensor, kernel: Tensor, window: Window, of_input: bool, of_kernel: bool
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients of :func:`convolve` with respect to ``x`` and ``kernel``."""
    apart = of_kernel and x.device.type == "cpu" and len(window.kernel) == 2 and window.kernel[1] > NARROW
    g_input, g_kernel = None, None
    if of_input or (of_kernel and not apart):
        found = _backward(g, x, _shaped(kernel, window), window, of_input, of_kernel and not apart)
        g_input = found[0].movedim(1, -1).contiguous() if of_input else None
        g_kernel = found[1]
    if apart:
        g_kernel = _by_columns(g, x, window)
    return g_input, g_kernel.reshape(kernel.shape) if of_kernel and g_kernel is not None else None


def _shaped(kernel: Tensor, window: Window) -> Tensor:
    return kernel.reshape(kernel.shape[0], 1, *window.kernel)


def _backward(
    g: Tensor, x: Tensor, kernel: Tensor, window: Window, of_input: bool, of_kernel: bool
) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        g.movedim(-1, 1),
        x.movedim(-1, 1),
        kernel,
        None,
        window.stride,
        window.padding,
        window.dilation,
        False,
        [0] * len(window.kernel),
        kernel.shape[0],
        (of_input, of_kernel, False),
    )
    return found


def _by_columns(g: Tensor, x: Tensor, window: Window) -> Tensor:
    (kh, kw), (sh, sw), (ph, pw) = window.kernel, window.stride, window.padding
    channels, outs = x.shape[-1], g.shape[2]
    padded = F.pad(x, (0, 0, pw, pw))
    columns = []
    for start in range(0, kw, NARROW):
        width = min(NARROW, kw - start)
        part = padded[:, :, start : start + (outs - 1) * sw + width].contiguous()
        narrow = Window((kh, width), (sh, sw), (ph, 0), (1, 1))
        columns.append(_backward(g, part, x.new_empty(channels, 1, kh, width), narrow, False, True)[1])
    return torch.cat(columns, 3)
