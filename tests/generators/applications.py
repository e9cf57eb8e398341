"""Random applications of every primitive: what enters, and attributes that its rules let pass; and running them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from stdsl.compiler.backends.codegen.printing import text_of
from stdsl.compiler.ir.operation import REQUIRED, TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.ops.torch import layers
from stdsl.compiler.ops.torch.emission import Emission
from stdsl.compiler.ops.torch.expressions import Name

NAMES = {"torch": torch, "nn": nn, "F": F, "float": float}
TRIES = 25
VALUES: dict[str, Any] = {"axes": 3, "int": 2, "number": 0.5, "channels": 5, "bool": True}
"""What a parameter that must be given is, by its kind."""

Case = tuple[tuple[TensorShape, ...], dict[str, Any]]


def spatial(r: random.Random, channels: int | None = None, layout: str | None = None) -> TensorShape:
    """An image or clip with sizes down to a single position."""
    layout = layout or r.choice(["image", "clip"])
    sizes = [r.choice([1, 2, 3, 5, 6, 7, 8, 9]) for _ in range(2 if layout == "image" else 3)]
    return TensorShape(layout, (channels or r.choice([1, 2, 4, 6, 12]), *sizes))  # type: ignore[arg-type]


def any_shape(r: random.Random) -> TensorShape:
    return r.choice(
        [
            spatial(r),
            spatial(r),
            TensorShape("tokens", (r.randint(1, 5), r.randint(1, 6))),
            TensorShape("features", (4,)),
        ]
    )


def per_axis(r: random.Random, shape: TensorShape, low: int, high: int) -> int | tuple[int, ...]:
    if r.random() < 0.4:
        return r.randint(low, high)
    return tuple(r.randint(low, high) for _ in shape.axes)


def window(r: random.Random, shape: TensorShape, dilated: bool) -> dict[str, Any]:
    """Window attributes; a third of them valid ones that fit."""
    found: dict[str, Any] = {"stride": per_axis(r, shape, 1, 3)}
    if dilated:
        found["dilation"] = per_axis(r, shape, 1, 2)
    if r.random() < 0.34:
        dilation = found.get("dilation", 1)
        d = dilation if isinstance(dilation, tuple) else (dilation,) * len(shape.axes)
        found["k"] = tuple(r.randint(1, (n - 1) // e + 1) for n, e in zip(shape.axes, d, strict=True))
        found["pad"] = None
    else:
        found["k"] = per_axis(r, shape, 1, 5)
    return found


def conv(r: random.Random) -> Case:
    x = spatial(r)
    groups = r.choice([g for g in (1, 2, 3, x.channels) if x.channels % g == 0])
    return (x,), {"c": groups * r.randint(1, 3), "groups": groups, "bias": r.random() < 0.5} | window(r, x, True)


def depthwise(r: random.Random) -> Case:
    x = spatial(r)
    return (x,), {"bias": r.random() < 0.5} | window(r, x, True)


def pointwise(r: random.Random) -> Case:
    x = spatial(r)
    return (x,), {"c": r.randint(1, 8), "stride": per_axis(r, x, 1, 3), "bias": r.random() < 0.5}


def temporal_gaussian(r: random.Random) -> Case:
    x = spatial(r, layout="clip")
    given: dict[str, Any] = {"mixtures": r.randint(1, 5), "bias": r.random() < 0.5, "stride": r.randint(1, 3)}
    if r.random() < 0.34:
        return (x,), given | {"length": r.randint(1, x.dims[1]), "pad": None}
    return (x,), given | {"length": r.randint(1, 5)}


def bn(r: random.Random) -> Case:
    x = spatial(r) if r.random() < 0.7 else TensorShape("features", (5,))
    return (x,), {"affine": r.random() < 0.5, "eps": r.choice([1e-5, 1e-3]), "momentum": r.choice([0.1, 0.01])}


def group_norm(r: random.Random) -> Case:
    return (spatial(r, channels=4),), {"groups": r.choice([1, 2, 4]), "affine": r.random() < 0.5}


def layer_norm(r: random.Random) -> Case:
    x = r.choice([TensorShape("tokens", (3, 4)), TensorShape("features", (4,))])
    return (x,), {"affine": r.random() < 0.5}


def pool(r: random.Random) -> Case:
    x = spatial(r)
    return (x,), window(r, x, False)


def global_pool(r: random.Random) -> Case:
    return (r.choice([spatial(r), spatial(r), TensorShape("tokens", (3, 4))]),), {}


def linear(r: random.Random) -> Case:
    c = r.randint(1, 8)
    x = r.choice(
        [
            TensorShape("features", (c,)),
            TensorShape("image", (c, 1, 1)),
            TensorShape("clip", (c, 1, 1, 1)),
            TensorShape("tokens", (3, c)),
        ]
    )
    return (x,), {"c": r.randint(1, 8), "bias": r.random() < 0.5}


def zero(r: random.Random) -> Case:
    x = any_shape(r)
    return (x,), {"c": r.randint(1, 8)} | ({"stride": per_axis(r, x, 1, 3)} if x.axes else {})


def two(r: random.Random) -> Case:
    a = any_shape(r)
    b = a.with_channels(1) if a.layout == "tokens" else TensorShape(a.layout, tuple(r.choice([1, n]) for n in a.dims))
    return ((a, b) if r.random() < 0.5 else (b, a)), {}


def attention(r: random.Random) -> Case:
    heads, queries, keys = r.randint(1, 3), r.randint(1, 5), r.randint(1, 5)
    c, values = heads * r.randint(1, 4), heads * r.randint(1, 4)
    return tuple(TensorShape("tokens", dims) for dims in ((queries, c), (keys, c), (keys, values))), {"heads": heads}


def subsample(r: random.Random) -> Case:
    x = spatial(r)
    return (x,), {"stride": per_axis(r, x, 1, 3), "offset": per_axis(r, x, 0, 2)}


def anything(r: random.Random) -> Case:
    return (any_shape(r),), {}


def from_tokens(r: random.Random) -> Case:
    sizes = {name: r.randint(1, 4) for name in ("frames", "height", "width")}
    t, h, w = sizes.values()
    return (TensorShape("tokens", (t * h * w, r.randint(1, 6))),), sizes


DRAWS = {
    "conv": conv,
    "depthwise": depthwise,
    "pointwise": pointwise,
    "temporal_gaussian": temporal_gaussian,
    "bn": bn,
    "group_norm": group_norm,
    "layer_norm": layer_norm,
    "max_pool": pool,
    "avg_pool": pool,
    "global_avg_pool": global_pool,
    "global_max_pool": global_pool,
    "linear": linear,
    "zero": zero,
    "add": two,
    "mul": two,
    "attention": attention,
    "subsample": subsample,
    "upsample": lambda r: ((x := spatial(r),), {"factor": per_axis(r, x, 1, 3)}),
    "dropout": lambda r: ((any_shape(r),), {"p": r.random()}),
    "leaky_relu": lambda r: ((any_shape(r),), {"slope": 0.2}),
    "to_tokens": lambda r: ((spatial(r),), {}),
    "from_tokens": from_tokens,
    "channel_shuffle": lambda r: ((spatial(r, channels=12),), {"groups": r.choice([1, 2, 3, 12])}),
    "time_to_channel": lambda r: (
        (TensorShape("clip", (r.choice([1, 3]), 6, 2, 4)),),
        {"frames": r.choice([1, 2, 3, 6])},
    ),
}


def cases(op: str, tries: int = TRIES) -> Iterator[Case]:
    assert op in DRAWS or not required(op), f"`{op}` must be given parameters, and has no line in `DRAWS`"
    r = random.Random(op)
    for _ in range(tries):
        yield DRAWS.get(op, anything)(r)


def required(op: str) -> dict[str, Any]:
    """The parameters that an application must give, and nothing else."""
    return {p.name: VALUES[p.kind] for p in PRIMITIVES[op].parameters if p.default is REQUIRED}


def module_of(emission: Emission) -> nn.Module | None:
    """The module that an application has."""
    names = NAMES | {name: getattr(layers, name) for name in emission.layers}
    return eval(text_of(emission.module), dict(names)) if emission.module is not None else None


def function_of(emission: Emission, inputs: int) -> Callable[..., torch.Tensor]:
    """From the module and the inputs to the output."""
    names = [f"x{i}" for i in range(inputs)]
    text = text_of(emission.applied(Name("m"), *map(Name, names)))
    return eval(f"lambda {', '.join(['m', *names])}: {text}", dict(NAMES))  # type: ignore[no-any-return]
