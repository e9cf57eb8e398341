"""Shapes of samples, and the rules by which operations make them, one axis at a time.

A rule asks its view for what it needs: parameters (`view.parameter`) and sizes of inputs (`view.size`). So the same
rule serves concrete shapes and readings that ask only for what one axis depends on.
"""

from __future__ import annotations

from math import prod
from typing import Any, Protocol

from .runs import SpaceError

AXES = {
    "image": ("channels", "height", "width"),
    "clip": ("channels", "frames", "height", "width"),
    "tokens": ("length", "channels"),
    "features": ("channels",),
}
SPATIAL = ("frames", "height", "width")

Shape = dict[str, Any]


class View(Protocol):
    inputs: int

    def parameter(self, name: str) -> Any: ...

    def size(self, index: int, axis: str) -> Any: ...


def positions(layout: str) -> tuple[str, ...]:
    return tuple(a for a in AXES[layout] if a in SPATIAL)


def whole(value: Any, least: int = 1) -> int:
    """A whole number: 4, but not 4.0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise SpaceError("E0215", f"{value!r} is no whole number of at least {least}")
    return value


def per_axis(view: View, name: str, axis: str, least: int = 1) -> int:
    """A parameter that is one number for all axes, or one for each."""
    value = view.parameter(name)
    if not isinstance(value, tuple):
        return whole(value, least)
    axes = positions(view.size(0, "layout"))
    if len(value) != len(axes):
        raise SpaceError("E0215", f"{name} has {len(value)} numbers for {len(axes)} axes")
    return whole(value[axes.index(axis)], least)


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def same(view: View, axis: str) -> Any:
    return view.size(0, axis)


def of_channels(view: View, axis: str) -> Any:
    return whole(view.parameter("c")) if axis == "channels" else view.size(0, axis)


def window(view: View, axis: str, dilated: bool) -> int:
    size, k, stride = view.size(0, axis), per_axis(view, "k", axis), per_axis(view, "stride", axis)
    pad = view.parameter("pad")
    if pad is not None:
        return ceil_div(size, stride)
    dilation = per_axis(view, "dilation", axis) if dilated else 1
    room = size - dilation * (k - 1) - 1
    if room < 0:
        raise SpaceError("E0216", f"a window of {k} does not fit into {size}")
    return room // stride + 1


def padded_window(view: View, axis: str, dilated: bool) -> int:
    """As `window`, but with padding only the stride matters."""
    if view.parameter("pad") is None:
        return window(view, axis, dilated)
    return ceil_div(view.size(0, axis), per_axis(view, "stride", axis))


def conv(view: View, axis: str) -> Any:
    if axis == "layout":
        return view.size(0, axis)
    return of_channels(view, axis) if axis == "channels" else padded_window(view, axis, True)


def depthwise(view: View, axis: str) -> Any:
    return view.size(0, axis) if axis in ("layout", "channels") else padded_window(view, axis, True)


def pool(view: View, axis: str) -> Any:
    return view.size(0, axis) if axis in ("layout", "channels") else padded_window(view, axis, False)


def gaussian(view: View, axis: str) -> Any:
    """A window over frames alone."""
    size = view.size(0, axis)
    if axis != "frames":
        return size
    stride = whole(view.parameter("stride"))
    if view.parameter("pad") is not None:
        return ceil_div(size, stride)
    length = whole(view.parameter("length"))
    if length > size:
        raise SpaceError("E0216", f"a window of {length} does not fit into {size}")
    return (size - length) // stride + 1


def strided(view: View, axis: str) -> Any:
    """pointwise and zero: channels, and steps over the axes."""
    if axis == "channels":
        return whole(view.parameter("c"))
    if axis in SPATIAL:
        return ceil_div(view.size(0, axis), per_axis(view, "stride", axis))
    return view.size(0, axis)


def subsample(view: View, axis: str) -> Any:
    if axis in SPATIAL:
        return ceil_div(view.size(0, axis), per_axis(view, "stride", axis))
    return view.size(0, axis)


def upsample(view: View, axis: str) -> Any:
    return view.size(0, axis) * per_axis(view, "factor", axis) if axis in SPATIAL else view.size(0, axis)


def pooled(view: View, axis: str) -> Any:
    """Global pools."""
    if axis == "layout":
        return "features" if view.size(0, axis) == "tokens" else view.size(0, axis)
    return 1 if axis in SPATIAL else view.size(0, axis)


def linear(view: View, axis: str) -> Any:
    if axis == "layout":
        return "tokens" if view.size(0, axis) == "tokens" else "features"
    return whole(view.parameter("c")) if axis == "channels" else view.size(0, axis)


def attention(view: View, axis: str) -> Any:
    return view.size(2, axis) if axis == "channels" else view.size(0, axis)


def flatten(view: View, axis: str) -> Any:
    if axis == "layout":
        return "features"
    total = 1
    for a in AXES[view.size(0, "layout")]:
        total *= view.size(0, a)
    return total


def to_tokens(view: View, axis: str) -> Any:
    if axis == "layout":
        return "tokens"
    if axis == "channels":
        return view.size(0, axis)
    total = 1
    for a in positions(view.size(0, "layout")):
        total *= view.size(0, a)
    return total


def from_tokens(view: View, axis: str) -> Any:
    if axis == "layout":
        return "clip"
    if axis == "channels":
        return view.size(0, axis)
    sizes = {name: whole(view.parameter(name)) for name in ("frames", "height", "width")}
    if prod(sizes.values()) != view.size(0, "length"):
        raise SpaceError("E0216", f"{view.size(0, 'length')} tokens are not {sizes}")
    return sizes[axis]


def time_to_channel(view: View, axis: str) -> Any:
    frames = whole(view.parameter("frames")) if axis in ("channels", "frames") else 1
    if axis == "channels":
        return view.size(0, axis) * frames
    if axis == "frames":
        if view.size(0, axis) % frames:
            raise SpaceError("E0216", f"{view.size(0, axis)} frames are no multiple of {frames}")
        return view.size(0, axis) // frames
    return view.size(0, axis)


def broadcast(view: View, axis: str) -> Any:
    """add and mul."""
    a, b = view.size(0, axis), view.size(1, axis)
    if a == b or axis == "layout":
        if a != b:
            raise SpaceError("E0216", f"{a} meets {b}")
        return a
    if 1 not in (a, b):
        raise SpaceError("E0216", f"{a} {axis} meet {b}")
    return max(a, b)


def equal(view: View, axis: str) -> Any:
    """sum and mean of a list."""
    return view.size(0, axis)


def joined(view: View, axis: str) -> Any:
    """concat."""
    if axis == "channels":
        return sum(view.size(i, axis) for i in range(view.inputs))
    return view.size(0, axis)


def all_equal(view: View, axes: tuple[str, ...], code: str) -> None:
    for i in range(1, view.inputs):
        for axis in ("layout", *axes):
            if view.size(i, axis) != view.size(0, axis):
                raise SpaceError(code, f"{view.size(0, axis)} meets {view.size(i, axis)} ({axis})")
