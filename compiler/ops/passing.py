"""What computes nothing: `identity`, `zero`, `dropout`."""

from __future__ import annotations

from ..ir.operation import SAME, Application, Attributes, Cost, OpFault, Parameter, Primitive, Saved, TensorShape
from . import attributes as read
from .saving import FLOAT, always, nothing

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Free."""
    return _FREE


def _same(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """As it enters."""
    return inputs[0]


def _normalise_zero(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    c = read.channels(attrs, x)
    if x.layout in read.AXES:
        return {"c": c, "stride": read.axes(attrs, x, "stride", 1)}
    if attrs.get("stride", 1) not in (1, ()):
        raise OpFault("attribute", f"there are no axes to stride over in its input {x}", None, "stride")
    return {"c": c, "stride": ()}


def _shape_zero(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """c channels; ceil(size / stride) on each axis."""
    x = inputs[0]
    if not attrs["stride"]:
        return x.with_channels(attrs["c"])
    axes = [-(-n // s) for n, s in zip(x.dims[1:], attrs["stride"], strict=True)]
    return TensorShape(x.layout, (attrs["c"], *axes))


def _normalise_dropout(inputs: Inputs, attrs: Attributes) -> Attributes:
    return {"p": read.number(attrs, "p", 0.5, 0, 1)}


def _saves_dropout(application: Application) -> Saved:
    """The factors of the elements, 0 or 1 / (1 - p)."""
    return Saved(bytes=FLOAT * application.output.elements if application.attrs["p"] else 0)


def _drops_nothing(inputs: tuple[TensorShape, ...], attrs: Attributes) -> bool:
    return not attrs["p"]


PRIMITIVES = (
    Primitive(
        "identity",
        (),
        read.plain,
        _same,
        _cost,
        "Its input.",
        saves=nothing,
        keeps_zeros=True,
        view=always,
        identity=True,
    ),
    Primitive(
        "zero",
        (
            Parameter("c", "channels", SAME, "channels that leave", drawn="value"),
            Parameter("stride", "axes", 1, "step over the axes", drawn="name"),
        ),
        _normalise_zero,
        _shape_zero,
        _cost,
        "Exact zeros: no connection.",
        saves=nothing,
        keeps_zeros=True,
        zero=True,
    ),
    Primitive(
        "dropout",
        (Parameter("p", "number", 0.5, "the probability that an element is dropped", drawn="value"),),
        _normalise_dropout,
        _same,
        _cost,
        "Zeroes elements at random in training, and scales up the others.",
        saves=_saves_dropout,
        keeps_zeros=True,
        view=_drops_nothing,
        random=True,
    ),
)
