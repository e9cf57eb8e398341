"""`attention`: scaled dot-product attention between tokens."""

from __future__ import annotations

from ..ir.operation import (
    REQUIRED,
    Application,
    Attributes,
    Cost,
    Layout,
    OpFault,
    Parameter,
    Primitive,
    Saved,
    TensorShape,
)
from . import attributes as read
from .saving import FLOAT
from .windows import every_instant

Inputs = tuple[TensorShape, ...]

_TOKENS: dict[Layout, str] = {
    "image": "put `to_tokens` before it",
    "clip": "put `to_tokens` before it",
    "features": "`linear(c)` mixes features; tokens are what `to_tokens` makes of an image or a clip",
}


def _normalise(inputs: Inputs, attrs: Attributes) -> Attributes:
    queries, keys, values = inputs
    for x in inputs:
        read.only(x, ("tokens",), "tokens", _TOKENS)
    if queries.channels != keys.channels:
        raise OpFault(
            "shape",
            f"queries of {queries.channels} channels enter, keys of {keys.channels}",
            "project both to the same channels: `linear(c)`",
        )
    if keys.dims[0] != values.dims[0]:
        raise OpFault("shape", f"{keys.dims[0]} keys enter, but {values.dims[0]} values", "keys and values go in pairs")
    heads = read.integer(attrs, "heads")
    for x, name in ((queries, "queries"), (values, "values")):
        if x.channels % heads:
            raise OpFault(
                "attribute", f"`heads` = {heads} does not divide the {x.channels} channels of the {name}", None, "heads"
            )
    return {"heads": heads}


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """As many tokens as queries, with the channels of the values."""
    queries, _, values = inputs
    return TensorShape("tokens", (queries.dims[0], values.channels))


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Two matrix products: queries · keys · channels, then queries · values · channels of the values."""
    queries, keys, values = inputs
    pairs = queries.dims[0] * keys.dims[0]
    return Cost(0, pairs * (queries.channels + values.channels), 2, attrs["heads"] * pairs + output.elements)


def _saves(application: Application) -> Saved:
    """Where channels are equal PyTorch takes a kernel that keeps all inputs, the output, and for each query and head
    the logarithm of a sum; else plain products, which keep scaled queries and keys, the weights of the mean, and the
    values with heads in front."""
    queries, keys, values = application.inputs
    heads: int = application.attrs["heads"]
    if queries.channels == values.channels:
        return Saved((0, 1, 2), output=True, bytes=FLOAT * heads * queries.dims[0])
    for_queries, for_keys, _ = application.gradients
    for_scores = for_queries or for_keys
    kept = heads * queries.dims[0] * keys.dims[0]
    kept += keys.elements * for_queries + queries.elements * for_keys
    one_block = heads == 1 or keys.dims[0] == 1
    kept += values.elements * (for_scores and not one_block)
    return Saved((2,) if for_scores and one_block else (), bytes=FLOAT * kept)


PRIMITIVES = (
    Primitive(
        "attention",
        (Parameter("heads", "int", REQUIRED, "groups of channels that attend by themselves", drawn="name"),),
        _normalise,
        _shape,
        _cost,
        "Scaled dot-product attention (Vaswani et al. 2017, equation 1) of a list of queries, keys and values: for "
        "each query the mean of the values, weighted by the softmax of its products with the keys. It has no weights.",
        inputs=3,
        saves=_saves,
        instants=every_instant,
        keeps_zeros=True,
    ),
)
