"""Pieces around chosen numbers, tuples and other values, and around products of tensors."""

from __future__ import annotations

from . import decided, operators, units
from .registry import piece, windowed
from .writer import Writer


@piece(
    "set applied to arguments",
    "choose",
    fits=windowed,
    may="let|choose from a constant|choose a number|tuple",
    weight=2,
)
def applied_set(w: Writer) -> str:
    rank = len(w.block.here.axes)
    if w.chance(0.5):
        w.show("let", "choose from a constant")
        lengths = w.fresh("LENGTHS")
        w.declare(f"let {lengths} = {w.one('{1, 3}', '1..3', '{one: 1, 3}')}")
    else:
        lengths = "{1, 3}"
    w.show("choose a number", "tuple")
    k = f"(choose {lengths} as {w.fresh('length')}, {', '.join(['3'] * (rank - 1))})"
    ops = "{conv, other: conv}"
    if w.block.here.layout == "clip" and w.chance(0.6):
        ops = f"{{conv, {w.use('std.video', 'conv2plus1d')}, gaussian: {w.use('std.video', 'itgm')}}}"
    elif w.chance(0.4):
        own = w.fresh("spread")
        w.declare(f"op {own}(c, k) = conv(c, k) -> dropout(0.1)")
        ops = f"{{conv, {own}}}"
    return f"{w.tensor()} -> choose {ops}({w.c}, {k}) as {w.fresh('kind')}"


@piece("choose a number", "window from a decision", fits=windowed)
def window_from_decision(w: Writer) -> str:
    decided.decided(w, w.rng.choice(((1, 2, 3), (1, 3), (0, 1, 2))))
    k = decided.odd(w)
    rank = len(w.block.here.axes)
    threes = ["3"] * (rank - 1)
    text = w.one(
        k, f"({', '.join([k, *threes])})", f"({', '.join(['1'] * (rank - 1) + [k])})", f"({k}, {', '.join(threes)},)"
    )
    op = w.one("conv({c}, {k})", "depthwise({k})", "max_pool({k})", "avg_pool({k})", "conv({c}, 3, dilation = {k})")
    return f"{w.tensor()} -> {op.format(c=w.c, k=text)}"


@piece("choose a tuple", "crossed sizes", fits=windowed, may="index of a tuple|mixed numbers and tuples", weight=2)
def chosen_tuple(w: Writer) -> str:
    sizes = {"image": "{1x3, 3x1, square: 3x3}", "clip": "{1x3x3, 3x1x1, cube: 3x3x3}"}[w.block.here.layout]
    one = {"image": "3x1", "clip": "1x3x1"}[w.block.here.layout]
    if w.chance(0.3):
        w.show("mixed numbers and tuples")
        return f"{w.tensor()} -> conv({w.c}, choose {{1, 3, {one}}}{w.label('size', 'other', ())})"
    if w.chance(0.4):
        w.show("index of a tuple")
        k = w.bind("k", f"choose {sizes} as {w.fresh('size')}")
        return f"{w.tensor()} -> conv({w.c}, {k}[1]) -> conv({w.c}, {k})"
    return f"{w.tensor()} -> conv({w.c}, choose {sizes}{w.label('size', 'other', ())})"


@piece("choose a truth value", "choose", may="choose a float|choose a string", weight=2)
def chosen_values(w: Writer) -> str:
    if w.block.windowed and w.chance(0.4):
        w.show("choose a string")
        # The window is one, so that both kinds of padding come to the same.
        return f'{w.tensor()} -> conv({w.c}, 1, pad = choose {{"same", valid: none}} as {w.fresh("pad")})'
    if w.chance(0.4):
        w.show("choose a float")
        slope = w.one("choose {0.1, 0.25}", "choose {0.1, half: 1 / 2, 5e-2}", "choose {-0.5, 0.5}")
        return f"{w.tensor()} -> leaky_relu({slope}{w.label('slope', 'other', ())}) -> {units.unit(w)}"
    go = "pointwise" if w.block.windowed else "linear"
    return f"{w.tensor()} -> {go}({w.c}, bias = choose {{true, false}}{w.label('biased', 'other', ())})"


@piece("frozen", may="composition")
def frozen(w: Writer) -> str:
    return f"{w.tensor()} -> frozen {w.one(units.learnt(w), f'({units.learnt(w)} -> {units.unit(w)})')}"


@piece("operator arithmetic", may="choose")
def operator_sum(w: Writer) -> str:
    return f"{w.tensor()} -> ({units.unit(w)} {w.one('+', '*')} {operators.operator(w, 1)}) -> {units.learnt(w)}"


@piece("tensor arithmetic", may="broadcast", weight=1.5)
def tensor_product(w: Writer) -> str:
    if w.block.windowed and w.chance(0.6):
        w.show("broadcast")
        pool = w.one("global_avg_pool", "global_max_pool")
        return f"{w.tensor()} {w.one('*', '+')} ({w.tensor()} -> {pool} -> pointwise({w.c}) -> sigmoid)"
    return f"{w.tensor()} * ({w.tensor()} -> sigmoid) + {w.tensor()}"


@piece("attention", fits=lambda b: b.here.layout == "tokens", weight=8)
def attention(w: Writer) -> str:
    heads = "2" if w.block.even and w.chance(0.5) else "1"
    names = [w.bind(stem, f"{w.tensor()} -> {w.one('identity', units.learnt(w))}") for stem in ("q", "k", "t")]
    return f"[{', '.join(names)}] -> attention({w.one(heads, f'heads = {heads}')})"
