"""Depthwise convolutions of many operations at once, forward and backward, on tensors (N, …, C)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .paths import Step, Window, path, window_of
from .precision import as_given, in_full, is_automatic
from .scratch import scratch

NARROW = 3
"""On CPUs the gradient of kernels wider than this takes some seven times longer than it need: it is computed in columns
of this width."""


def filtered(conv: Any, x: Tensor, hints: str) -> Tensor:
    """``conv``, of one filter per channel, of ``x`` (N, C, …), computed as ``hints`` say: the same numbers."""
    if conv.groups != conv.out_channels or conv.bias is not None or not x.is_floating_point():
        y: Tensor = conv(x)
        return y
    y = _Filtered.apply(x, conv.weight, window_of(conv), hints)  # type: ignore[no-untyped-call]
    return y


class _Filtered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, window: Window, hints: str) -> Tensor:
        steps, plain = path(tuple(x.shape[2:]), window, hints)
        ctx.shape, ctx.steps, ctx.window, ctx.hints = x.shape, steps, plain, hints
        ctx.in_full = is_automatic(x)
        ctx.save_for_backward(kernel, x if ctx.needs_input_grad[1] else None)
        if ctx.in_full:
            x, kernel = in_full(x), in_full(kernel)
        with as_given(x):
            return leave(convolve(_entered(x, steps), kernel, plain), steps).movedim(-1, 1)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        kernel, x = ctx.saved_tensors
        if ctx.in_full:
            kernel, x = in_full(kernel), None if x is None else in_full(x)
        of_input, of_kernel = ctx.needs_input_grad[:2]

        def reader() -> Tensor:
            return _entered(x if x is not None else g.new_empty(ctx.shape), ctx.steps)

        outside = leave_gradient(g.movedim(1, -1).contiguous(), ctx.steps)
        with as_given(g):
            g_x, g_kernel = gradients(outside, reader, kernel, ctx.window, of_input, of_kernel, ctx.hints)
        return enter_gradient(g_x, ctx.steps).movedim(-1, 1) if g_x is not None else None, g_kernel, None, None


def _entered(x: Tensor, steps: tuple[Step, ...]) -> Tensor:
    return stepped(x.movedim(1, -1).contiguous(), steps)


def stepped(x: Tensor, steps: tuple[Step, ...], space: str | None = None) -> Tensor:
    """What to convolve after ``steps``. ``space``: as for them."""
    for i, step in enumerate(steps):
        x = step.into(x, space and f"{space}, step {i}")
    return x


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


def add_enter_gradient(total: Tensor, g: Tensor, steps: tuple[Step, ...]) -> None:
    """Add :func:`enter_gradient` to ``total``, in place."""
    if steps:
        steps[0].add_into_gradient(total, enter_gradient(g, steps[1:]))
    else:
        total.add_(g)


def convolve(x: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """``x`` (N, …, C) with one filter per channel, ``kernel`` (C, 1, …), of as many axes as the window has."""
    y = torch.convolution(
        _channels_second(x),
        _shaped(kernel, window),
        None,
        window.stride,
        window.padding,
        window.dilation,
        False,
        [0] * len(window.kernel),
        kernel.shape[0],
    )
    y = y.permute(0, 2, 3, 1) if y.dim() == 4 else y.movedim(1, -1)
    return y if y.is_contiguous() else y.contiguous()


def _channels_second(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x.movedim(-1, 1)


def gradients(
    g: Tensor, reader: Callable[[], Tensor], kernel: Tensor, window: Window, of_input: bool, of_kernel: bool, hints: str
) -> tuple[Tensor | None, Tensor | None]:
    """The gradients of :func:`convolve` with respect to its input, which ``reader`` gives, and to ``kernel``. Unless
    ``of_kernel``, only the shape of the input matters.

    ``hints`` with the word ``narrow``: the gradient of the input as a convolution of its own, that of wide kernels some
    columns at a time. This is for CPUs.
    """
    narrow = "narrow" in hints and g.device.type == "cpu" and len(window.kernel) == 2 and window.dilation == (1, 1)
    mirrored = of_input and narrow and window.stride == (1, 1)
    mirrored = mirrored and all(p < k for k, p in zip(window.kernel, window.padding, strict=True))
    if mirrored and not of_kernel:
        return _mirrored(g, kernel, window), None
    x = reader()
    apart = of_kernel and narrow and (window.kernel[1] > NARROW or _short(x.shape[1], window))
    g_input, g_kernel = None, None
    if (of_input and not mirrored) or (of_kernel and not apart):
        shaped = _shaped(kernel, window)
        found = _backward(g, x, shaped, window, of_input and not mirrored, of_kernel and not apart)
        g_input = found[0].movedim(1, -1).contiguous() if of_input and not mirrored else None
        g_kernel = found[1]
    if mirrored:
        g_input = _mirrored(g, kernel, window)
    if apart:
        g_kernel = _by_columns(g, x, window)
    return g_input, g_kernel.reshape(kernel.shape) if of_kernel and g_kernel is not None else None


def _mirrored(g: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """The gradient of an undilated convolution's input, which is a convolution itself: on CPUs that is faster."""
    flipped = _shaped(kernel, window).flip(2, 3)
    padding = tuple(k - 1 - p for k, p in zip(window.kernel, window.padding, strict=True))
    return convolve(g, flipped, Window(window.kernel, (1, 1), padding, (1, 1)))


def _short(height: int, window: Window) -> bool:
    """Whether inputs are so low that the usual kernel of CPUs gives up, which costs some ten times as much."""
    return height < window.kernel[0] + window.padding[0]


def _shaped(kernel: Tensor, window: Window) -> Tensor:
    if kernel.dim() == 2 + len(window.kernel):
        return kernel
    return kernel.reshape(kernel.shape[0], 1, *window.kernel)


def _backward(
    g: Tensor, x: Tensor, kernel: Tensor, window: Window, of_input: bool, of_kernel: bool
) -> tuple[Tensor, Tensor, Tensor]:
    found: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.convolution_backward(
        _channels_second(g),
        _channels_second(x),
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
    """The gradient of a kernel, a few of its columns at a time: what they see of the padded input is laid out by
    itself."""
    (kh, kw), (sh, sw), (ph, pw) = window.kernel, window.stride, window.padding
    n, h, w, channels = x.shape
    rows = ph if _short(h, window) else 0
    columns = []
    for start in range(0, kw, NARROW):
        width = min(NARROW, kw - start)
        first, span = start - pw, (g.shape[2] - 1) * sw + width
        seen = scratch("columns", x, (n, h + 2 * rows, span, channels))
        if rows:
            seen[:, :rows] = 0
            seen[:, h + rows :] = 0
        left = min(max(0, -first), span)
        right = max(left, min(w - first, span))
        inside = seen[:, rows : h + rows] if rows else seen
        if left:
            inside[:, :, :left] = 0
        if right < span:
            inside[:, :, right:] = 0
        if left < right:
            inside[:, :, left:right] = x[:, :, first + left : first + right]
        narrow = Window((kh, width), (sh, sw), (ph - rows, 0), (1, 1))
        columns.append(_backward(g, seen, x.new_empty(channels, 1, kh, width), narrow, False, True)[1])
    return torch.cat(columns, 3) if len(columns) > 1 else columns[0]
