"""The law of windows: what comes out of a window that slides, and how its input is padded.

With `pad = "same"` the output is ceil(size / stride). Odd windows are padded symmetrically by dilation·(k - 1) / 2, as
PyTorch users write it; even ones by the least padding that gives the size, the excess at the end. With `pad = none`
there is no padding: the windows that fit are taken.
"""

from __future__ import annotations

from ..ir.operation import Attributes, Instants, OpFault, TensorShape
from .attributes import AXES

Ints = tuple[int, ...]


def sizes(shape: TensorShape, k: Ints, stride: Ints, dilation: Ints | None, pad: str | None) -> Ints:
    """The sizes of the window axes behind the window. Raises OpFault where a valid window does not fit."""
    found = shape.dims[1:]
    if pad is not None:
        if stride in ((1, 1), (1, 1, 1)):
            return found
        return tuple([-(-n // s) for n, s in zip(found, stride, strict=True)])
    out = []
    for axis, n in enumerate(found):
        reach = (dilation[axis] if dilation else 1) * (k[axis] - 1) + 1
        if reach > n:
            name = AXES[shape.layout][axis]
            raise OpFault(
                "shape",
                f"a valid window must fit: it spans {reach} in {name}, its input {shape} has {n}",
                "leave out `pad = none` (windows then pad), or use a smaller window",
                "k",
            )
        out.append((n - reach) // stride[axis] + 1)
    return tuple(out)


def fits(shape: TensorShape, k: Ints) -> bool:
    """Whether a window is nowhere wider than what it slides over."""
    return all(n >= window for n, window in zip(shape.axes, k, strict=True))


def even(pads: tuple[tuple[int, int], ...]) -> bool:
    """Whether as much is added before as after."""
    return all(before == after for before, after in pads)


def paddings(
    shape: TensorShape, k: Ints, stride: Ints, dilation: Ints | None, pad: str | None
) -> tuple[tuple[int, int], ...]:
    """How many positions are added before and after, per window axis."""
    if pad is None:
        return ((0, 0),) * len(k)
    found = []
    for axis, n in enumerate(shape.dims[1:]):
        span = (dilation[axis] if dilation else 1) * (k[axis] - 1)
        if k[axis] % 2:
            found.append((span // 2, span // 2))
        else:
            total = max((-(-n // stride[axis]) - 1) * stride[axis] + span + 1 - n, 0)
            found.append((total // 2, total - total // 2))
    return tuple(found)


def instants(inputs: tuple[TensorShape, ...], attrs: Attributes) -> Instants:
    """What a window (attributes k, stride, pad, maybe dilation) sees of a clip over time."""
    x, k, stride = inputs[0], attrs["k"], attrs["stride"]
    dilation = attrs.get("dilation")
    before = paddings(x, k, stride, dilation, attrs["pad"])[0][0]
    return Instants(k[0], stride[0], dilation[0] if dilation else 1, before)


def every_instant(inputs: tuple[TensorShape, ...], attrs: Attributes) -> None:
    """All of a clip."""
    return None
