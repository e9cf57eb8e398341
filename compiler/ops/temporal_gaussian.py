"""`temporal_gaussian`: the inflated temporal Gaussian mixture layer (iTGM) of EvaNet (Piergiovanni et al., 2019).

A clip's convolution whose kernel is a learnt spatial kernel times a learnt mixture of Gaussians over time (Eq. 1, 2):
the number of parameters, H·W·Cin·Cout + 2M + M·Cout, does not depend on the length of the kernel.
"""

from __future__ import annotations

from math import prod

from ..ir.operation import REQUIRED, SAME, Application, Attributes, Cost, Parameter, Primitive, Saved, TensorShape
from . import attributes as read
from .saving import window
from .windows import sizes

Inputs = tuple[TensorShape, ...]


def _normalise(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.only(x, ("clip",), "clips", {"image": "on an image, use `conv(c, k)`"})
    return {
        "c": read.channels(attrs, x),
        "k": read.axes(attrs, x, "k"),
        "stride": read.axes(attrs, x, "stride", 1),
        "mixtures": read.integer(attrs, "mixtures", 4),
        "bias": read.flag(attrs, "bias", False),
        "pad": read.padding(attrs),
    }


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """c channels; ceil(size / stride) on each axis; with `pad = none` as many windows as fit."""
    x = inputs[0]
    return TensorShape("clip", (attrs["c"], *sizes(x, attrs["k"], attrs["stride"], None, attrs["pad"])))


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Height · width · channels that enter · c + 2M + M · c parameters, and c for a bias, whatever the length. The
    multiply-adds are those of the convolution with the materialised kernel, as it runs."""
    length, height, width = attrs["k"]
    c_in, c, m = inputs[0].channels, attrs["c"], attrs["mixtures"]
    params = height * width * c_in * c + 2 * m + m * c + (c if attrs["bias"] else 0)
    elements = prod(output.dims)
    return Cost(params, length * height * width * c_in * elements, 1, elements)


def _saves(application: Application) -> Saved:
    attrs = application.attrs
    return window(application.inputs[0], attrs["k"], attrs["stride"], None, attrs["pad"])


PRIMITIVES = (
    Primitive(
        "temporal_gaussian",
        (
            Parameter("c", "channels", SAME, "channels that leave", drawn="value"),
            Parameter("k", "axes", REQUIRED, "size of the window: (length, height, width)", drawn="value"),
            Parameter("stride", "axes", 1, "step of the window", drawn="name"),
            Parameter("mixtures", "int", 4, "number M of Gaussians"),
            Parameter("bias", "bool", False, "whether a bias is added"),
            Parameter(
                "pad", "padding", "same", '"same": the output is ceil(size / stride); `none`: valid windows only'
            ),
        ),
        _normalise,
        _shape,
        _cost,
        "A convolution of a clip whose kernel over time is a learnt mixture of Gaussians (EvaNet's iTGM).",
        saves=_saves,
        keeps_zeros=True,
        stateful=True,
    ),
)
