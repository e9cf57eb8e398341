"""Pieces around `choose`, `maybe` and `repeat`."""

from __future__ import annotations

from . import decided, operators, units
from .block import Known
from .registry import piece, windowed
from .writer import Writer


@piece(weight=2)
def pipe(w: Writer) -> str:
    return f"{w.tensor()} -> {units.unit(w)} -> {operators.operator(w, 2)}"


@piece("choose a tensor", "choose", may="label")
def chosen_tensor(w: Writer) -> str:
    items = f"first: {w.tensor()}, second: {w.tensor()} -> {operators.operator(w, 1)}"
    return f"choose {{{items}}}{w.label('side', 'choose', ('first', 'second'))}"


@piece("choose a list", "choose", may="sum|mean")
def chosen_list(w: Writer) -> str:
    first = f"[{w.tensor()}, {w.tensor()} -> {operators.operator(w, 1)}]"
    second = f"[{w.tensor()} -> {units.unit(w)}{w.one('', f', {w.tensor()}, {w.tensor()}')}]"
    reduce = w.one("sum", "mean")
    w.show(reduce)
    y = w.bind("y", f"choose {{one: {first}, two: {second}}}{w.label('which', 'choose', ('one', 'two'))}")
    return f"{y} -> {reduce}"


@piece("nested choices", "choose", may="label")
def nested(w: Writer) -> str:
    inner, _ = operators.alternatives(w)
    deep = f"deep: choose {{{inner}}} as {w.fresh('inner')}"
    return f"{w.tensor()} -> choose {{plain: {units.unit(w)}, {deep}}} as {w.fresh('outer')}"


@piece(
    "ops",
    "choose from ops",
    may="ops with parameters|ops of another ops|ops of numbers|zero|named arguments",
    weight=2.5,
)
def ops_set(w: Writer) -> str:
    name = w.fresh("set")
    kind = w.rng.choice((0, 0, 1, 2, 3))
    if kind == 0 and w.block.windowed:
        w.show("ops of numbers")
        n = w.fresh("n")
        w.declare(f"ops {name}({n} = 3) = {w.one(f'1..{n}', f'{{1, {n}}}', f'{{one: 1, {n}}}')}")
        return f"{w.tensor()} -> conv({w.c}, choose {name}{w.one('', '()', '(2)', f'({n} = 3)')} as {w.fresh('k')})"
    if w.block.open:
        text, names = "relu, gelu, drop: dropout(0.1)", ("relu", "gelu", "drop")
    else:
        with w.inside():
            text, names = operators.alternatives(w)
    if kind == 1:
        w.show("ops with parameters")
        p = w.fresh("p")
        drop = w.fresh("drop")
        w.declare(f"ops {name}({p} = 0.1) = {{{text}, {drop}: dropout({p})}}")
        given = w.one("", "()", "(0.2)", f"({p} = 0.3)")
        if "=" in given:
            w.show("named arguments")
        return f"{w.tensor()} -> choose {name}{given}{w.label('kind', 'choose', (*names, drop))}"
    w.show("zero")
    same, zero = w.fresh("same"), w.one("zero", "none: zero", "nothing: zero(same)")
    names = (*names, same, zero.partition(":")[0])
    if len(set(names)) < len(names):
        zero, names = "gone: zero", (*names[:-1], "gone")
    w.declare(f"ops {name} = {{{text}, {same}: identity, {zero}}}")
    if kind == 2:
        w.show("ops of another ops")
        again = w.fresh("set")
        w.declare(f"ops {again} = {name}")
        name = again
    return f"{w.tensor()} -> choose {name}{w.label('kind', 'choose', names)}"


@piece("set as a parameter", "choose", fits=lambda b: any(s == b.here for _, s in b.sets), weight=3)
def set_parameter(w: Writer) -> str:
    fitting = [name for name, shape in w.block.sets if shape == w.block.here]
    return f"{w.tensor()} -> choose {w.rng.choice(fitting)}{w.label('kind', 'choose', ('m', 'n'))}"


@piece("choose from the library's sets", "choose", fits=windowed, may="use from the library", weight=3)
def library_set(w: Writer) -> str:
    image = w.block.here.layout == "image"
    name = w.use(*(("std.image", "o2d") if image else ("std.video", w.one("o2d", "o3d", "o_adv"))))
    return f"{w.tensor()} -> choose {name}{w.one('', '()', '(1)', '(stride = 1)')} as {w.fresh('kind')}"


@piece("maybe of a tensor", may="label|sum")
def gate(w: Writer) -> str:
    label = w.label("gate", "gate", (False, True))
    if w.chance(0.5):
        w.show("sum")
        return f"[{w.tensor()}, maybe {w.tensor()}{label}] -> sum"
    return f"{w.tensor()} + (maybe {w.tensor()}{label})"


@piece("maybe of an operator", "choose", may="label")
def gated_choice(w: Writer) -> str:
    text, _ = operators.alternatives(w)
    kind, on = w.label("kind", "choose", (), 1), w.label("gate", "gate", (False, True))
    return f"{w.tensor()} + ({w.tensor()} -> maybe (choose {{{text}}}{kind}){on})"


@piece("maybe of a repeat", may="frozen")
def gated_repeat(w: Writer) -> str:
    frozen = "frozen " if w.chance(0.4) else ""
    if frozen:
        w.show("frozen")
    op, on = operators.operator(w, 1), w.label("gate", "gate", (False, True))
    return f"{w.tensor()} -> maybe {frozen}repeat {w.one('1', '2')} {{ {op} }}{on}"


@piece(
    "repeat",
    may="tied repeat|repeat choose|repeat of 0|repeat of a decided number|repeat of a computed number",
    weight=3,
)
def repeat(w: Writer) -> str:
    if w.chance(0.6):
        decided.decided(w, w.rng.choice(((1, 2), (0, 1, 2), (0, 1), (1, 2, 3))))
    return f"{w.tensor()} -> {operators.repeated(w, 1)}"


@piece("operator bound to a name", "one decision for several consumers", may="value of a call")
def shared_value(w: Writer) -> str:
    f, before = w.fresh("f"), set(w.block.applied)
    w.line(f"{f} = {w.one('choose {relu}', 'choose {gelu,}') if w.chance(0.25) else operators.choice(w, 0)}")
    # What decides anew inside of it has one path in each binding.
    within = frozenset(w.block.applied - before)
    w.block.operators.append(Known(f, w.block.here, bool(within), within))
    first = f"{w.tensor()} -> {f}"
    return f"({first}) + ({w.tensor()} -> {f})" if not within else f"{w.bind('s', first)} + ({w.tensor()} -> {f})"
