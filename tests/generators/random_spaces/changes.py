"""Pieces after which tensors have another shape, and pieces in which sizes change and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil

from stdsl.compiler.ir.operation import TensorShape

from . import numbers, units
from .block import Block
from .registry import piece
from .writer import Writer


def free(*layouts: str) -> Callable[[Block], bool]:
    return lambda b: b.free and (not layouts or b.here.layout in layouts)


def axes(shape: TensorShape, change: Callable[[int], int]) -> TensorShape:
    return replace(shape, dims=(shape.dims[0], *(change(size) for size in shape.dims[1:])))


@piece("other channels", fits=free(), may="concat|list|let")
def other_channels(w: Writer) -> str:
    x, c = w.tensor(), w.rng.choice((2, 3, 4, 6))
    here, op = w.block.here, units.back(w, numbers.exactly(w, c))
    if w.chance(0.4):
        w.show("concat", "list")
        other, text = w.tensor(), f"[{x}, {x} -> {units.unit(w)}"
        if here.channels < 4:
            w.becomes(here.with_channels(3 * here.channels))
            return f"{text}, {other}] -> concat"
        w.becomes(here.with_channels(here.channels + c))
        return f"[{x}, {x} -> {op}] -> concat"
    w.becomes(here.with_channels(c))
    return f"{x} -> {op}"


@piece(
    "stride",
    fits=lambda b: b.free and b.windowed and max(b.here.axes) > 2 and b.here.channels > 1,
    may="factorised reduction|subsample|choose|use from the library",
    weight=1.5,
)
def smaller(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    two = w.one("2", "x".join(["2"] * len(here.axes)))
    ops = [
        f"conv({w.c}, 3, stride = {two})",
        f"conv({w.c}, 2, {two}, bias = true)",
        f"max_pool(3, stride = {two})",
        f"avg_pool(3, {two})",
        f"depthwise(3, stride = {two})",
        f"pointwise({w.c}, stride = {two})",
        f"skip({two})",
        f"subsample({two})",
        f"subsample(stride = {two}, offset = 1)",
        f"zero(same, {two}) + max_pool(2, stride = {two})",
    ]
    w.show("subsample", "factorised reduction")
    if here.layout == "image":
        ops.append(f"{w.use('std.image', 'factorized_reduce')}({w.one('', w.c)})")
        ops.append(f"{w.use('std.image', 'sep_conv')}(3, {two})")
    else:
        ops.append(f"{w.use('std.video', 'itgm')}({w.c}, 3x3x3, {two})")
        ops.append(f"{w.use('std.video', 'conv2plus1d')}({w.c}, 3x3x3, {two})")
    if w.chance(0.4):
        w.show("choose")
        picked = w.rng.sample(ops, 2)
        op = f"choose {{p: {picked[0]}, q: {picked[1]}}}{w.label('kind', 'choose', ('p', 'q'))}"
    else:
        op = f"({w.rng.choice(ops)})"
    w.becomes(axes(here, lambda size: ceil(size / 2)))
    return f"{x} -> {op}"


@piece("larger", fits=lambda b: b.free and b.windowed and max(b.here.axes) <= 3, weight=10)
def larger(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    w.becomes(axes(here, lambda size: 2 * size))
    return f"{x} -> upsample({w.one('2', 'x'.join(['2'] * len(here.axes)), 'factor = 2')})"


@piece("valid window", fits=lambda b: b.free and b.windowed and min(b.here.axes) > 2)
def valid(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    ops = [f"conv({w.c}, 2, pad = none)", "max_pool(2, pad = none)", "avg_pool(2, 1, none)", "depthwise(2, pad = none)"]
    if here.layout == "clip":
        ops.append(f"(conv({w.c}, 1x2x2, pad = none) -> temporal_gaussian(2, pad = none))")
    w.becomes(axes(here, lambda size: size - 1))
    return f"{x} -> {w.rng.choice(ops)}"


@piece("to tokens", fits=free("image", "clip"), weight=1.2)
def to_tokens(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    count = 1
    for size in here.axes:
        count *= size
    w.becomes(TensorShape("tokens", (count, here.channels)))
    return f"{x} -> to_tokens"


@piece("from tokens", fits=free("tokens"), weight=5)
def from_tokens(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    frames = w.rng.choice([n for n in range(1, here.dims[0] + 1) if here.dims[0] % n == 0])
    rest = here.dims[0] // frames
    height = w.rng.choice([n for n in range(1, rest + 1) if rest % n == 0])
    w.becomes(TensorShape("clip", (here.channels, frames, height, rest // height)))
    return (
        f"{x} -> from_tokens({w.one(f'{frames}, {height}', f'{frames}, height = {height}')}, width = {rest // height})"
    )


@piece("to features", fits=free(), may="flatten|global pool|linear of an image", weight=1.6)
def to_features(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    pool = w.one("global_avg_pool", "global_max_pool")
    if here.layout == "features" or w.chance(0.3):
        w.show("flatten")
        w.becomes(TensorShape("features", (4,)))
        return f"{x} -> flatten -> linear(4)"
    w.show("global pool")
    if here.layout == "tokens":
        w.becomes(TensorShape("features", (here.channels,)))
        return f"{x} -> {pool}"
    if w.chance(0.2):
        w.becomes(axes(here, lambda size: 1))
        return f"{x} -> {pool}"
    w.show("linear of an image")
    c = w.rng.choice((2, 4))
    w.becomes(TensorShape("features", (c,)))
    return f"{x} -> {pool} -> linear({c})"


@piece(
    "time to channels",
    fits=lambda b: b.free and b.here.layout == "clip" and b.here.dims[1] % 2 == 0 and b.here.channels <= 6,
    weight=2,
)
def time_to_channels(w: Writer) -> str:
    x, here = w.tensor(), w.block.here
    c, t, *rest = here.dims
    w.becomes(replace(here, dims=(2 * c, t // 2, *rest)))
    return f"{x} -> time_to_channel({w.one('2', 'frames = 2')})"


@piece(
    "stride",
    "sizes that come back",
    fits=lambda b: b.halves and b.here.channels > 1,
    may="factorised reduction|choose|zero",
    weight=1.5,
)
def there_and_back(w: Writer) -> str:
    two = "x".join(["2"] * len(w.block.here.axes))
    w.show("factorised reduction", "zero", "choose")
    halves = f"skip(2), pool: max_pool(3, stride = 2), zero(stride = {two})"
    if w.chance(0.5):
        halves = f"p: conv({w.c}, 2, stride = 2, pad = none), q: avg_pool(2, 2)"
    return f"{w.tensor()} -> choose {{{halves}}} as {w.fresh('kind')} -> upsample({w.one('2', two)})"


@piece(
    "shape that depends on a decision", "if", "tensor parameter", "attribute", "op", fits=lambda b: b.halves, weight=1.5
)
def decided_size(w: Writer) -> str:
    """A size that is decided, fitted by a condition over it, and brought back."""
    name, like, a, side = w.fresh("fit"), w.fresh("like"), w.fresh("a"), w.one("height", "width")
    w.declare(
        f"op {name}({like}) on {a} = {a} -> (if {a}.{side} > {like}.{side} then max_pool(2, stride = 2) else identity)"
    )
    y = w.bind("small", f"{w.tensor()} -> choose {{down: avg_pool(2, stride = 2), same: relu}} as {w.fresh('r')}")
    z = w.bind("fitted", f"{w.tensor()} -> {name}({like} = {y})")
    height = w.block.here.axes[1 if w.block.here.layout == "clip" else 0]
    return f"{y} + {z} -> (if {y}.height < {height} then upsample(2) else identity)"
