"""Operators of the registry and of the library that keep the shape, with all their parameters."""

from __future__ import annotations

from math import prod

from . import numbers
from .writer import Writer

ANY = (
    "relu",
    "relu()",
    "sigmoid",
    "hsigmoid",
    "gelu",
    "tanh",
    "silu",
    "elu",
    "leaky_relu",
    "leaky_relu(0.2)",
    "leaky_relu(slope = 5e-2)",
    "relu6",
    "hswish",
    "identity",
    "dropout",
    "dropout(0.1)",
    "dropout(p = 0.3)",
    "scale",
    "bias",
    "softmax",
)
"""On tensors of all layouts."""


WINDOWED = (
    "pointwise()",
    "pointwise",
    "pointwise({c}, bias = true)",
    "pointwise(c = {c}, stride = 1)",
    "conv(same, 1)",
    'conv(k = 3, c = {c}, pad = "same")',
    "conv({c}, 2, bias = true)",
    "conv({c}, 3, 1, 2, 1, false)",
    "depthwise(3)",
    "depthwise(k = 3, bias = true)",
    'depthwise(2, stride = 1, dilation = 2, pad = "same")',
    "bn",
    "bn(affine = false)",
    "bn(eps = 1e-3, momentum = 0.2)",
    "group_norm(1, affine = false)",
    "group_norm(groups = 1, eps = 1e-4)",
    "max_pool(3)",
    'max_pool(k = 3, stride = 1, pad = "same")',
    "avg_pool(2)",
    "avg_pool(3, stride = 1)",
    "subsample(1)",
    "upsample(1)",
    "zero(same, 1) + identity",
    "zero(c = {c}) + identity",
    "skip",
    "skip(1)",
)


UNITS = {
    "image": (
        *WINDOWED,
        "conv({c}, 3x3)",
        "conv({c}, (3, 1))",
        "conv(same, 3x3, dilation = 2)",
        "conv(same, 3x3, dilation = 1x2, stride = 1x1)",
        "depthwise(3x3)",
        "depthwise(3x1, dilation = 2x1)",
        "max_pool(3x3)",
        "avg_pool(3x3)",
        "avg_pool(2x2)",
        "skip(1x1)",
        "subsample(stride = 1x1, offset = 0)",
        "upsample(factor = 1x1)",
    ),
    "clip": (
        *WINDOWED,
        "conv({c}, 3x3x3)",
        "conv({c}, (3, 1, 1))",
        "conv(same, 1x3x3, dilation = 2)",
        "conv(same, 3x1x1, stride = 1x1x1)",
        "depthwise(3x3x3)",
        "temporal_gaussian(3)",
        "temporal_gaussian(length = 3, mixtures = 2, bias = true)",
        'temporal_gaussian(2, stride = 1, pad = "same")',
        "max_pool(3x3x3)",
        "avg_pool(1x3x3)",
        "skip(1x1x1)",
    ),
    "tokens": (
        "linear({c})",
        "linear({c}, bias = false)",
        "linear(c = {c})",
        "linear(same)",
        "layer_norm",
        "layer_norm(affine = false)",
        "layer_norm(eps = 1e-3)",
        "linear(8) -> gelu -> linear({c})",
        "zero() + identity",
    ),
    "features": (
        "linear({c})",
        "linear({c}, bias = false)",
        "linear(same, true)",
        "layer_norm",
        "linear(8) -> relu -> linear({c})",
        "zero + identity",
        "flatten",
    ),
}


EVEN = {
    "image": (
        "conv({c}, 3x1, groups = 2)",
        "group_norm(2)",
        "group_norm(groups = 2)",
        "channel_shuffle(2)",
        "channel_shuffle(groups = 2)",
    ),
    "clip": ("conv({c}, 3x1x1, groups = 2)", "group_norm(2)", "channel_shuffle(2)"),
}
"""Two groups must divide the channels."""


LIBRARY = {
    "image": (
        ("std.image", "relu_conv_bn()"),
        ("std.image", "relu_conv_bn({c}, 3x3)"),
        ("std.image", "relu_conv_bn(k = 3, stride = 1)"),
        ("std.image", "sep_conv(3x3)"),
        ("std.image", "sep_conv(k = 3, dilation = 2)"),
        ("std.image", "dil_conv(3x3)"),
        ("std.image", "dil_conv(3, 1, 1)"),
    ),
    "clip": (
        ("std.video", "relu_conv_bn(same, 1x3x3)"),
        ("std.video", "conv2plus1d(k = 3x3x3)"),
        ("std.video", "conv2plus1d({c}, 3x3x3, middle = 2)"),
        ("std.video", "itgm(k = 3x1x1)"),
        ("std.video", "itgm({c}, 3x3x3, mixtures = 2)"),
        ("std.video", "sep3d(1x3x3)"),
        ("std.video", "dil3d(3x3x3)"),
        ("std.video", "flattened(3)"),
        ("std.video", "side_by_side(3x3x3)"),
        ("std.video", "separable3d(3x3x3)"),
        ("std.video", "dil_separable3d(k = 3x3x3)"),
        ("std.video", "channel_scale()"),
        ("std.video", "channel_bias"),
        ("std.backbones", "basic_3d({c})"),
        ("std.backbones", "over_space_then_time({c}, 3x3x3)"),
        ("std.backbones", "projected({c}, 1)"),
        ("std.backbones", "stage_of(basic_3d, {c}, 2, 1)"),
    ),
}


EVEN_LIBRARY = {
    "clip": (
        ("std.backbones", "bottleneck_3d({c}, groups = 1)"),
        ("std.backbones", "grouped_stage({c}, 2, 1, groups = 1)"),
    )
}


def unit(w: Writer) -> str:
    """An operator of the registry or the library that keeps the shape, ready to stand in a pipe."""
    layout = w.block.here.layout
    kind = w.rng.random()
    if kind < (0.3 if layout == "clip" else 0.15) and layout in LIBRARY:
        even = EVEN_LIBRARY.get(layout, ()) if w.block.even else ()
        module, text = w.rng.choice((*LIBRARY[layout], *even))
        name, bracket, rest = text.partition("(")
        text = w.use(module, name) + bracket + rest
        if "basic_3d" in text:
            w.use(module, "basic_3d")
    elif kind < 0.37 and layout in EVEN and w.block.even:
        text = w.rng.choice(EVEN[layout])
    elif kind < 0.8:
        text = w.rng.choice(UNITS[layout])
    else:
        text = w.rng.choice(ANY)
    if text.startswith("group_norm") and not _varies(w, groups=2 if "2)" in text else 1):
        text = "relu"
    text = text.format(c=w.c if w.chance(0.9) else numbers.channels(w))
    if "->" in text:
        w.show("composition")
    return f"({text})" if " " in text and ("->" in text or ") +" in text or "zero +" in text) else text


def _varies(w: Writer, groups: int) -> bool:
    """Whether a group of the channels here has more than one value."""
    here = w.block.here
    return prod(here.axes) > 1 or (not w.block.open and here.channels > groups)


def learnt(w: Writer) -> str:
    """An operator that keeps the shape and has weights."""
    return {"image": f"conv({w.c}, 3x3)", "clip": f"conv({w.c}, 1x3x3)"}.get(w.block.here.layout, f"linear({w.c})")


def back(w: Writer, channels: str | None = None) -> str:
    """An operator that gives the channels wanted here, whatever enters."""
    go = "pointwise" if w.block.windowed else "linear"
    return f"{go}({channels or w.c})"
