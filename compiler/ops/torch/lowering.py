"""Text for each primitive: :func:`emit` for an application, :func:`reduce_call` for a `sum`, `mean` or `concat`.

One function per family; each takes the inputs' shapes, complete attributes and the output's shape. No torch here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from ...ir.operation import Attributes, TensorShape
from ...text.quoting import python_value
from ..convolution import geometry
from ..windows import even, fits, paddings
from .emission import Emission

Inputs = tuple[TensorShape, ...]
Lowering = Callable[[str, Inputs, Attributes, TensorShape], Emission]


def emit(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    """The text of one application of the primitive ``op``; raises KeyError for a name that is none."""
    return LOWERINGS[op](op, inputs, attrs, output)


def reduce_call(
    op: Literal["sum", "mean", "concat"] | str, arguments: Sequence[str], shape: TensorShape | None = None
) -> str:
    """The text of a reduce over at least one tensor. ``shape``: of the result; only tokens need it (channels last)."""
    if len(arguments) == 1:
        return arguments[0]
    if op == "concat":
        axis = 2 if shape is not None and shape.layout == "tokens" else 1
        return f"torch.cat([{', '.join(arguments)}], dim={axis})"
    total = " + ".join(arguments)
    return total if op == "sum" else f"({total}) / {len(arguments)}"


def _rank(shape: TensorShape) -> int:
    return len(shape.axes)


def _arguments(*positional: Any, **named: Any) -> str:
    return ", ".join([*map(python_value, positional), *(f"{name}={python_value(v)}" for name, v in named.items())])


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
    call = "{m}({0})"
    if not even(pads):
        call = f"{{m}}(F.pad({{0}}, {_flat(pads)}))"
    elif any(before for before, _ in pads):
        named["padding"] = tuple(before for before, _ in pads)
    if any(d != 1 for d in g["dilation"]):
        named["dilation"] = g["dilation"]
    if g["groups"] != 1:
        named["groups"] = g["groups"]
    named["bias"] = g["bias"]
    return Emission(f"nn.Conv{_rank(x)}d({_arguments(x.channels, g['c'], g['k'], **named)})", call)


def _temporal_gaussian(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    text = _arguments(
        inputs[0].channels,
        attrs["c"],
        attrs["k"],
        stride=attrs["stride"],
        mixtures=attrs["mixtures"],
        bias=attrs["bias"],
        pad=attrs["pad"],
    )
    return Emission(f"TemporalGaussianConv3d({text})", "{m}({0})", ("TemporalGaussianConv3d",))


def _bn(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    named: dict[str, Any] = {}
    if attrs["eps"] != 1e-5:
        named["eps"] = attrs["eps"]
    if attrs["momentum"] != 0.1:
        named["momentum"] = attrs["momentum"]
    if not attrs["affine"]:
        named["affine"] = False
    return Emission(f"nn.BatchNorm{_rank(output) or 1}d({_arguments(output.channels, **named)})", "{m}({0})")


def _other_norm(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    if op == "group_norm":
        named = {"eps": attrs["eps"], "affine": attrs["affine"]}
        return Emission(f"nn.GroupNorm({_arguments(attrs['groups'], output.channels, **named)})", "{m}({0})")
    named = {"eps": attrs["eps"], "elementwise_affine": attrs["affine"]}
    return Emission(f"nn.LayerNorm({_arguments(output.channels, **named)})", "{m}({0})")


_ACTIVATIONS: Final = {
    "relu": "F.relu({0})",
    "relu6": "F.relu6({0})",
    "elu": "F.elu({0})",
    "sigmoid": "torch.sigmoid({0})",
    "hsigmoid": "F.hardsigmoid({0})",
    "tanh": "torch.tanh({0})",
    "gelu": "F.gelu({0})",
    "silu": "F.silu({0})",
    "hswish": "F.hardswish({0})",
}


def _activation(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    # Never in place: the input may have other consumers.
    return Emission(None, _ACTIVATIONS[op])


def _leaky_relu(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, f"F.leaky_relu({{0}}, {attrs['slope']!r})")


def _softmax(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, f"torch.softmax({{0}}, dim={2 if output.layout == 'tokens' else 1})")


def _pool(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    k, stride = attrs["k"], attrs["stride"]
    pads = paddings(x, k, stride, None, attrs["pad"])
    function = f"F.{op}{_rank(x)}d"
    if op == "max_pool" and not even(pads):
        return Emission(None, f'{function}(F.pad({{0}}, {_flat(pads)}, value=float("-inf")), {k}, {stride})')
    if op == "avg_pool" and not (even(pads) and fits(x, k)):
        return Emission(f"PaddedAvgPool({_arguments(k, stride, _flat(pads))})", "{m}({0})", ("PaddedAvgPool",))
    text = f"{{0}}, {k}, {stride}"
    if any(before for before, _ in pads):
        text += f", {tuple(before for before, _ in pads)}"
        if op == "avg_pool":
            text += ", count_include_pad=False"
    return Emission(None, f"{function}({text})")


def _global_pool(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    function = "mean" if op == "global_avg_pool" else "amax"
    if inputs[0].layout == "tokens":
        return Emission(None, f"{{0}}.{function}(1)")
    return Emission(None, f"{{0}}.{function}({tuple(range(2, 2 + _rank(inputs[0])))}, keepdim=True)")


def _identity(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, "{0}")


def _zero(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    # New zeros rather than a product with 0, which would spread NaN and infinity.
    return Emission(None, f"{{0}}.new_zeros(({{0}}.shape[0], {', '.join(map(str, output.dims))}))")


def _dropout(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(f"nn.Dropout({attrs['p']!r})", "{m}({0})")


def _linear(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    call = "{m}({0}.flatten(1))" if x.axes else "{m}({0})"
    return Emission(f"nn.Linear({_arguments(x.channels, attrs['c'], bias=attrs['bias'])})", call)


def _attention(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    heads = attrs["heads"]
    parts = ", ".join(
        f"{{{i}}}.unflatten(2, ({heads}, {x.channels // heads})).transpose(1, 2)" for i, x in enumerate(inputs)
    )
    return Emission(None, f"F.scaled_dot_product_attention({parts}).transpose(1, 2).flatten(2)")


def _pointwise_sum(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, "{0} + {1}" if op == "add" else "{0} * {1}")


def _per_channel(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    name = "ChannelScale" if op == "scale" else "ChannelBias"
    last = {"last": True} if output.layout == "tokens" else {}
    return Emission(f"{name}({_arguments(output.channels, **last)})", "{m}({0})", (name,))


def _subsample(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    x = inputs[0]
    slices, missing = [], []
    for n, stride, offset, out in zip(x.axes, attrs["stride"], attrs["offset"], output.axes, strict=True):
        if stride == 1:
            slices.append(":")
        else:
            slices.append(f"{offset or ''}::{stride}")
        missing.append((0, out - len(range(offset, n, stride))))
    text = f"{{0}}[:, :, {', '.join(slices)}]"
    return Emission(None, text if even(tuple(missing)) else f"F.pad({text}, {_flat(tuple(missing))})")


def _upsample(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, f'F.interpolate({{0}}, size={output.axes}, mode="nearest")')


def _flatten(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, "{0}.flatten(1)" if inputs[0].layout != "features" else "{0}")


def _to_tokens(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    return Emission(None, "{0}.flatten(2).transpose(1, 2)")


def _channel_shuffle(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    groups, c = attrs["groups"], output.channels
    return Emission(None, f"{{0}}.unflatten(1, ({groups}, {c // groups})).transpose(1, 2).flatten(1, 2)")


def _time_to_channel(op: str, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Emission:
    frames = attrs["frames"]
    return Emission(None, f"{{0}}.unflatten(2, ({output.dims[1]}, {frames})).movedim(3, 2).flatten(1, 2)")


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
    "channel_shuffle": _channel_shuffle,
    "time_to_channel": _time_to_channel,
}
