"""`+` and `*` on tensors (`add`, `mul`), and the learnt `scale` and `bias` per channel."""

from __future__ import annotations

from ..ir.operation import Application, Attributes, Cost, OpFault, Primitive, Saved, TensorShape
from . import attributes as read
from .saving import input_of_weights, nothing

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _free(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Free."""
    return _FREE


def _same(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """As it enters."""
    return inputs[0]


def _per_channel(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """One parameter a channel."""
    return Cost(output.channels)


def _broadcast(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """Equal types; sizes agree, or one of them is 1 and takes the other's."""
    a, b = inputs
    if a == b:
        return a
    if a.layout != b.layout:
        advice = "`flatten` makes features of both; axes of size 1, as `global_avg_pool` leaves them, fit any"
        raise OpFault("shape", f"{a} and {b} are not of one type", advice)
    dims = []
    for m, n in zip(a.dims, b.dims, strict=True):
        if m != n and m != 1 and n != 1:
            raise OpFault(
                "shape",
                f"{a} and {b} differ in {m} and {n}, neither of which is 1",
                "`pointwise(c)` changes the channels, a stride or a pool the axes",
            )
        dims.append(n if m == 1 else m)
    return TensorShape(a.layout, tuple(dims))


def _factors(application: Application) -> Saved:
    """Each factor, for the gradient of the other."""
    first, second = application.gradients
    return Saved((*([0] if second else []), *([1] if first else [])))


PRIMITIVES = (
    Primitive(
        "add",
        (),
        read.plain,
        _broadcast,
        _free,
        "The sum of two tensors; sizes of 1 broadcast.",
        inputs=2,
        saves=nothing,
        keeps_zeros=True,
        adds=True,
        commutes=True,
    ),
    Primitive(
        "mul",
        (),
        read.plain,
        _broadcast,
        _free,
        "The product of two tensors; sizes of 1 broadcast.",
        inputs=2,
        saves=_factors,
        keeps_zeros=True,
        multiplies=True,
        commutes=True,
    ),
    Primitive(
        "scale",
        (),
        read.plain,
        _same,
        _per_channel,
        "A learnt factor per channel, 1 at first.",
        saves=input_of_weights,
        keeps_zeros=True,
        stateful=True,
    ),
    Primitive(
        "bias",
        (),
        read.plain,
        _same,
        _per_channel,
        "A learnt summand per channel, 0 at first.",
        saves=nothing,
        stateful=True,
    ),
)
