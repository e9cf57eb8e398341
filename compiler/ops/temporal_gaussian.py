"""`temporal_gaussian`: a convolution over time whose kernels are mixtures of Gaussians, channel by channel.

Behind a convolution over space it is EvaNet's inflated temporal Gaussian mixture layer, `itgm` of `std.video`
(Piergiovanni et al., 2019, section 3.1): the kernel over time depends on the channel that leaves alone, so that the
layer is exactly these two, one after the other.
"""

from __future__ import annotations

from ..ir.operation import (
    REQUIRED,
    Application,
    Attributes,
    Cost,
    Instants,
    Parameter,
    Primitive,
    Saved,
    TensorShape,
)
from . import attributes as read
from .saving import window
from .windows import paddings, sizes

Inputs = tuple[TensorShape, ...]
Axes = tuple[int, int, int]


def _normalise(inputs: Inputs, attrs: Attributes) -> Attributes:
    read.only(inputs[0], ("clip",), "clips", {"image": "an image has no time axis"})
    return {
        "length": read.integer(attrs, "length"),
        "stride": read.integer(attrs, "stride", 1),
        "mixtures": read.integer(attrs, "mixtures", 4),
        "bias": read.flag(attrs, "bias", False),
        "pad": read.padding(attrs),
    }


def geometry(attrs: Attributes) -> tuple[Axes, Axes]:
    """The window and its stride, over (T, H, W)."""
    return (attrs["length"], 1, 1), (attrs["stride"], 1, 1)


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """The channels that enter, and ceil(frames / stride) frames; with `pad = none` as many windows as fit."""
    x, (k, stride) = inputs[0], geometry(attrs)
    return TensorShape("clip", (x.channels, *sizes(x, k, stride, None, attrs["pad"])))


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """2M + M · channels parameters, and one a channel for a bias, whatever the length; length · channels multiply-adds
    a position. (Its kernels are computed from the parameters once a batch: that is not counted.)"""
    c, m = output.channels, attrs["mixtures"]
    params = 2 * m + m * c + (c if attrs["bias"] else 0)
    return Cost(params, attrs["length"] * output.elements, 1, output.elements)


def _saves(application: Application) -> Saved:
    return window(application.inputs[0], *geometry(application.attrs), None, application.attrs["pad"])


def _instants(inputs: Inputs, attrs: Attributes) -> Instants:
    before = paddings(inputs[0], *geometry(attrs), None, attrs["pad"])[0][0]
    return Instants(attrs["length"], attrs["stride"], before=before)


PRIMITIVES = (
    Primitive(
        "temporal_gaussian",
        (
            Parameter("length", "int", REQUIRED, "length L of the kernels, in frames", drawn="value"),
            Parameter("stride", "int", 1, "step over time", drawn="name"),
            Parameter("mixtures", "int", 4, "number M of Gaussians"),
            Parameter("bias", "bool", False, "whether a bias is added"),
            Parameter(
                "pad",
                "padding",
                "same",
                '"same": as many frames leave as ceil(frames / stride); `none`: valid windows only',
            ),
        ),
        _normalise,
        _shape,
        _cost,
        "A convolution of each channel of a clip over time, whose kernel is a learnt mixture of M Gaussians: of M "
        "centres μ = (L - 1) / 2 · (tanh μ̂ + 1) and variances σ² = exp σ̂ that all channels share, each Gaussian adding "
        "up to 1 over the places 0 … L - 1, mixed by a softmax over M weights of the channel's own.",
        saves=_saves,
        instants=_instants,
        keeps_zeros=True,
        stateful=True,
    ),
)
