"""Depthwise convolutions, pointwise ones, batch-norm and decision weights of many edges, as few matrix products.

For E operations of one kind, side by side in the channels, with D = depthwise(x) of mean μ and covariance Σ (of each
operation's channels), a pointwise convolution W gives W D, and batch-norm of it is
a · (W (D - μ)) / √(diag(W Σ Wᵀ) + ε) + b. So only the centred D is computed and saved: the matrix M = a / √(…) · W does
all the rest, and where the operations meet in a node, weighted, their M stand side by side and one product sums them
up. Exact in real numbers; D is centred before its covariance is taken, so that little is lost in floating-point ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .depthwise import convolve, enter, enter_gradient, gradients, leave, leave_gradient
from .norms import affine, running, track, uses_batch
from .paths import Window

Parts = Sequence[nn.Module]
"""One module per operation."""


TOGETHER = 3 * 2**19
"""On CPUs, operations are computed together up to this size of their inputs (in bytes): beyond it what one step writes
has left the cache when the next reads it."""


def stage(xs: Sequence[Tensor], depthwise: Sequence[Parts], pointwise: Parts, norms: Parts) -> list[Tensor]:
    """relu(bn(pointwise(Σ depthwise(x)))) for E operations, side by side.

    ``xs``: together the inputs of all operations, each tensor those of some, (N, k·C, …); the results are such tensors
    (N, k·C', …) too. ``depthwise``: convolutions that read the same and are added up; none: the pointwise ones read x.
    """
    return [
        _fold(xs[part], [row[at] for row in depthwise], pointwise[at], norms[at], None)
        for part, at in _portions(xs, depthwise, pointwise)
    ]


def into(xs: Sequence[Tensor], depthwise: Sequence[Parts], pointwise: Parts, norms: Parts, weights: Tensor) -> Tensor:
    """Σ_e weights[e] · bn(pointwise(Σ depthwise(x_e))) over E operations: ``xs`` as in :func:`stage`, to (N, C', …)."""
    total: Tensor | None = None
    for part, at in _portions(xs, depthwise, pointwise):
        y = _fold(xs[part], [row[at] for row in depthwise], pointwise[at], norms[at], weights[at])
        total = y if total is None else total + y
    assert total is not None, "no operations"
    return total


def _portions(xs: Sequence[Tensor], depthwise: Sequence[Parts], pointwise: Parts) -> Iterator[tuple[slice, slice]]:
    """Which of ``xs``, and which operations, to compute together."""
    width: int = depthwise[0][0].weight.shape[0] if depthwise else pointwise[0].weight.shape[1]  # type: ignore[index,assignment]
    start = first = operations = size = 0
    for i, x in enumerate(xs):
        bytes = x.numel() * x.element_size()
        if i > start and size + bytes > TOGETHER and x.device.type == "cpu":
            yield slice(start, i), slice(first, operations)
            start, first, size = i, operations, 0
        size += bytes
        operations += x.shape[1] // width
    yield slice(start, len(xs)), slice(first, operations)


def _fold(
    xs: Sequence[Tensor], depthwise: Sequence[Parts], pointwise: Parts, norms: Any, weights: Tensor | None
) -> Tensor:
    kernels = [torch.cat([m.weight for m in parts]) for parts in depthwise]  # type: ignore[misc]
    windows = tuple(window_of(parts[0]) for parts in depthwise)
    matrix = torch.stack([m.weight.flatten(1) for m in pointwise])  # type: ignore[operator]
    scales = affine(norms)
    scale = scales[0] if scales is not None else matrix.new_ones(matrix.shape[:2])
    bias = scales[1] if scales is not None else None
    if weights is not None:
        scale = scale * weights[:, None]
        bias = bias * weights[:, None] if bias is not None else None
    batch = uses_batch(norms)
    statistics = None if batch else running(norms)
    setting = _Setting(windows, norms, statistics, norms[0].eps, weights is not None)
    y: Tensor = _Folded.apply(setting, matrix, scale, bias, *xs, *kernels)  # type: ignore[no-untyped-call]
    return y


def window_of(conv: Any) -> Window:
    """The geometry of a convolution module."""
    return Window(tuple(conv.kernel_size), tuple(conv.stride), tuple(conv.padding), tuple(conv.dilation))


class _Setting:
    """What a fold takes beside tensors to differentiate by."""

    def __init__(
        self,
        windows: tuple[Window, ...],
        norms: Sequence[nn.Module],
        statistics: tuple[Tensor, Tensor] | None,
        eps: float,
        together: bool,
    ) -> None:
        self.windows, self.norms, self.statistics = windows, norms, statistics
        self.eps, self.together = eps, together


class _Folded(torch.autograd.Function):
    """The computation itself. Saved are the inputs (which others may share), the centred D, the output where a ReLU
    follows, and small matrices."""

    @staticmethod
    def forward(
        ctx: Any, setting: _Setting, matrix: Tensor, scale: Tensor, bias: Tensor | None, *rest: Tensor
    ) -> Tensor:
        count_x = len(rest) - len(setting.windows)
        xs, kernels = rest[:count_x], rest[count_x:]
        x = _joined(xs)
        rows, steps, shape = _depthwise(x, kernels, setting.windows)
        e, c_out, c_in = matrix.shape
        flat = rows.reshape(-1, e * c_in)
        count = flat.shape[0]
        blocks = flat.view(count, e, c_in).transpose(0, 1)
        covariance = None
        if setting.statistics is None:
            mean = flat.mean(0)
            flat.sub_(mean)
            covariance = torch.bmm(blocks.transpose(1, 2), blocks).div_(count)
            products = torch.bmm(matrix, covariance)
            variance = (products * matrix).sum(2)
            track(setting.norms, torch.bmm(matrix, mean.view(e, c_in, 1)).squeeze(2), variance, count)
            shift = None
        else:
            shift, variance = setting.statistics
            products = None
        inverse = torch.rsqrt(variance + setting.eps)
        whole = (scale * inverse).unsqueeze(2) * matrix
        offset = bias
        if shift is not None:
            offset = (bias if bias is not None else 0) - scale * inverse * shift
        if setting.together:
            turned = whole.transpose(1, 2).reshape(e * c_in, c_out)
            out = flat @ turned if offset is None else torch.addmm(offset.sum(0), flat, turned)
        else:
            out = flat.new_empty(count, e * c_out)
            torch.bmm(blocks, whole.transpose(1, 2), out=out.view(count, e, c_out).transpose(0, 1))
            if offset is not None:
                out.add_(offset.reshape(-1))
            out.relu_()
        result = leave(out.view(*shape, -1), steps).movedim(-1, 1)
        ctx.setting, ctx.steps, ctx.shape = setting, steps, shape
        of_kernels = any(ctx.needs_input_grad[4 + count_x :])
        ctx.has_bias = bias is not None
        ctx.axes = tuple(x.shape)
        ctx.widths = [part.shape[1] for part in xs]
        ctx.save_for_backward(
            flat,
            None if setting.together else result,
            matrix,
            scale,
            covariance,
            products,
            inverse,
            shift,
            *kernels,
            *(xs if of_kernels else ()),
        )
        return result

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        setting: _Setting = ctx.setting
        flat, result, matrix, scale, covariance, products, inverse, shift, *rest = ctx.saved_tensors
        kernels, xs = rest[: len(setting.windows)], rest[len(setting.windows) :]
        e, c_out, c_in = matrix.shape
        count = flat.shape[0]
        blocks = flat.view(count, e, c_in).transpose(0, 1)
        if result is not None:
            g = torch.ops.aten.threshold_backward(g, result, 0)
        g = leave_gradient(g.movedim(1, -1).contiguous(), ctx.steps).reshape(count, -1)
        total = g.sum(0)
        _, of_matrix, of_scale, of_bias, *of_rest = ctx.needs_input_grad
        of_x, of_kernels = any(of_rest[: len(ctx.widths)]), of_rest[len(ctx.widths) :]
        of_rows = of_x or any(of_kernels)
        # In training mode the gradient of `inverse` reaches D through the covariance.
        small = of_matrix or of_scale or (of_rows and covariance is not None)
        g_matrix = g_scale = g_bias = None
        if small:
            if setting.together:
                g_whole = (flat.t() @ g).view(e, c_in, c_out).transpose(1, 2)
            else:
                g_whole = torch.bmm(g.view(count, e, c_out).permute(1, 2, 0), blocks)
            along = (g_whole * matrix).sum(2)
            sums = total.expand(e, c_out) if setting.together else total.view(e, c_out)
            if shift is not None:
                g_scale = inverse * (along - shift * sums)
                g_matrix = (scale * inverse).unsqueeze(2) * g_whole
            else:
                g_scale = inverse * along
                g_variance = -0.5 * scale * along * inverse**3
                g_matrix = (scale * inverse).unsqueeze(2) * g_whole
                g_matrix += (2 * g_variance).unsqueeze(2) * products
                pull = torch.bmm(matrix.transpose(1, 2), g_variance.unsqueeze(2) * matrix).mul_(2 / count)
        if ctx.has_bias and of_bias:
            g_bias = total.expand(e, c_out) if setting.together else total.view(e, c_out)
        g_xs: list[Any] = [None] * len(ctx.widths)
        g_kernels: list[Any] = [None] * len(kernels)
        if of_rows:
            whole = (scale * inverse).unsqueeze(2) * matrix
            if covariance is not None:
                g = g - total / count
            if setting.together:
                g_rows = g @ whole.transpose(0, 1).reshape(c_out, e * c_in)
            else:
                g_rows = flat.new_empty(flat.shape)
                torch.bmm(
                    g.view(count, e, c_out).transpose(0, 1), whole, out=g_rows.view(count, e, c_in).transpose(0, 1)
                )
            if covariance is not None:
                target = g_rows.view(count, e, c_in).transpose(0, 1)
                torch.baddbmm(target, blocks, pull, out=target)
            g_x, g_kernels = _depthwise_gradients(
                g_rows, _joined(xs) if xs else None, kernels, setting.windows, ctx.shape, ctx.axes, of_x, of_kernels
            )
            if g_x is not None:
                g_xs = list(torch.split(g_x, ctx.widths, 1))
        return None, g_matrix, g_scale, g_bias, *g_xs, *g_kernels


def _joined(xs: Sequence[Tensor]) -> Tensor:
    """Side by side in the channels."""
    if len(xs) == 1:
        return xs[0]
    return torch.cat([x.movedim(1, -1) for x in xs], -1).movedim(-1, 1)


def _depthwise(x: Tensor, kernels: Sequence[Tensor], windows: tuple[Window, ...]) -> tuple[Tensor, Any, Any]:
    """A new tensor of rows Σ depthwise(x), the steps that undo its order, and its shape without channels."""
    lasting = x.movedim(1, -1).contiguous()
    if len(kernels) == 1:
        inside, steps, window = enter(lasting, windows[0])
        y = convolve(inside, kernels[0], window)
        return y, steps, y.shape[:-1]
    if not kernels:
        return lasting.clone(), (), lasting.shape[:-1]
    total: Tensor | None = None
    for kernel, window in zip(kernels, windows, strict=True):
        inside, steps, plain = enter(lasting, window)
        y = leave(convolve(inside, kernel, plain), steps)
        total = y if total is None else total.add_(y)
    assert total is not None
    return total, (), total.shape[:-1]


def _depthwise_gradients(
    g: Tensor,
    x: Tensor | None,
    kernels: Sequence[Tensor],
    windows: tuple[Window, ...],
    shape: Any,
    axes: tuple[int, ...],
    of_input: bool,
    of_kernels: Sequence[bool],
) -> tuple[Tensor | None, list[Any]]:
    g = g.view(*shape, -1)
    if not kernels:
        return g.movedim(-1, 1), []
    lasting = x.movedim(1, -1).contiguous() if x is not None else g.new_empty((axes[0], *axes[2:], axes[1]))
    g_x: Tensor | None = None
    found: list[Any] = []
    for kernel, window, wanted in zip(kernels, windows, of_kernels, strict=True):
        inside, way, plain = enter(lasting, window)
        outside = g if len(kernels) == 1 else leave_gradient(g, way)
        g_inside, g_kernel = gradients(outside, inside, kernel, plain, of_input, wanted)
        found.append(g_kernel)
        if g_inside is not None:
            g_inside = enter_gradient(g_inside, way)
            g_x = g_inside if g_x is None else g_x.add_(g_inside)
    return g_x.movedim(-1, 1) if g_x is not None else None, found
