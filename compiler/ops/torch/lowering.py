"""Each primitive in torch: :func:`emit` for an application, :func:`reduce_call` for a `sum`, `mean` or `concat`.

One function per family; each takes the inputs' shapes, complete attributes and the output's shape. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from ...ir.operation import Attributes, TensorShape
from ..convolution import geometry
from ..temporal_gaussian import geometry as over_time
from ..windows import even, fits, paddings
from .emission import Emission
from .expressions import (
    MODULE,
    Attribute,
    Expression,
    Operation,
    Slice,
    Slot,
    Subscript,
    call,
    expression,
    indexed,
    method,
    total,
)

Inputs = tuple[TensorShape, ...]
Lowering = Callable[[str, Inputs, Attributes, TensorShape], Emission]

X: Final = Slot(0)
APPLIED: Final = call(MODULE, X)
"""A module of its only input."""


def emit(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    """One application of the primitive ``op``; raises KeyError for a name that is none."""
    return LOWERINGS[op](op, inputs, attrs, output)


def reduce_call(
    op: Literal["sum", "mean", "concat"] | str, arguments: Sequence[Expression], shape: TensorShape | None = None
) -> Expression:
    """A reduce over at least one tensor. ``shape``: of the result; only tokens need it (channels last)."""
    if len(arguments) == 1:
        return arguments[0]
    if op == "concat":
        axis = 2 if shape is not None and shape.layout == "tokens" else 1
        return call("torch.cat", list(arguments), dim=axis)
    added = total(*arguments)
    return added if op == "sum" else Operation("/", (added, expression(len(arguments))))


def batch_of_zeros(x: Expression, dims: Sequence[int]) -> Expression:
    """Zeros (N, dims) for the N samples of ``x``."""
    return method(x, "new_zeros", (indexed(Attribute(x, "shape"), 0), *dims))


def _rank(shape: TensorShape) -> int:
    return len(shape.axes)


def _flat(pads: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """In the order of F.pad: the last axis first."""
    return tuple(n for pair in reversed(pads) for n in pair)


def _convolution(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    g = geometry(op, inputs, attrs)
    pads = paddings(x, g["k"], g["stride"], g["dilation"], g["pad"])
    named: dict[str, Any] = {}
    if any(s != 1 for s in g["stride"]):
        named["stride"] = g["stride"]
    applied = APPLIED
    if not even(pads):
        applied = call(MODULE, call("F.pad", X, _flat(pads)))
    elif any(before for before, _ in pads):
        named["padding"] = tuple(before for before, _ in pads)
    if any(d != 1 for d in g["dilation"]):
        named["dilation"] = g["dilation"]
    if g["groups"] != 1:
        named["groups"] = g["groups"]
    named["bias"] = g["bias"]
    return Emission(call(f"nn.Conv{_rank(x)}d", x.channels, g["c"], g["k"], **named), applied)


def _temporal_gaussian(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    name, x, (k, stride) = "TemporalGaussian", inputs[0], over_time(attrs)
    pads = paddings(x, k, stride, None, attrs["pad"])
    named: dict[str, Any] = {}
    if attrs["stride"] != 1:
        named["stride"] = attrs["stride"]
    applied = APPLIED
    if not even(pads):
        applied = call(MODULE, call("F.pad", X, _flat(pads)))
    elif pads[0][0]:
        named["padding"] = pads[0][0]
    if attrs["mixtures"] != 4:
        named["mixtures"] = attrs["mixtures"]
    if attrs["bias"]:
        named["bias"] = True
    return Emission(call(name, x.channels, attrs["length"], **named), applied, (name,))


def _bn(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    named: dict[str, Any] = {}
    if attrs["eps"] != 1e-5:
        named["eps"] = attrs["eps"]
    if attrs["momentum"] != 0.1:
        named["momentum"] = attrs["momentum"]
    if not attrs["affine"]:
        named["affine"] = False
    return Emission(call(f"nn.BatchNorm{_rank(output) or 1}d", output.channels, **named), APPLIED)


def _other_norm(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    if op == "group_norm":
        named = {"eps": attrs["eps"], "affine": attrs["affine"]}
        return Emission(call("nn.GroupNorm", attrs["groups"], output.channels, **named), APPLIED)
    named = {"eps": attrs["eps"], "elementwise_affine": attrs["affine"]}
    return Emission(call("nn.LayerNorm", output.channels, **named), APPLIED)


_ACTIVATIONS: Final = {
    "relu": "F.relu",
    "relu6": "F.relu6",
    "elu": "F.elu",
    "sigmoid": "torch.sigmoid",
    "hsigmoid": "F.hardsigmoid",
    "tanh": "torch.tanh",
    "gelu": "F.gelu",
    "silu": "F.silu",
    "hswish": "F.hardswish",
}


def _activation(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    # Never in place: the input may have other consumers.
    return Emission(None, call(_ACTIVATIONS[op], X))


def _leaky_relu(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, call("F.leaky_relu", X, attrs["slope"]))


def _softmax(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, call("torch.softmax", X, dim=2 if output.layout == "tokens" else 1))


def _pool(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    k, stride = attrs["k"], attrs["stride"]
    pads = paddings(x, k, stride, None, attrs["pad"])
    function = f"F.{op}{_rank(x)}d"
    if op == "max_pool" and not even(pads):
        return Emission(None, call(function, call("F.pad", X, _flat(pads), value=float("-inf")), k, stride))
    if op == "avg_pool" and not (even(pads) and fits(x, k)):
        return Emission(call("PaddedAvgPool", k, stride, _flat(pads)), APPLIED, ("PaddedAvgPool",))
    if not any(before for before, _ in pads):
        return Emission(None, call(function, X, k, stride))
    named = {"count_include_pad": False} if op == "avg_pool" else {}
    return Emission(None, call(function, X, k, stride, tuple(before for before, _ in pads), **named))


def _global_pool(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    function = "mean" if op == "global_avg_pool" else "amax"
    if inputs[0].layout == "tokens":
        return Emission(None, method(X, function, 1))
    return Emission(None, method(X, function, tuple(range(2, 2 + _rank(inputs[0]))), keepdim=True))


def _identity(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, X)


def _zero(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    # New zeros rather than a product with 0, which would spread NaN and infinity.
    return Emission(None, batch_of_zeros(X, output.dims))


def _dropout(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(call("nn.Dropout", attrs["p"]), APPLIED)


def _linear(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    applied = call(MODULE, method(X, "flatten", 1)) if x.axes else APPLIED
    return Emission(call("nn.Linear", x.channels, attrs["c"], bias=attrs["bias"]), applied)


def _attention(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    heads = attrs["heads"]
    parts = [
        method(method(Slot(i), "unflatten", 2, (heads, x.channels // heads)), "transpose", 1, 2)
        for i, x in enumerate(inputs)
    ]
    joined = method(call("F.scaled_dot_product_attention", *parts), "transpose", 1, 2)
    return Emission(None, method(joined, "flatten", 2))


def _pointwise_sum(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, Operation("+" if op == "add" else "*", (X, Slot(1))))


def _per_channel(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    name = "ChannelScale" if op == "scale" else "ChannelBias"
    last = {"last": True} if output.layout == "tokens" else {}
    return Emission(call(name, output.channels, **last), APPLIED, (name,))


def _subsample(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    slices, missing = [Slice(), Slice()], []
    for n, stride, offset, out in zip(x.axes, attrs["stride"], attrs["offset"], output.axes, strict=True):
        slices.append(Slice() if stride == 1 else Slice(offset or None, None, stride))
        missing.append((0, out - len(range(offset, n, stride))))
    taken = Subscript(X, tuple(slices))
    return Emission(None, taken if even(tuple(missing)) else call("F.pad", taken, _flat(tuple(missing))))


def _upsample(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, call("F.interpolate", X, size=output.axes, mode="nearest"))


def _flatten(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, method(X, "flatten", 1) if inputs[0].layout != "features" else X)


def _to_tokens(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, method(method(X, "flatten", 2), "transpose", 1, 2))


def _from_tokens(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, method(method(X, "transpose", 1, 2), "unflatten", 2, output.axes))


def _channel_shuffle(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    groups, c = attrs["groups"], output.channels
    swapped = method(method(X, "unflatten", 1, (groups, c // groups)), "transpose", 1, 2)
    return Emission(None, method(swapped, "flatten", 1, 2))


def _time_to_channel(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    moved = method(method(X, "unflatten", 2, (output.dims[1], attrs["frames"])), "movedim", 3, 2)
    return Emission(None, method(moved, "flatten", 1, 2))


LOWERINGS: Final[dict[str, Lowering]] = {
    **dict.fromkeys(("conv", "depthwise", "pointwise"), _convolution),
    "temporal_gaussian": _temporal_gaussian,
    "bn": _bn,
    **dict.fromkeys(("group_norm", "layer_norm"), _other_norm),
    **dict.fromkeys(_ACTIVATIONS, _activation),
    "leaky_relu": _leaky_relu,
    "softmax": _softmax,
    **dict.fromkeys(("max_pool", "avg_pool"), _pool),
    **dict.fromkeys(("global_avg_pool", "global_max_pool"), _global_pool),
    "identity": _identity,
    "zero": _zero,
    "dropout": _dropout,
    "linear": _linear,
    "attention": _attention,
    **dict.fromkeys(("add", "mul"), _pointwise_sum),
    **dict.fromkeys(("scale", "bias"), _per_channel),
    "subsample": _subsample,
    "upsample": _upsample,
    "flatten": _flatten,
    "to_tokens": _to_tokens,
    "from_tokens": _from_tokens,
    "channel_shuffle": _channel_shuffle,
    "time_to_channel": _time_to_channel,
}
