"""How a depthwise convolution becomes a plain, undilated 2D one: views and permutations around it.

A dilated convolution is d² ordinary ones on the positions that are equal modulo d (*phase space*); frames of a clip can
stand in the batch; a window over time alone sees each pixel by itself. All but phase space are free views when channels
are last in memory. Steps work on such tensors, (N, …, C), contiguous.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from torch import Tensor

from ...record import record
from .scratch import laid_out

Axes = tuple[int, ...]


@record
class Window:
    """A convolution's geometry, per axis."""

    kernel: Axes
    stride: Axes
    padding: Axes
    dilation: Axes


def window_of(conv: Any) -> Window:
    """The geometry of a convolution module."""
    return Window(tuple(conv.kernel_size), tuple(conv.stride), tuple(conv.padding), tuple(conv.dilation))


class Step(Protocol):
    """One change of view. ``into`` changes an input, ``back`` undoes it on an output; ``into_gradient`` and
    ``back_gradient`` are their adjoints, and ``add_into_gradient`` adds the former to ``total``, in place.

    ``space``: the purpose of :func:`scratch` memory for what has to be copied, or None for memory of its own.
    """

    def into(self, x: Tensor, space: str | None = None) -> Tensor: ...

    def back(self, y: Tensor) -> Tensor: ...

    def into_gradient(self, g: Tensor) -> Tensor: ...

    def add_into_gradient(self, total: Tensor, g: Tensor) -> None: ...

    def back_gradient(self, g: Tensor) -> Tensor: ...


class Permutation:
    """A step whose adjoint is its inverse. It does not matter which size an axis has that it leaves alone."""

    def forward(self, x: Tensor, space: str | None = None) -> Tensor:
        raise NotImplementedError

    def inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def into(self, x: Tensor, space: str | None = None) -> Tensor:
        return self.forward(x, space)

    def back(self, y: Tensor) -> Tensor:
        return self.inverse(y)

    def into_gradient(self, g: Tensor) -> Tensor:
        return self.inverse(g)

    def add_into_gradient(self, total: Tensor, g: Tensor) -> None:
        total.add_(self.inverse(g))

    def back_gradient(self, g: Tensor) -> Tensor:
        return self.forward(g)


@record
class Subsample:
    """Every s-th position, from the first: what a strided window of width one reads. The output is left alone."""

    sizes: Axes
    steps: Axes

    def into(self, x: Tensor, space: str | None = None) -> Tensor:
        return laid_out(self._seen(x), space)

    def _seen(self, x: Tensor) -> Tensor:
        return x[(slice(None), *(slice(None, None, s) for s in self.steps))]

    def back(self, y: Tensor) -> Tensor:
        return y

    def into_gradient(self, g: Tensor) -> Tensor:
        whole = g.new_zeros((g.shape[0], *self.sizes, g.shape[-1]))
        self.add_into_gradient(whole, g)
        return whole

    def add_into_gradient(self, total: Tensor, g: Tensor) -> None:
        self._seen(total).add_(g)

    def back_gradient(self, g: Tensor) -> Tensor:
        return g


@record
class Phases(Permutation):
    """(N, H, W, C) to (dh·dw·N, H/dh, W/dw, C): positions equal modulo the dilation stand together."""

    dh: int
    dw: int

    def forward(self, x: Tensor, space: str | None = None) -> Tensor:
        _, h, w, c = x.shape
        return laid_out(self._parts(x), space).view(-1, h // self.dh, w // self.dw, c)

    def add_into_gradient(self, total: Tensor, g: Tensor) -> None:
        parts = self._parts(total)
        parts.add_(g.view(parts.shape))

    def _parts(self, x: Tensor) -> Tensor:
        """A view of ``x``, (dh, dw, N, H/dh, W/dw, C)."""
        n, h, w, c = x.shape
        return x.view(n, h // self.dh, self.dh, w // self.dw, self.dw, c).permute(2, 4, 0, 1, 3, 5)

    def inverse(self, y: Tensor) -> Tensor:
        _, h, w, c = y.shape
        parts = y.view(self.dh, self.dw, -1, h, w, c).permute(2, 3, 0, 4, 1, 5)
        return parts.reshape(-1, h * self.dh, w * self.dw, c)


@record
class Frames(Permutation):
    """(N, T, H, W, C) to (N·T, H, W, C)."""

    frames: int

    def forward(self, x: Tensor, space: str | None = None) -> Tensor:
        return x.flatten(0, 1)

    def inverse(self, y: Tensor) -> Tensor:
        return y.view(-1, self.frames, *y.shape[1:])


@record
class Pixels(Permutation):
    """(N, T, H, W, C) to (N, T/d, d·H·W, C): pixels along one axis, and instants equal modulo d beside them."""

    height: int
    width: int
    dilation: int

    def forward(self, x: Tensor, space: str | None = None) -> Tensor:
        n, t, h, w, c = x.shape
        return x.view(n, t // self.dilation, self.dilation * h * w, c)

    def inverse(self, y: Tensor) -> Tensor:
        return y.view(y.shape[0], -1, self.height, self.width, y.shape[-1])


@cache
def path(sizes: Axes, window: Window, hints: str) -> tuple[tuple[Step, ...], Window]:
    """The steps to a plain 2D convolution of inputs of these axes, and its window; none where there are none, as for
    windows over space and time at once.

    ``hints``: which steps may be taken, ``phases`` for dilated windows and ``clips`` for those over clips.
    """
    found = _image(sizes, window, hints) if len(sizes) == 2 else _clip(sizes, window, hints)
    return found or ((), window)


def _clip(sizes: Axes, window: Window, hints: str) -> tuple[tuple[Step, ...], Window] | None:
    if "clips" not in hints:
        return None
    (t, h, w), (kt, kh, kw), (st, sh, sw) = sizes, window.kernel, window.stride
    if kt == 1 and window.padding[0] == 0:
        first: tuple[Step, ...] = (Subsample(sizes, (st, 1, 1)),) if st > 1 else ()
        inner = Window(window.kernel[1:], window.stride[1:], window.padding[1:], window.dilation[1:])
        steps, plain = _image((h, w), inner, hints) or ((), inner)
        return (*first, Frames(-(-t // st)), *steps), plain
    if kh == kw == 1 and window.padding[1:] == (0, 0):
        along: tuple[Step, ...] = ()
        d, pad = window.dilation[0], window.padding[0]
        if d > 1 and st % d == 0 and pad % d == 0 and "phases" in hints:
            along = (Subsample(sizes, (d, sh, sw)),)
            st, d, pad = st // d, 1, pad // d
        elif sh * sw > 1:
            along = (Subsample(sizes, (1, sh, sw)),)
        phases = d if d > 1 and st == 1 and t % d == 0 and pad % d == 0 and "phases" in hints else 1
        plain = Window((kt, 1), (st, 1), (pad // phases, 0), (d // phases, 1))
        return (*along, Pixels(-(-h // sh), -(-w // sw), phases)), plain
    return None


def _image(sizes: Axes, window: Window, hints: str) -> tuple[tuple[Step, ...], Window] | None:
    dilation = tuple(d if k > 1 else 1 for d, k in zip(window.dilation, window.kernel, strict=True))
    if max(dilation) == 1:
        return (), Window(window.kernel, window.stride, window.padding, (1, 1))
    if "phases" not in hints or any(p % d for p, d in zip(window.padding, dilation, strict=True)):
        return None
    pads = tuple(p // d for p, d in zip(window.padding, dilation, strict=True))
    if all(s % d == 0 for s, d in zip(window.stride, dilation, strict=True)):
        stride = tuple(s // d for s, d in zip(window.stride, dilation, strict=True))
        return (Subsample(sizes, dilation),), Window(window.kernel, stride, pads, (1, 1))
    if max(window.stride) == 1 and not any(n % d for n, d in zip(sizes, dilation, strict=True)):
        return (Phases(*dilation),), Window(window.kernel, (1, 1), pads, (1, 1))
    return None


def order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps that change the order of rows, or their shape."""
    return tuple(step for step in steps if isinstance(step, Permutation))
