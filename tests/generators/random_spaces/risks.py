"""Pieces that may be wrong: in some architectures, in all or in none, by numbers that are drawn.

What is wrong where is left to find out by going through all architectures; texts of them have few.
"""

from __future__ import annotations

from . import units
from .block import Block, Label
from .registry import piece, windowed
from .writer import Writer


def near(w: Writer, n: int) -> int:
    """n, or nearly n."""
    return max(1, n + w.rng.choice((0, 0, 0, 1, -1)))


def labelled(w: Writer, stem: str, kind: str, values: tuple[object, ...]) -> str:
    """`` as NAME``, which constraints may use: they may leave out what is wrong."""
    name = w.fresh(stem)
    w.labels.append(Label(name, kind, values))
    return f" as {name}"


def number(w: Writer, *values: int) -> str:
    """A decided number, in parentheses."""
    several = tuple(dict.fromkeys(values))
    if len(several) == 1 or w.chance(0.15):
        return str(several[0])
    return f"(choose {{{', '.join(map(str, several))}}}{labelled(w, 'd', 'number', several)})"


def wide(w: Writer) -> str:
    """A tensor that has the shape wanted here, but for the channels in some architectures."""
    c = w.block.here.channels
    return f"{w.tensor()} -> {units.back(w, number(w, c, near(w, c)))}"


def merge(w: Writer) -> str:
    """How a list becomes one tensor of the channels wanted here."""
    return w.one("sum", "mean", "sum", f"concat -> {units.back(w)}")


def windows(block: Block) -> bool:
    return block.windowed and not block.open


def narrow(block: Block) -> bool:
    return not block.open


@piece("sum of widths", fits=narrow, risk=True, weight=2)
def sum_of_widths(w: Writer) -> str:
    items = [wide(w), wide(w) if w.chance(0.3) else w.tensor()]
    w.rng.shuffle(items)
    return w.one(f"[{', '.join(items)}] -> {merge(w)}", f"({items[0]}) + ({items[1]})")


@piece("widths that may be absent", fits=narrow, risk=True, weight=3)
def absent_widths(w: Writer) -> str:
    c = w.block.here.channels
    first = f"{w.tensor()} -> {units.back(w, str(near(w, c)))}"
    second = f"{w.tensor()} -> {units.back(w, str(near(w, c)))}"
    third = f"{w.tensor()} -> {units.back(w, str(near(w, c)))}"
    form, values = w.rng.choice((("1", (1,)), ("1..2", (1, 2)), ("0..1", (0, 1)), ("any", (1, 2))))
    some = w.some(
        lambda: f"[{first}, {second}] -> keep {form}{labelled(w, 'some', 'keep', values)}",
        lambda: f"choose {{p: [{first}], q: [{second}, {first}]}}{labelled(w, 'which', 'choose', ('p', 'q'))}",
        lambda: f"if {number(w, 1, 2)} > 1 then [{first}] else [{second}]",
    )
    xs = w.bind("xs", some)
    items = w.one(f"*{xs}, {third}", f"{third}, *{xs}", f"*{xs}, *{xs}, {third}")
    return f"[{items}] -> {merge(w)}"


@piece("alternatives of several widths", fits=narrow, risk=True, weight=2)
def alternatives(w: Writer) -> str:
    c = w.block.here.channels
    ops = f"a: {units.back(w, str(near(w, c)))}, b: {units.back(w, str(near(w, c)))}"
    y = w.bind("y", f"{w.tensor()} -> choose {{{ops}}}{labelled(w, 'kind', 'choose', ('a', 'b'))}")
    after = ["relu", f"{y} + {w.tensor()}"]
    if w.block.windowed:
        after += ["group_norm(2)", f"conv({c}, 3, groups = 2)", "channel_shuffle(2)"]
    picked = w.rng.choice(after)
    return f"({picked})" if "+" in picked else f"{y} -> {picked} -> {units.back(w)}"


@piece("wrong in one branch", fits=narrow, risk=True, weight=2)
def branch(w: Writer) -> str:
    c, n = w.block.here.channels, w.fresh("n")
    w.line(f"{n} = choose 1..3{labelled(w, 'd', 'number', (1, 2, 3))}")
    width = f"if {n} > {w.one('1', '2', '3')} then {c} else {near(w, c)}"
    y = w.bind("y", f"{w.tensor()} -> {units.back(w, width)}")
    test = w.one(f"{n} > {w.one(*'123')}", f"{n} in [1, {w.one(*'23')}]", f"{n} == 2 or {n} == {w.one(*'13')}")
    if w.chance(0.5):
        return f"if {test} then {y} + {w.tensor()} else {w.tensor()}"
    return f"{w.tensor()} -> (if {test} then {units.back(w, f'{y}.channels')} else identity) -> {units.back(w)}"


@piece("window that may not fit", fits=windows, risk=True)
def window(w: Writer) -> str:
    size = min(w.block.here.axes)
    k = number(w, 1, size, near(w, size))
    op = w.one(f"conv({w.c}, {k}, pad = none)", f"max_pool({k}, pad = none)", f"avg_pool({k}, pad = none)")
    return f"{w.tensor()} + ({w.tensor()} -> {op} -> global_avg_pool)"


def unfit(w: Writer) -> str:
    """An operator that is refused, whatever is chosen elsewhere, or for some widths before it."""
    c, layout = w.block.here.channels, w.block.here.layout
    after = w.one("", " -> relu", f" -> {units.back(w)}")
    if layout in ("image", "clip") and w.chance(0.15):
        widths = w.rng.sample((3, 6, 7, 9), w.rng.choice((2, 3)))
        return f"{units.back(w, number(w, *widths))} -> {w.one('channel_shuffle(3)', 'group_norm(3)')}{after}"
    wrong = [f"group_norm({c + 1})", "dropout(2)", "linear(0)"]
    if w.block.windowed:
        wrong.append("linear(3)")
    if layout in ("image", "clip"):
        wrong += [f"conv({c}, 3, groups = {c + 1})", f"conv({c}, 2, dilation = 0)", "max_pool(99, pad = none)"]
    return w.rng.choice(wrong) + after


@piece("operator that never fits", fits=narrow, risk=True, weight=2)
def never_fitting(w: Writer) -> str:
    """Only what leaves its branch out makes the text right."""
    name = w.fresh("way")
    ops = [f"p: {units.back(w)}", f"q: {unfit(w)}"]
    w.rng.shuffle(ops)
    y = w.bind("y", f"{w.tensor()} -> choose {{{', '.join(ops)}}} as {name}")
    if w.chance(0.6):
        w.where.append(f'pin("{name}", "p")')
    return f"{y} + {w.tensor()}" if w.chance(0.3) else f"{y} -> relu"


@piece("operator that never fits, left out", fits=narrow, risk=True, weight=3)
def left_out(w: Writer) -> str:
    """In an element or an iteration that constraints leave out; and what reads the shape of it."""
    name, t, bad = w.fresh("way"), w.tensor(), unfit(w)
    condition = f'{name} == "q"'
    match w.rng.randrange(8):
        case 0:
            text = f"[*(choose {{p: [{t} -> {bad}], q: [{t}, {t}]}} as {name}), {w.tensor()}] -> {merge(w)}"
        case 1:
            text = f"(choose {{p: [{t} -> {bad}], q: [{t}]}} as {name})[1]"
        case 2:
            text, condition = f"[{t}, {t} -> {bad}][choose {{1, 2}} as {name}]", f"{name} == 1"
        case 3:
            text, condition = f"{t} -> repeat choose 0..2 as {name} {{ {bad} }}", f"{name} == 0"
        case 4:
            text, condition = f"{t} -> {bad} -> maybe relu as {name}", f"not {name}"
        case 5:
            items = w.one(f"{t} -> {bad}, {t}", f"{t} -> {bad}")
            text, condition = f"[{items}] -> keep 0..1 as {name} -> sum", f'size("**.{name}") == 0'
        case 6:
            end = w.one("keep 0..1 -> sum", "keep 0 -> sum", merge(w))
            text = f"[*(choose {{p: [{t} -> {bad}], q: [{w.one(t, '')}]}} as {name})] -> {end}"
        case _:
            u = w.bind("u", f"{t} -> {bad}")
            width = w.one(f"{u}.channels", f"if {u}.channels == {w.block.here.channels} then 3 else 2")
            text = f"{t} -> choose {{p: {units.back(w, width)}, q: {units.back(w)}}} as {name}"
    if w.chance(0.75):
        w.where.append(condition)
    y = w.bind("y", text)
    return f"{y} -> {units.back(w)}"


@piece("index that may not exist", fits=narrow, risk=True, weight=2)
def index(w: Writer) -> str:
    n = w.rng.randint(2, 3)
    items = ", ".join(w.tensor() for _ in range(n))
    ys = w.bind(
        "ys", f"[{items}]" if w.chance(0.5) else f"[{items}] -> keep {w.one('any', '1..2', '0..1')} as {w.fresh('k')}"
    )
    at = number(w, 1, 2, near(w, n))
    return w.one(
        f"{ys}[{at}]",
        f"last({at}, {ys}) -> sum",
        f"last({at}, {ys})[1]",
        f"{ys}[min({at}, len({ys}))]",
        f"[*{ys}[<{near(w, 2) + 1}], {ys}[{at}]] -> sum",
    )


@piece("open list that may be too short", fits=narrow, risk=True, weight=2)
def short(w: Writer) -> str:
    n, i = w.fresh("n"), w.fresh("i")
    low = w.one("1", "2")
    w.line(f"{n} = choose {low}..3{labelled(w, 'd', 'number', tuple(range(int(low), 4)))}")
    ys = w.bind("ys", f"[{w.tensor()} -> {units.unit(w)} for {i} in 1..{n}]")
    some = w.rng.randint(1, 3)
    return w.one(
        f"{ys}[{some}]",
        f"last({some}, {ys}) -> mean",
        f"{ys} -> keep {some} as {w.fresh('few')} -> sum",
        f"{ys} -> keep 1..{some} as {w.fresh('few')} -> {merge(w)}",
        f"if {n} > {some - 1} then {ys}[{some}] else {w.tensor()}",
    )


@piece("number that may be none", fits=narrow, risk=True, weight=2)
def arithmetic(w: Writer) -> str:
    n, c = w.fresh("n"), w.block.here.channels
    w.line(f"{n} = choose {{1, 2, {w.one('3', '4')}}}{labelled(w, 'd', 'number', (1, 2))}")
    text = w.one(
        f"6 // ({n} - {w.one('1', '2', '5')})",
        f"share(6, {n}, {w.one('1', '2', '3', '6')})",
        f"{n} - {w.one('0', '1')}",
        f"6 / {n}",
        f"({c}, {c}, {c})[{n}{w.one('', ' + 3')}]",
        f"max(1, (choose {{{n}, 2x1}}))",
        f"[{c}, {c}][{n}]",
        f"sqrt({n} - {w.one('1', '2')}) + 1",
        f"floor(log({n} - {w.one('0', '1')})) + 1",
    )
    return f"{w.tensor()} -> {units.back(w, text)} -> {units.back(w)}"


@piece("sizes that may differ", fits=windows, risk=True, weight=2)
def sizes(w: Writer) -> str:
    stride = number(w, 1, w.rng.choice((1, 1, 2)))
    y = w.bind("y", f"{w.tensor()} -> {w.one(f'max_pool(2, stride = {stride})', f'conv({w.c}, 3, stride = {stride})')}")
    x = w.tensor()
    back = w.one(
        f"{y} + {x}",
        f"[{y}, {x}] -> {merge(w)}",
        f"({y} -> upsample({stride})) + {x}",
        f"({y} -> global_max_pool) * {x}",
    )
    return f"{x} * (({back}) -> global_avg_pool -> {units.back(w)})"


@piece("concat of perhaps nothing", fits=narrow, risk=True)
def nothing(w: Writer) -> str:
    form = w.one("0..1", "0..2", "1..2", "any")
    some = w.bind("some", f"[{w.tensor()}, {w.tensor()}] -> keep {form} as {w.fresh('k')}")
    return f"{some} -> concat -> {units.back(w)}"


@piece("repeat that changes the width", fits=narrow, risk=True)
def repeated(w: Writer) -> str:
    step = units.back(w, w.one("same", "same + 1", "max(same - 1, 1)", "2 * same // 2"))
    y = w.bind(
        "y", f"{w.tensor()} -> repeat choose {w.one('0', '1')}..2{labelled(w, 'r', 'count', (1, 2))} {{ {step} }}"
    )
    return w.one(f"{y} + {w.tensor()}", f"{y} -> {units.back(w)}")


@piece("zero of an open shape", fits=narrow, risk=True)
def open_zero(w: Writer) -> str:
    if w.chance(0.5):
        return f"[{wide(w)}] -> keep 0..1 as {w.fresh('k')} -> sum -> {units.back(w)}"
    op = units.back(w, number(w, 3, w.rng.choice((3, 4))))
    return f"({w.tensor()} -> maybe {op} as {w.fresh('g')}) -> {units.back(w)}"


@piece("groups that may not divide", fits=windowed, risk=True)
def groups(w: Writer) -> str:
    g = number(w, 1, 2, w.rng.choice((2, 3)))
    return f"{w.tensor()} -> {w.one(f'conv({w.c}, 3, groups = {g})', f'group_norm({g})', f'channel_shuffle({g})')}"


@piece("wrong where nobody asks", fits=narrow, risk=True)
def unasked(w: Writer) -> str:
    c = w.block.here.channels
    bad = w.bind("bad", f"({w.tensor()} -> {units.back(w, str(near(w, c)))}) + {w.tensor()}")
    read = w.one(w.tensor(), bad)
    if w.chance(0.5):
        read = f"(choose {{a: {w.tensor()}, b: {bad}}}{labelled(w, 'way', 'choose', ('a', 'b'))})"
    return f"{read} -> {units.back(w)}"


@piece("wrong in a cell", fits=narrow, risk=True, weight=2)
def in_a_cell(w: Writer) -> str:
    """A cell that adds what it is given a width for to its input."""
    name, k, a = w.fresh("cell"), w.fresh("k"), w.fresh("a")
    c = w.block.here.channels
    go = "pointwise" if w.block.windowed else "linear"
    body = w.one(
        f"{a} + ({a} -> {go}({k}))",
        f"[{a}, {a} -> {go}({k})] -> sum",
        f"if {k} > {c} then {a} else {a} + ({a} -> {go}({k}))",
    )
    w.declare(f"{w.one('', 'tied ')}cell {name}({k}) on {a} {{ return {body} }}")
    n = w.bind("n", number(w, c, near(w, c)))
    y = w.bind("y", f"{w.tensor()} -> {name}({n})")
    return f"{y} -> {name}({w.one(n, str(c))})"


@piece("slots of an open list", fits=narrow, risk=True)
def slots(w: Writer) -> str:
    name = w.fresh("pair")
    w.declare(f"op {name} on a, b = a + b")
    form = w.one("2", "1..2", "2..2", "any")
    some = w.bind("some", f"[{w.tensor()}, {w.tensor()}, {wide(w)}] -> keep {form} as {w.fresh('k')}")
    return f"{some} -> {name}"


@piece("frames that may not divide", fits=lambda b: b.here.layout == "clip" and not b.open, risk=True, weight=2)
def frames(w: Writer) -> str:
    return (
        f"{w.tensor()} + ({w.tensor()} -> time_to_channel({number(w, 1, 2, 3)}) -> global_avg_pool -> pointwise({w.c}))"
    )
