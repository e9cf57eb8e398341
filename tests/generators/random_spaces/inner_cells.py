"""Pieces around cells in cells, and what is handed on to them."""

from __future__ import annotations

from . import decided, declared, operators, units
from .cells import OF_CELLS
from .registry import piece
from .writer import Writer


@piece("tied cell in a cell", "cell in a cell", may=f"tied cell|tied repeat in a cell|{OF_CELLS}", weight=4)
def tied_in_untied(w: Writer) -> str:
    """A cell, mostly untied, that applies a tied one twice, itself applied twice."""
    x, outer, a = w.tensor(), w.fresh("stage"), w.fresh("a")
    c = w.fresh("c")
    opened = w.block.opens and (w.block.open or w.chance(0.4))
    tied = w.one("", "", "tied ")
    if tied:
        w.show("tied cell")
    with w.inside(a, channels=c if opened else None, open=opened, tied=bool(tied), steady=True):
        made = declared.cell(w, tied="tied ", steady=True, pieces=w.rng.choice((0, 1)))
        b = w.bind("b", f"{a} -> {made.at(w.c)}")
        d = w.bind("b", f"{b} -> {units.unit(w)} -> {made.at(w.c)}")
        if w.chance(0.4):
            w.show("tied repeat in a cell")
            times = w.one("2", f"choose 1..2 as {w.fresh('times')}")
            d = w.bind("b", f"{d} -> tied repeat {times} {{ {operators.operator(w, 1)} }}")
        text = "  ".join(w.block.lines)
    w.declare(f"{tied}cell {outer}{f'({c})' if opened else ''} on {a} {{ {text}  return {d} }}")
    call = f"{outer}({w.c})" if opened else outer
    s = w.bind("s", f"{x} -> {call}")
    return f"{s} -> {call}" if w.chance(0.6) else f"{s} -> {units.unit(w)}"


@piece(
    "number decided in a cell",
    "decided number as a parameter",
    "cell in a cell",
    may=f"tied in untied|{OF_CELLS}|tied repeat in a cell",
    weight=3,
)
def decided_and_passed_on(w: Writer) -> str:
    """A cell that decides a number, or an operator, and hands it to an inner cell, twice."""
    x, outer, inner, a, b, k = w.tensor(), w.fresh("outer"), w.fresh("inner"), w.fresh("a"), w.fresh("b"), w.fresh("k")
    c = w.fresh("c")
    opened = w.block.opens and (w.block.open or w.chance(0.4))
    channels = c if opened else w.c
    prefix = w.one("", "", "tied ")
    if w.block.windowed and w.chance(0.6):
        value = f"choose {w.one('{1, 3}', '{1, 3, 5}', '1..3')} as {w.fresh('k')}"
        body = f"{b} -> {w.one('depthwise', 'max_pool')}({k}) -> {w.one('relu', 'bn')}"
        if w.chance(0.4):
            body = f"{b} -> (if {k} > 1 then depthwise(3) else identity) -> repeat {k} {{ scale }}"
    elif w.chance(0.5):
        value = f"choose {{relu, gelu, both: relu -> tanh}} as {w.fresh('op')}"
        body = f"{b} -> {k} -> {w.one('scale', 'bias', k)}"
        w.show("operator passed on", "operator parameter")
    else:
        value = f"choose 1..2 as {w.fresh('n')}"
        body = f"{b} -> repeat {k} {{ {w.one('relu', 'scale', 'choose {relu, gelu}')} }}"
    w.declare(f"{prefix}cell {inner}({k}) on {b} = {body}")
    if prefix:
        w.show("tied in untied")
    if w.chance(0.4):
        w.show("parameter passed on")
        middle, j, d = w.fresh("middle"), w.fresh("j"), w.fresh("d")
        w.declare(f"{w.one('cell', 'op', 'tied cell')} {middle}({k}, {j} = {k}) on {d} = {d} -> {inner}({j})")
        inner = middle
    n, s, t = w.fresh("n"), w.fresh("s"), w.fresh("t")
    go = "pointwise" if w.block.windowed else "linear"
    w.declare(
        f"cell {outer}{f'({c})' if opened else ''} on {a} {{ {n} = {value}  {s} = {a} -> {inner}({n})"
        f"  {t} = {s} -> {go}({channels}) -> {inner}({k} = {n})  return {t} }}"
    )
    call = f"{outer}({w.c})" if opened else outer
    first = w.bind("s", f"{x} -> {call}")
    return f"{first} -> {call}" if w.chance(0.6) else first


@piece("operator parameter", "cell", "bare template", may="value of a call|operator passed on|cell in a cell", weight=2)
def template(w: Writer) -> str:
    """An operator that is handed in and applied twice: a template decides anew each time, a value once."""
    name, inner, a, b, c = w.fresh("block"), w.fresh("inner"), w.fresh("a"), w.fresh("b"), w.fresh("c")
    if w.chance(0.4):
        w.show("operator passed on", "cell in a cell")
        again, g, d, e = w.fresh("block"), w.fresh("g"), w.fresh("d"), w.fresh("e")
        w.declare(f"cell {again}({g}) on {d} {{ {e} = {d} -> {g}  return {e} -> relu }}")
        w.declare(
            f"cell {name}({inner}) on {a} {{ {b} = {a} -> {again}({inner})  {c} = {a} -> {inner}  return {b} + {c} }}"
        )
    else:
        w.declare(f"cell {name}({inner}) on {a} {{ {b} = {a} -> {inner}  {c} = {a} -> {inner}  return {b} + {c} }}")
    if w.block.open:
        return f"{w.tensor()} -> {name}(choose {{relu, gelu}} as {w.fresh('kind')})"
    if w.chance(0.3):
        return f"{w.tensor()} -> {name}({units.unit(w)})"
    passed = w.fresh("inside")
    with w.inside():
        op = operators.operator(w, 2)
    w.declare(f"op {passed} = {op}")
    argument = w.one(passed, f"{passed}()")
    if argument.endswith("()"):
        w.show("value of a call")
    return f"{w.tensor()} -> {name}({argument})"


@piece("operator of several inputs", "cell", "list", may=f"three inputs|{OF_CELLS}", weight=2)
def with_inputs(w: Writer) -> str:
    n = w.rng.choice((2, 2, 3))
    if n == 3:
        w.show("three inputs")
    items = ", ".join(w.tensor() for _ in range(n))
    made = declared.cell(w, inputs=n)
    return f"[{items}] -> {made.at(w.c)}"


@piece("tensor parameter", "op", may="attribute|if|comparison", weight=1.5)
def tensor_parameter(w: Writer) -> str:
    """A tensor handed in, of which the shape is read."""
    name, like, a = w.fresh("fit"), w.fresh("like"), w.fresh("a")
    go = "pointwise" if w.block.windowed else "linear"
    axis = {"image": "height", "clip": "frames", "tokens": "length", "features": "channels"}[w.block.here.layout]
    w.show("attribute", "if", "comparison")
    w.declare(
        f"op {name}({like}) on {a} = {a} -> {go}({like}.channels) -> "
        f"(if {a}.{axis} == {like}.{axis} then {w.one('relu', 'scale')} else tanh)"
    )
    number = decided.decided(w, (1, 2)) if w.chance(0.5) else None
    y = w.bind("y", f"{w.tensor()} -> {units.back(w, number.name if number else '3')}")
    return f"({w.tensor()} -> {name}({w.one('', like + ' = ')}{y})) + {y} -> {units.back(w)}"


@piece("op", "parameter with a default", may=f"named arguments|body without inputs|composition|{OF_CELLS}")
def pipeline(w: Writer) -> str:
    text = declared.pipeline(w)
    return f"{w.tensor()} -> {text}"
