"""Activations: elementwise, without parameters to learn; and `softmax` over the channels."""

from __future__ import annotations

from ..ir.operation import Attributes, Cost, Parameter, Primitive, SavesRule, TensorShape
from . import attributes as read
from .saving import input_alone, output_alone

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """As it enters."""
    return inputs[0]


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Free."""
    return _FREE


def _normalise_leaky(inputs: Inputs, attrs: Attributes) -> Attributes:
    return {"slope": read.number(attrs, "slope", 0.01)}


def _activation(name: str, doc: str, saves: SavesRule = input_alone, keeps_zeros: bool = True) -> Primitive:
    return Primitive(name, (), read.plain, _shape, _cost, doc, saves=saves, keeps_zeros=keeps_zeros)


PRIMITIVES = (
    _activation("relu", "max(x, 0).", output_alone),
    _activation("relu6", "max(x, 0), at most 6."),
    Primitive(
        "leaky_relu",
        (Parameter("slope", "number", 0.01, "factor of negative values"),),
        _normalise_leaky,
        _shape,
        _cost,
        "x, or slope · x where x is negative.",
        saves=input_alone,
        keeps_zeros=True,
    ),
    _activation("elu", "x, or exp(x) - 1 where x is negative."),
    _activation("sigmoid", "1 / (1 + exp(-x)).", output_alone, keeps_zeros=False),
    _activation("hsigmoid", "relu6(x + 3) / 6.", keeps_zeros=False),
    _activation("tanh", "The hyperbolic tangent.", output_alone),
    _activation("gelu", "x · Φ(x), with the standard normal distribution Φ."),
    _activation("silu", "x · sigmoid(x), also called swish."),
    _activation("hswish", "x · hsigmoid(x)."),
    _activation("softmax", "exp(x) over its sum over the channels.", output_alone, keeps_zeros=False),
)
