"""Pieces around loops, comprehensions, slices and indices."""

from __future__ import annotations

from . import conditions, decided, numbers, operators, units
from .keeps import reduced
from .registry import piece, windowed
from .writer import Writer


def step(w: Writer, depth: int = 1) -> str:
    """An operator inside of a loop, where its labels are no single decisions."""
    w.quiet += 1
    with w.perhaps():
        op = operators.operator(w, depth)
    w.quiet -= 1
    return op


def end(w: Writer, y: str, n: int) -> str:
    """A tensor from a list of n elements."""
    forms = [
        f"{y} -> {reduced(w)}",
        f"{y}[{numbers.exactly(w, n, 1)}]",
        f"{y}[{w.rng.randint(1, n)}]",
        f"[*{y}, {w.tensor()}] -> {reduced(w)}",
        f"last({w.rng.randint(1, n)}, {y}) -> {reduced(w)}",
        f"{y}[<{n + 1}] -> {reduced(w)}",
        f"[*{y}[<{n}], {w.tensor()}] -> {reduced(w)}",
        f"{y}[len({y})] + {w.tensor()}",
        f"[*last(1, {y}), *{y}] -> keep 1..2 as {w.fresh('ends')} -> {reduced(w)}",
    ]
    w.show("index", "last elements", "splat", "part of a list", "len")
    return w.rng.choice(forms)


@piece("for", "part of a list", "splat", may="keep any|each|sum|label|keep a number")
def loop(w: Writer) -> str:
    y, i, n = w.fresh("y"), w.fresh("i"), w.rng.randint(2, 3)
    w.show("keep any", "each", "sum")
    each = f" -> each {step(w)}" if w.chance(0.8) else ""
    body = f"[{w.tensor()}, *{y}[<{i}]]{each} -> keep {w.one('any', 'any', '1')} as {w.fresh('inputs')} -> sum"
    w.line(f"for {i} in 1..{n} {{ {y}[{i}] = {body} }}")
    if w.chance(0.35):
        w.line(f"for {w.fresh('i')} in 1..2 {{ }}")
    return end(w, y, n)


@piece("for", "seed of a list", "index", "name local to an iteration", may="sum|mean|last elements|label")
def loop_with_locals(w: Writer) -> str:
    y, i, t, n = w.fresh("y"), w.fresh("i"), w.fresh("t"), w.rng.randint(1, 3)
    w.line(f"{y}[0] = {w.tensor()}")
    w.line(f"for {i} in 1..{n} {{ {t} = {y}[{i} - 1] -> {step(w)}  {y}[{i}] = {t} -> {step(w, 0)} }}")
    return end(w, y, n)


@piece("for", "loop in a loop", "sum", may="label|index")
def loop_in_loop(w: Writer) -> str:
    y, z, i, j = (w.fresh(stem) for stem in "yzij")
    n = w.rng.randint(1, 2)
    inner = f"for {j} in 1..{w.one('2', i)} {{ {z}[{j}] = {w.tensor()} -> {step(w, 1)} }}"
    w.line(f"for {i} in 1..{n} {{ {inner}  {y}[{i}] = {z} -> sum }}")
    return end(w, y, n)


@piece(
    "comprehension",
    "loop over a list",
    may="loop over a set|loop over tensors|loop over operators|sum|mean|index|label|last elements|part of a list"
    "|splat|len",
    fits=windowed,
    weight=3,
)
def loop_over_values(w: Writer) -> str:
    k = w.fresh("k")
    match w.rng.randrange(4):
        case 0:
            source, body = "[3, 1]", f"conv({w.c}, {k})"
        case 1:
            w.show("loop over a set")
            source, body = "{3, one: 1}", f"depthwise({k})"
        case 2:
            w.show("loop over operators")
            source, body = f"[relu, {units.unit(w)}]", k
        case _:
            w.show("loop over tensors")
            text = f"[{k} -> {step(w)} for {k} in [{w.tensor()}, {w.tensor()}]]"
            return f"{text} -> {reduced(w)}"
    y = w.bind("y", f"[{w.tensor()} -> {body} -> {step(w, 0)} for {k} in {source}]")
    return end(w, y, 2)


@piece("for", "loop over a list", may="sum|mean|index|last elements|part of a list|splat|len|label")
def statements_over_tensors(w: Writer) -> str:
    """`for t in [a, b] { … }`: the elements of a list that the block builds are counted by a list beside it."""
    y, t, i = w.fresh("y"), w.fresh("t"), w.fresh("i")
    ts = w.bind("ts", f"[{w.tensor()}, {w.tensor()} -> {units.unit(w)}]")
    w.line(f"for {i} in [1, 2] {{ {t} = {ts}[{i}] -> {step(w)}  {y}[{i}] = {t} -> {step(w, 0)} }}")
    return end(w, y, 2)


@piece(
    "bound that is decided",
    "for",
    "choose from a range",
    may="sum|mean|index|len|last elements|part of a list|label|splat",
)
def decided_bound(w: Writer) -> str:
    y, i = w.fresh("y"), w.fresh("i")
    number = decided.decided(w, w.rng.choice(((1, 2, 3), (1, 2))), 1)
    w.line(f"for {i} in 1..{number.name} {{ {y}[{i}] = {w.tensor()} -> {step(w)} }}")
    w.show("sum")
    forms = (
        f"{y} -> {reduced(w)}",
        f"{y}[{number.name}] -> {units.unit(w)}",
        f"[*{y}, {w.tensor()}] -> keep 1..2 as {w.fresh('some')} -> sum",
        f"last(1, {y}) -> sum",
        f"{y}[1] + {y}[len({y})]",
        f"[{w.tensor()}, *{y}] -> {reduced(w)}",
        f"{y} -> keep any as {w.fresh('some')} -> {reduced(w)}",
        f"{y} -> each {step(w, 0)} -> {reduced(w)}",
        f"{y}[<2] -> {reduced(w)}",
    )
    return w.rng.choice(forms)


@piece("bound that is decided", "seed of a list", "chain of decided length", may="label|index|len")
def chain(w: Writer) -> str:
    h, i = w.fresh("h"), w.fresh("i")
    number = decided.decided(w, (1, 2, 3), 1)
    w.line(f"{h}[0] = {w.tensor()}")
    w.line(f"for {i} in 1..{number.name} {{ {h}[{i}] = {h}[{i} - 1] -> {step(w)} }}")
    if w.chance(0.3):
        return f"{h}[{number.name}] -> {units.back(w, f'4 * len({h})')} -> {units.back(w)}"
    return w.one(f"{h}[{number.name}]", f"last(1, {h})[1]", f"{h}[len({h})]", f"{h}[{number.name} - 1]")


@piece("share", "bound that is decided", "concat", may="label")
def shares(w: Writer) -> str:
    y, i = w.fresh("y"), w.fresh("i")
    number = decided.decided(w, (1, 2, 3), 1)
    total = w.rng.choice((3, 4, 6))
    part = units.back(w, f"share({total}, {number.name}, {i})")
    w.line(f"for {i} in 1..{number.name} {{ {y}[{i}] = {w.tensor()} -> {part} }}")
    return f"{y} -> concat -> {units.back(w)}"


@piece(
    "comprehension",
    "list",
    may="splat|index|last elements|sum|mean|part of a list|label|len|unnamed loop variable",
    weight=2,
)
def comprehension(w: Writer) -> str:
    low, high = w.rng.choice((0, 1, 1)), w.rng.randint(1, 3)
    i = w.fresh("i") if w.chance(0.7) else "_"
    if i == "_":
        w.show("unnamed loop variable")
    y = w.bind("y", f"[{w.tensor()} -> {step(w)} for {i} in {low}..{high}]")
    return end(w, y, high - low + 1)


@piece("index of a list", "choose a number", may="sum|label")
def chosen_index(w: Writer) -> str:
    number = decided.decided(w, (1, 2, 3), 1)
    if w.chance(0.3):
        f = w.bind("f", f"[relu, {units.unit(w)}, gelu][{number.name}]")
        return f"{w.tensor()} -> {f}"
    items = f"[{w.tensor()}, {w.tensor()} -> {operators.operator(w, 1)}, {w.tensor()} -> {units.unit(w)}]"
    y = w.bind("y", items)
    return w.one(f"{y}[{number.name}]", f"last({number.name}, {y}) -> sum", f"last({number.name}, {y})[1]")


@piece("if between lists", "if", may="sum|mean|keep any|index|last elements|len|splat|part of a list")
def lists_by_condition(w: Writer) -> str:
    if w.chance(0.8):
        decided.decided(w)
    with w.perhaps():
        first = f"[{w.tensor()}, {w.tensor()} -> {operators.operator(w, 0)}]"
    y = w.bind("y", f"if {conditions.condition(w)} then {first} else [{w.tensor()} -> {units.unit(w)}]")
    return w.one(
        f"{y} -> {reduced(w)}",
        f"{y}[1]",
        f"last(1, {y}) -> sum",
        f"{y} -> keep any as {w.fresh('some')} -> sum",
        f"{y}[len({y})]",
    )
