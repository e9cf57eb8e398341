"""Pools: `max_pool`, `avg_pool` with windows as of convolutions (stride 1 unless given), and the global ones."""

from __future__ import annotations

from ..ir.operation import REQUIRED, Application, Attributes, Cost, OpFault, Parameter, Primitive, Saved, TensorShape
from . import attributes as read
from .saving import INDEX, copy, nothing, window
from .windows import every_instant, fits, instants, paddings, sizes

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Free."""
    return _FREE


def _normalise(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x, {"tokens": "`global_avg_pool` pools over all tokens"})
    return {"k": read.axes(attrs, x, "k"), "stride": read.axes(attrs, x, "stride", 1), "pad": read.padding(attrs)}


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """The channels that enter; ceil(size / stride) on each axis; with `pad = none` as many windows as fit."""
    x = inputs[0]
    return TensorShape(x.layout, (x.dims[0], *sizes(x, attrs["k"], attrs["stride"], None, attrs["pad"])))


def _normalise_global(inputs: Inputs, attrs: Attributes) -> Attributes:
    if inputs[0].layout == "features":
        raise OpFault("layout", f"it needs positions to pool over, its input is {inputs[0]}", "leave it out")
    return {}


def _global_shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """The channels that enter; axes of size 1. Tokens become features."""
    x = inputs[0]
    if x.layout == "tokens":
        return TensorShape("features", (x.channels,))
    return TensorShape(x.layout, (x.dims[0],) + (1,) * (len(x.dims) - 1))


_PARAMETERS = (
    Parameter("k", "axes", REQUIRED, "size of the window", drawn="value"),
    Parameter("stride", "axes", 1, "step of the window", drawn="name"),
    Parameter("pad", "padding", "same", '"same": the output is ceil(size / stride); `none`: valid windows only'),
)


def _saves_max(application: Application) -> Saved:
    """The input as it is padded, and the place of each maximum."""
    attrs = application.attrs
    kept = window(application.inputs[0], attrs["k"], attrs["stride"], None, attrs["pad"])
    return Saved(kept.inputs, bytes=kept.bytes + INDEX * application.output.elements)


def _saves_avg(application: Application) -> Saved:
    x, attrs = application.inputs[0], application.attrs
    if not fits(x, attrs["k"]):
        return copy(x, paddings(x, attrs["k"], attrs["stride"], None, attrs["pad"]))
    return window(x, attrs["k"], attrs["stride"], None, attrs["pad"])


def _saves_global_max(application: Application) -> Saved:
    return Saved((0,), output=True)


PRIMITIVES = (
    Primitive(
        "max_pool",
        _PARAMETERS,
        _normalise,
        _shape,
        _cost,
        "The greatest value of each window.",
        saves=_saves_max,
        instants=instants,
        keeps_zeros=True,
        hints=frozenset({"clips"}),
    ),
    Primitive(
        "avg_pool",
        _PARAMETERS,
        _normalise,
        _shape,
        _cost,
        "The mean of each window; padding is left out of it.",
        saves=_saves_avg,
        instants=instants,
        keeps_zeros=True,
    ),
    Primitive(
        "global_avg_pool",
        (),
        _normalise_global,
        _global_shape,
        _cost,
        "The mean over all positions; axes of size 1 stay. Of tokens: the mean over tokens, as features.",
        saves=nothing,
        instants=every_instant,
        keeps_zeros=True,
    ),
    Primitive(
        "global_max_pool",
        (),
        _normalise_global,
        _global_shape,
        _cost,
        "The greatest value over all positions; axes of size 1 stay. Of tokens: over tokens, as features.",
        saves=_saves_global_max,
        instants=every_instant,
        keeps_zeros=True,
    ),
)
