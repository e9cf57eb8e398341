"""`+` and `*` on tensors (`add`, `mul`), and the learnt `scale` and `bias` per channel."""

from __future__ import annotations

from collections.abc import Callable

from . import attributes as read
from .base import Attributes, Cost, OpFault, Primitive, TensorShape

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _free(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    return _FREE


def _same(inputs: Inputs, attrs: Attributes) -> TensorShape:
    return inputs[0]


def _per_channel(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    return Cost(output.channels)


def _broadcast(sign: str) -> Callable[[Inputs, Attributes], TensorShape]:
    def shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
        a, b = inputs
        if a == b:
            return a
        if a.layout != b.layout:
            raise OpFault("shape", f"`{sign}` of {a} and {b}: {_article(a)} does not meet {_article(b)}")
        dims = []
        for m, n in zip(a.dims, b.dims, strict=True):
            if m != n and m != 1 and n != 1:
                raise OpFault(
                    "shape",
                    f"`{sign}` of {a} and {b}: the sizes {m} and {n} differ and neither is 1",
                    "`pointwise(c)` changes the channels, a stride or a pool the axes",
                )
            dims.append(n if m == 1 else m)
        return TensorShape(a.layout, tuple(dims))

    return shape


def _article(shape: TensorShape) -> str:
    return {"image": "an image", "clip": "a clip"}.get(shape.layout, shape.layout)


PRIMITIVES = (
    Primitive("add", (), read.plain, _broadcast("+"), _free, "The sum of two tensors; sizes of 1 broadcast.", inputs=2),
    Primitive(
        "mul", (), read.plain, _broadcast("*"), _free, "The product of two tensors; sizes of 1 broadcast.", inputs=2
    ),
    Primitive("scale", (), read.plain, _same, _per_channel, "A learnt factor per channel, 1 at first.", stateful=True),
    Primitive("bias", (), read.plain, _same, _per_channel, "A learnt summand per channel, 0 at first.", stateful=True),
)
