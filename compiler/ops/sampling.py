"""Fewer or more positions: `subsample`, `upsample`."""

from __future__ import annotations

from ..ir.operation import REQUIRED, Attributes, Cost, Instants, Parameter, Primitive, TensorShape
from . import attributes as read
from .saving import nothing

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Free."""
    return _FREE


def _normalise_subsample(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x)
    stride = read.axes(attrs, x, "stride")
    offset = read.axes(attrs, x, "offset", 0, least=0)
    # An axis that is not strided over is not moved either, so that one offset serves every stride.
    return {"stride": stride, "offset": tuple(min(o, s - 1) for o, s in zip(offset, stride, strict=True))}


def _shape_subsample(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """The channels that enter; ceil(size / stride) on each axis."""
    x = inputs[0]
    return TensorShape(x.layout, (x.dims[0], *(-(-n // s) for n, s in zip(x.dims[1:], attrs["stride"], strict=True))))


def _normalise_upsample(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x)
    return {"factor": read.axes(attrs, x, "factor")}


def _shape_upsample(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """The channels that enter; size · factor on each axis."""
    x = inputs[0]
    return TensorShape(x.layout, (x.dims[0], *(n * f for n, f in zip(x.dims[1:], attrs["factor"], strict=True))))


def _inside(inputs: Inputs, attrs: Attributes) -> bool:
    """Whether no position lies past the end."""
    axes = zip(inputs[0].axes, attrs["stride"], attrs["offset"], strict=True)
    return all(len(range(offset, n, stride)) == -(-n // stride) for n, stride, offset in axes)


def _taken(inputs: Inputs, attrs: Attributes) -> Instants:
    return Instants(stride=attrs["stride"][0], before=-attrs["offset"][0])


def _repeated(inputs: Inputs, attrs: Attributes) -> Instants:
    return Instants(hold=attrs["factor"][0])


PRIMITIVES = (
    Primitive(
        "subsample",
        (
            Parameter("stride", "axes", REQUIRED, "distance between the positions that are taken", drawn="name"),
            Parameter("offset", "axes", 0, "the first position that is taken, from 0 and at most stride - 1"),
        ),
        _normalise_subsample,
        _shape_subsample,
        _cost,
        "ceil(size / stride) positions, one every stride from an offset on; one that lies past the end is zero.",
        saves=nothing,
        instants=_taken,
        keeps_zeros=True,
        view=_inside,
    ),
    Primitive(
        "upsample",
        (Parameter("factor", "axes", REQUIRED, "how often each position is repeated", drawn="name"),),
        _normalise_upsample,
        _shape_upsample,
        _cost,
        "Repeats each position (nearest neighbour).",
        saves=nothing,
        instants=_repeated,
        keeps_zeros=True,
    ),
)
