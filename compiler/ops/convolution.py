"""Convolutions: `conv`, `depthwise`, `pointwise`. Images and clips; no bias unless asked for."""

from __future__ import annotations

from math import prod
from typing import Any

from ..ir.operation import (
    REQUIRED,
    SAME,
    Application,
    Attributes,
    Cost,
    Instants,
    Layout,
    Parameter,
    Primitive,
    Saved,
    TensorShape,
)
from . import attributes as read
from .saving import input_alone, window
from .windows import instants, sizes

Inputs = tuple[TensorShape, ...]

_MIXES: dict[Layout, str] = {
    "tokens": "`linear(c)` mixes the channels of each token",
    "features": "`linear(c)` mixes features",
}

_STRIDE = Parameter("stride", "axes", 1, "step of the window", drawn="name")
_DILATION = Parameter("dilation", "axes", 1, "distance between the taps of the window", drawn="name")
_BIAS = Parameter("bias", "bool", False, "whether a bias is added")
_PAD = Parameter("pad", "padding", "same", '"same": the output is ceil(size / stride); `none`: valid windows only')


def _normalise_conv(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x, _MIXES)
    c = read.channels(attrs, x)
    return {
        "c": c,
        "k": read.axes(attrs, x, "k"),
        "stride": read.axes(attrs, x, "stride", 1),
        "dilation": read.axes(attrs, x, "dilation", 1),
        "groups": read.groups(attrs, x.channels, c, 1),
        "bias": read.flag(attrs, "bias", False),
        "pad": read.padding(attrs),
    }


def _normalise_depthwise(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x)
    return {
        "k": read.axes(attrs, x, "k"),
        "stride": read.axes(attrs, x, "stride", 1),
        "dilation": read.axes(attrs, x, "dilation", 1),
        "bias": read.flag(attrs, "bias", False),
        "pad": read.padding(attrs),
    }


def _normalise_pointwise(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x, _MIXES)
    return {
        "c": read.channels(attrs, x),
        "stride": read.axes(attrs, x, "stride", 1),
        "bias": read.flag(attrs, "bias", False),
    }


def geometry(op: str, inputs: Inputs, attrs: Attributes) -> dict[str, Any]:
    """Any of the three as the attributes of a `conv`: c, k, stride, dilation, groups, bias, pad."""
    if op == "conv":
        return dict(attrs)
    x = inputs[0]
    ones = (1,) * len(x.axes)
    if op == "depthwise":
        return {"c": x.channels, "groups": x.channels, **attrs}
    return {"k": ones, "dilation": ones, "groups": 1, "pad": "same", **attrs}


def _shape_conv(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """c channels; ceil(size / stride) on each axis; with `pad = none` as many windows as fit."""
    x = inputs[0]
    out = sizes(x, attrs["k"], attrs["stride"], attrs["dilation"], attrs["pad"])
    return TensorShape(x.layout, (attrs["c"], *out))


def _shape_depthwise(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """The channels that enter; ceil(size / stride) on each axis; with `pad = none` as many windows as fit."""
    x = inputs[0]
    out = sizes(x, attrs["k"], attrs["stride"], attrs["dilation"], attrs["pad"])
    return TensorShape(x.layout, (x.dims[0], *out))


def _shape_pointwise(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """c channels; ceil(size / stride) on each axis."""
    x = inputs[0]
    return TensorShape(x.layout, (attrs["c"], *sizes(x, (), attrs["stride"], None, "same")))


def _cost(per_output: int, attrs: Attributes, output: TensorShape) -> Cost:
    """``per_output``: multiply-adds of one output element."""
    c = output.dims[0]
    elements = output.elements
    return Cost(per_output * c + (c if attrs["bias"] else 0), per_output * elements, 1, elements)


def _cost_conv(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Channels that enter / groups · window · c parameters, and c for a bias; as many multiply-adds a position, without
    the bias."""
    return _cost(inputs[0].dims[0] // attrs["groups"] * prod(attrs["k"]), attrs, output)


def _cost_depthwise(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Window · channels parameters, and one a channel for a bias; as many multiply-adds a position, without it."""
    return _cost(prod(attrs["k"]), attrs, output)


def _cost_pointwise(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Channels that enter · c parameters, and c for a bias; as many multiply-adds a position, without the bias."""
    return _cost(inputs[0].dims[0], attrs, output)


def _saves(application: Application) -> Saved:
    attrs = application.attrs
    return window(application.inputs[0], attrs["k"], attrs["stride"], attrs["dilation"], attrs["pad"])


def _every_nth(inputs: Inputs, attrs: Attributes) -> Instants:
    return Instants(stride=attrs["stride"][0])


PRIMITIVES = (
    Primitive(
        "conv",
        (
            Parameter("c", "channels", SAME, "channels that leave", drawn="value"),
            Parameter("k", "axes", REQUIRED, "size of the window", drawn="value"),
            _STRIDE,
            _DILATION,
            Parameter("groups", "int", 1, "groups of channels that do not mix", drawn="name"),
            _BIAS,
            _PAD,
        ),
        _normalise_conv,
        _shape_conv,
        _cost_conv,
        "A convolution.",
        saves=_saves,
        instants=instants,
        keeps_zeros=True,
        stateful=True,
        hints=frozenset({"clips", "product"}),
    ),
    Primitive(
        "depthwise",
        (Parameter("k", "axes", REQUIRED, "size of the window", drawn="value"), _STRIDE, _DILATION, _BIAS, _PAD),
        _normalise_depthwise,
        _shape_depthwise,
        _cost_depthwise,
        "A convolution of each channel by itself.",
        saves=_saves,
        instants=instants,
        keeps_zeros=True,
        stateful=True,
        hints=frozenset({"clips", "narrow", "phases"}),
    ),
    Primitive(
        "pointwise",
        (Parameter("c", "channels", SAME, "channels that leave", drawn="value"), _STRIDE, _BIAS),
        _normalise_pointwise,
        _shape_pointwise,
        _cost_pointwise,
        "A convolution with a window of one position.",
        saves=input_alone,
        instants=_every_nth,
        keeps_zeros=True,
        stateful=True,
        hints=frozenset({"product"}),
    ),
)
