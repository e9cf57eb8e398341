"""The primitive operations as docs/reference/operations.md lists them: parameters, shapes, what must hold, costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from . import shapes
from .runs import SpaceError
from .shapes import View, per_axis, positions, whole

ANY = ("image", "clip", "tokens", "features")
MAPS = ("image", "clip")
MISSING = object()
SAME = object()
"""A default: the channels that enter."""


def free(view: View, out: shapes.Shape) -> int:
    return 0


def fine(view: View) -> None:
    pass


@dataclass(eq=False, frozen=True)
class Spec:
    """``parameters`` with defaults, in order. Costs take a view and the output's shape."""

    name: str
    parameters: dict[str, Any]
    layouts: tuple[str, ...]
    shape: Callable[[View, str], Any]
    check: Callable[[View], None] = fine
    params: Callable[[View, shapes.Shape], int] = free
    flops: Callable[[View, shapes.Shape], int] = free
    products: int = 0
    arity: int | None = 1


# ---- what must hold


def divides(groups: Any, channels: int, code: str = "E0215") -> None:
    if channels % whole(groups):
        raise SpaceError(code, f"{groups} groups do not divide {channels} channels")


def check_pad(view: View) -> None:
    if view.parameter("pad") not in ("same", None):
        raise SpaceError("E0215", 'pad is "same" or none')


def windows(view: View, *names: str) -> None:
    check_pad(view)
    for axis in positions(view.size(0, "layout")):
        for name in names:
            per_axis(view, name, axis)


def truth(view: View, name: str) -> bool:
    value = view.parameter(name)
    if not isinstance(value, bool):
        raise SpaceError("E0214", f"{name} is true or false")
    return value


def number(view: View, name: str) -> float:
    value = view.parameter(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SpaceError("E0214", f"{name} is a number")
    return value


def check_conv(view: View) -> None:
    windows(view, "k", "stride", "dilation")
    divides(view.parameter("groups"), view.size(0, "channels"))
    divides(view.parameter("groups"), whole(view.parameter("c")))
    truth(view, "bias")


def check_depthwise(view: View) -> None:
    windows(view, "k", "stride", "dilation")
    truth(view, "bias")


def check_pointwise(view: View) -> None:
    for axis in positions(view.size(0, "layout")):
        per_axis(view, "stride", axis)
    truth(view, "bias")


def check_gaussian(view: View) -> None:
    check_pad(view)
    for name in ("length", "stride", "mixtures"):
        whole(view.parameter(name))
    truth(view, "bias")


def check_bn(view: View) -> None:
    truth(view, "affine")
    number(view, "eps")
    number(view, "momentum")


def check_group_norm(view: View) -> None:
    divides(view.parameter("groups"), view.size(0, "channels"))
    places = prod(view.size(0, axis) for axis in positions(view.size(0, "layout")))
    if view.size(0, "channels") * places == whole(view.parameter("groups")):
        raise SpaceError("E0216", "a group has two values or more")
    truth(view, "affine")
    number(view, "eps")


def check_layer_norm(view: View) -> None:
    truth(view, "affine")
    number(view, "eps")


def check_pool(view: View) -> None:
    windows(view, "k", "stride")


def check_linear(view: View) -> None:
    for axis in positions(view.size(0, "layout")):
        if view.size(0, axis) != 1:
            raise SpaceError("E0216", f"linear needs axes of size 1, not {view.size(0, axis)}")
    truth(view, "bias")


def check_attention(view: View) -> None:
    heads = view.parameter("heads")
    if view.size(0, "channels") != view.size(1, "channels"):
        raise SpaceError("E0216", "queries and keys have different channels")
    if view.size(1, "length") != view.size(2, "length"):
        raise SpaceError("E0216", "there are not as many keys as values")
    divides(heads, view.size(0, "channels"))
    divides(heads, view.size(2, "channels"))


def check_zero(view: View) -> None:
    for axis in positions(view.size(0, "layout")):
        per_axis(view, "stride", axis)
    if view.size(0, "layout") in ("tokens", "features") and view.parameter("stride") != 1:
        raise SpaceError("E0215", "there is no axis for the stride")


def check_dropout(view: View) -> None:
    if not 0 <= number(view, "p") <= 1:
        raise SpaceError("E0215", "p is a probability")


def check_subsample(view: View) -> None:
    for axis in positions(view.size(0, "layout")):
        stride = per_axis(view, "stride", axis)
        if per_axis(view, "offset", axis, 0) >= stride > 1:  # an axis of stride 1 is left as it is
            raise SpaceError("E0215", "the offset is at most stride - 1")


def check_upsample(view: View) -> None:
    for axis in positions(view.size(0, "layout")):
        per_axis(view, "factor", axis)


def check_shuffle(view: View) -> None:
    divides(view.parameter("groups"), view.size(0, "channels"))


def check_slope(view: View) -> None:
    number(view, "slope")


def check_sum(view: View) -> None:
    for axis in shapes.AXES[view.size(0, "layout")]:
        shapes.all_equal(view, (axis,), "E0204")


def check_concat(view: View) -> None:
    shapes.all_equal(view, tuple(a for a in shapes.AXES[view.size(0, "layout")] if a != "channels"), "E0205")


# ---- costs


def area(view: View) -> int:
    return prod(per_axis(view, "k", axis) for axis in positions(view.size(0, "layout")))


def places(out: shapes.Shape) -> int:
    """The number of positions, or tokens."""
    return prod(size for axis, size in out.items() if axis not in ("layout", "channels"))


def with_bias(view: View, weights: int, out: shapes.Shape) -> int:
    return weights + (out["channels"] if view.parameter("bias") else 0)


def conv_weights(view: View, out: shapes.Shape) -> int:
    return view.size(0, "channels") // whole(view.parameter("groups")) * area(view) * out["channels"]


def depthwise_weights(view: View, out: shapes.Shape) -> int:
    return area(view) * out["channels"]


def point_weights(view: View, out: shapes.Shape) -> int:
    return view.size(0, "channels") * out["channels"]


def gaussian_weights(view: View, out: shapes.Shape) -> int:
    m = whole(view.parameter("mixtures"))
    return 2 * m + m * out["channels"]


def gaussian_products(view: View, out: shapes.Shape) -> int:
    return whole(view.parameter("length")) * out["channels"] * places(out)


def affine(view: View, out: shapes.Shape) -> int:
    return 2 * out["channels"] if view.parameter("affine") else 0


def per_channel(view: View, out: shapes.Shape) -> int:
    return out["channels"]


def attention_products(view: View, out: shapes.Shape) -> int:
    queries, keys = view.size(0, "length"), view.size(1, "length")
    return queries * keys * view.size(0, "channels") + queries * keys * view.size(2, "channels")


def layer(
    name: str, parameters: dict[str, Any], layouts: tuple[str, ...], shape: Any, check: Any, weights: Any
) -> Spec:
    """A convolution or linear layer: its weights are multiplied at every position of the output."""
    return Spec(
        name,
        parameters,
        layouts,
        shape,
        check,
        params=lambda view, out: with_bias(view, weights(view, out), out),
        flops=lambda view, out: weights(view, out) * places(out),
        products=1,
    )


W = {"k": MISSING, "stride": 1, "dilation": 1}
ACTIVATIONS = ("relu", "relu6", "elu", "sigmoid", "hsigmoid", "tanh", "gelu", "silu", "hswish")
POOL = {"k": MISSING, "stride": 1, "pad": "same"}

SPECS = [
    layer(
        "conv",
        {"c": SAME, **W, "groups": 1, "bias": False, "pad": "same"},
        MAPS,
        shapes.conv,
        check_conv,
        conv_weights,
    ),
    layer("depthwise", {**W, "bias": False, "pad": "same"}, MAPS, shapes.depthwise, check_depthwise, depthwise_weights),
    layer("pointwise", {"c": SAME, "stride": 1, "bias": False}, MAPS, shapes.strided, check_pointwise, point_weights),
    Spec(
        "temporal_gaussian",
        {"length": MISSING, "stride": 1, "mixtures": 4, "bias": False, "pad": "same"},
        ("clip",),
        shapes.gaussian,
        check_gaussian,
        params=lambda view, out: with_bias(view, gaussian_weights(view, out), out),
        flops=gaussian_products,
        products=1,
    ),
    Spec(
        "bn",
        {"affine": True, "eps": 1e-5, "momentum": 0.1},
        ("image", "clip", "features"),
        shapes.same,
        check_bn,
        affine,
    ),
    Spec("group_norm", {"groups": MISSING, "affine": True, "eps": 1e-5}, MAPS, shapes.same, check_group_norm, affine),
    Spec("layer_norm", {"affine": True, "eps": 1e-5}, ("tokens", "features"), shapes.same, check_layer_norm, affine),
    *(Spec(name, {}, ANY, shapes.same) for name in (*ACTIVATIONS, "softmax", "identity")),
    Spec("leaky_relu", {"slope": 0.01}, ANY, shapes.same, check_slope),
    Spec("max_pool", POOL, MAPS, shapes.pool, check_pool),
    Spec("avg_pool", POOL, MAPS, shapes.pool, check_pool),
    Spec("global_avg_pool", {}, ("image", "clip", "tokens"), shapes.pooled),
    Spec("global_max_pool", {}, ("image", "clip", "tokens"), shapes.pooled),
    Spec("zero", {"c": SAME, "stride": 1}, ANY, shapes.strided, check_zero),
    Spec("dropout", {"p": 0.5}, ANY, shapes.same, check_dropout),
    layer("linear", {"c": MISSING, "bias": True}, ANY, shapes.linear, check_linear, point_weights),
    Spec(
        "attention",
        {"heads": MISSING},
        ("tokens",),
        shapes.attention,
        check_attention,
        flops=attention_products,
        products=2,
        arity=3,
    ),
    Spec("add", {}, ANY, shapes.broadcast, arity=2),
    Spec("mul", {}, ANY, shapes.broadcast, arity=2),
    Spec("scale", {}, ANY, shapes.same, params=per_channel),
    Spec("bias", {}, ANY, shapes.same, params=per_channel),
    Spec("subsample", {"stride": MISSING, "offset": 0}, MAPS, shapes.subsample, check_subsample),
    Spec("upsample", {"factor": MISSING}, MAPS, shapes.upsample, check_upsample),
    Spec("flatten", {}, ANY, shapes.flatten),
    Spec("to_tokens", {}, MAPS, shapes.to_tokens),
    Spec("from_tokens", {"frames": MISSING, "height": MISSING, "width": MISSING}, ("tokens",), shapes.from_tokens),
    Spec("channel_shuffle", {"groups": MISSING}, MAPS, shapes.same, check_shuffle),
    Spec("time_to_channel", {"frames": MISSING}, ("clip",), shapes.time_to_channel),
]
PRIMITIVES = {spec.name: spec for spec in SPECS}

SUM = Spec("sum", {}, ANY, shapes.equal, check_sum, arity=None)
MEAN = Spec("mean", {}, ANY, shapes.equal, check_sum, arity=None)
CONCAT = Spec("concat", {}, ANY, shapes.joined, check_concat, arity=None)
