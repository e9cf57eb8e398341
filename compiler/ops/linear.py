"""`linear`: a matrix product over the channels."""

from __future__ import annotations

from ..ir.operation import REQUIRED, Attributes, Cost, OpFault, Parameter, Primitive, TensorShape
from . import attributes as read
from .saving import input_of_weights

Inputs = tuple[TensorShape, ...]


def _normalise(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    for n in x.axes:
        if n != 1:
            raise OpFault(
                "shape",
                f"it takes features, tokens, or axes of size 1, its input is {x}",
                "put `global_avg_pool` or `flatten` before it; `pointwise(c)` mixes channels position by position",
            )
    return {"c": read.channels(attrs, x, default=REQUIRED), "bias": read.flag(attrs, "bias", True)}


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """Features (c); tokens keep their number."""
    x = inputs[0]
    if x.layout == "tokens":
        return TensorShape("tokens", (x.dims[0], attrs["c"]))
    return TensorShape("features", (attrs["c"],))


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Channels that enter · c parameters, and c for a bias; as many multiply-adds (a token), without the bias."""
    c_in, c, elements = inputs[0].channels, attrs["c"], output.elements
    return Cost(c_in * c + (c if attrs["bias"] else 0), c_in * elements, 1, elements)


PRIMITIVES = (
    Primitive(
        "linear",
        (
            Parameter("c", "channels", REQUIRED, "features that leave", drawn="value"),
            Parameter("bias", "bool", True, "whether a bias is added"),
        ),
        _normalise,
        _shape,
        _cost,
        "A linear layer of features (or an image or clip whose axes all have size 1), or of each token by itself.",
        saves=input_of_weights,
        keeps_zeros=True,
        stateful=True,
    ),
)
