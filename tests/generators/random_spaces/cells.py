"""Pieces around cells: in each other, tied and untied, with parameters of all kinds."""

from __future__ import annotations

from . import declared, operators, units
from .registry import piece
from .writer import Writer

OF_CELLS = "|".join(
    (
        "op|cell|short body|block body|parameter with a default|named arguments|operator parameter|set as a parameter",
        "number as a parameter|decided number as a parameter|string as a parameter|truth value as a parameter",
        "tuple as a parameter|type of a parameter|default that decides|default that reads a parameter",
        "channels as a parameter|cell in a cell|cells three deep|parameter passed on|operator passed on",
        "call of a template|bare template|tied in untied|untied in tied|tied in tied",
    )
)


@piece("cell", may=OF_CELLS, weight=4)
def once(w: Writer) -> str:
    x = w.tensor()
    made = declared.cell(w)
    return f"{x} -> {made.at(w.c)}"


@piece(
    "cell",
    "cell applied several times",
    may=f"cell under each|cell in a repeat|cell in a choice|sum|{OF_CELLS}",
    weight=4,
)
def several(w: Writer) -> str:
    x, y = w.tensor(), w.tensor()
    made = declared.cell(w, steady=True)
    call = made.at(w.c)
    match w.rng.randrange(5):
        case 0:
            w.show("cell under each", "sum")
            return f"[{x}, {y}{w.comma()}] -> each {call} -> sum"
        case 1:
            w.show("cell in a repeat")
            return f"{x} -> {w.one('', 'tied ')}repeat {w.one('2', 'choose 1..2 as ' + w.fresh('times'))} {{ {call} }}"
        case 2:
            w.show("cell in a choice")
            return f"{x} -> choose {{whole: {call}, {w.fresh('o')}: {units.unit(w)}}} as {w.fresh('kind')}"
        case _:
            a = w.bind("s", f"{x} -> {call}")
            b = w.bind("s", f"{w.one(a, y)} -> {call}")
            return f"{a} + {b}"


@piece("cell", "tied cell", may=f"tied op|tied repeat in a cell|{OF_CELLS}", weight=4)
def tied(w: Writer) -> str:
    x = w.tensor()
    made = declared.cell(w, tied="tied ", steady=True)
    a = w.bind("s", f"{x} -> {made.at(w.c)}")
    if w.chance(0.3):
        return f"{a} -> {units.unit(w)} -> {made.at(w.c)}"
    b = w.bind("s", f"{w.one(a, x)} -> {units.unit(w)} -> {made.at(w.c)}")
    return f"{a} + {b}"


@piece(
    "tied cell",
    "cell at several widths",
    "channels as a parameter",
    fits=lambda b: b.opens,
    may=f"tied op|cell|{OF_CELLS}",
    weight=3,
)
def at_several_widths(w: Writer) -> str:
    """A body for tensors of several widths (and sizes), where the widths come back in the end."""
    x = w.tensor()
    made = declared.cell(w, tied=w.one("tied ", ""), open=True, steady=True)
    wide = w.one(w.c, "6", "8") if not w.block.open else w.c
    a = w.bind("s", f"{x} -> {made.at(w.c)}")
    down = "max_pool(2, stride = 2) -> " if w.block.halves and w.chance(0.5) else ""
    b = w.bind("s", f"{a} -> {down}{units.back(w, wide)} -> {made.at(wide)}")
    up = "upsample(2) -> " if down else ""
    return f"{a} + ({b} -> {up}{units.back(w)})"


@piece("tied by a parameter", may=f"tied by two parameters|cell|op|{OF_CELLS}", weight=3)
def tied_by_value(w: Writer) -> str:
    name, k, j, a = w.fresh("motif"), w.fresh("k"), w.fresh("j"), w.fresh("a")
    named = w.chance(0.5)
    if w.block.open:
        op = f"choose {{relu, gelu}} as {w.fresh('kind')}"
    else:
        with w.inside(*((a,) if named else ()), tied=True, steady=True):
            op = operators.operator(w, 2)
    both = w.chance(0.4)
    if both:
        w.show("tied by two parameters")
    i = w.fresh("i")
    keys = w.one(f"{k}, {j}", f"{k}, {j},", f"{i}, {j}, {k}") if both else k + w.comma()
    form = w.one("op", "cell")
    behind = f"{op} -> dropout(0.1 * {j} * {i})"
    start, head = (f"{a} -> ", f"on {a} ") if named else ("", "")
    body = head + w.one(f"= {start}{behind}", f"{{ return {start}{behind} }}")
    w.declare(f"tied({keys}) {form} {name}({k}, {j}, {i} = 1) {body}")
    x, y = w.tensor(), w.tensor()
    first, second = w.one("1, 1", '"a", 1', "1x3, 2"), w.one("2, 1", "1, 2", "1, 1")
    return f"({x} -> {name}({first})) + ({y} -> {name}({first}) -> {name}({second}))"


@piece(
    "tied op",
    "tied body without inputs",
    "body without inputs",
    may="choose|label|short body|block body|channels as a parameter",
    weight=3,
)
def tied_pipeline(w: Writer) -> str:
    """A tied operator that names no input, applied twice."""
    x, name, c = w.tensor(), w.fresh("motif"), w.fresh("c")
    wide = w.block.open or (w.block.opens and w.chance(0.5))
    parameter = f"({c}{w.comma()})" if wide else w.one("", "()")
    with w.inside(channels=c if wide else None, open=w.block.open, tied=True, steady=True):
        op = operators.choice(w, 0)
    if w.chance(0.5):
        w.show("block body")
        f = w.fresh("f")
        w.declare(f"tied {w.one('op', 'cell')} {name}{parameter} {{ {f} = {op}  return {f} -> relu }}")
    else:
        w.show("short body")
        w.declare(f"tied {w.one('op', 'cell')} {name}{parameter} = {op}")
    call = f"{name}({w.c})" if wide else f"{name}{w.one('', '()')}"
    return f"{x} -> {call} -> {units.unit(w)} -> {call}"
