"""Pieces around `keep`, and reductions."""

from __future__ import annotations

from . import operators, units
from .registry import piece
from .writer import Writer

FORMS = "keep a number|keep a range|keep any|keep all|keep none or more|keep that can come out in one way"


def elements(w: Writer, n: int) -> str:
    """`a, b -> relu, …` of the shape wanted here."""
    return ", ".join(f"{w.tensor()} -> {units.unit(w)}" if w.chance(0.5) else w.tensor() for _ in range(n))


def kept(w: Writer, n: int, least: int = 0) -> str:
    """`keep …` of a list of n elements, of which at least so many stay."""
    forms = {"1": 1, "any": 1, "all": n, f"1..{n}": 1}
    if n > 1:
        forms |= {"2": 2, "1..2": 1, str(n): n}
    forms |= {f"0..{n}": 0, "0..1": 0}
    form = w.rng.choice([f for f, low in forms.items() if low >= least])
    if form in ("any", "all"):
        w.show(f"keep {form}")
    elif ".." in form:
        w.show("keep none or more" if form.startswith("0") else "keep a range")
    else:
        w.show("keep a number")
    values = {"any": range(1, n + 1), "all": range(n, n + 1)}.get(form)
    if values is None:
        low, _, high = form.partition("..")
        values = range(int(low), int(high or low) + 1)
    if values[0] == n:
        # It is a site, and no decision.
        w.show("keep that can come out in one way")
        label = w.label("sites", "other", ())
    else:
        label = w.label("inputs", "keep", tuple(values))
    return f"keep {form}{label}"


def reduced(w: Writer) -> str:
    form = w.one("sum", "sum", "mean")
    w.show(form)
    return form


@piece("list", may=f"each|sum|mean|label|{FORMS}", weight=3)
def keep(w: Writer) -> str:
    n = w.rng.randint(2, 4)
    each = ""
    if w.chance(0.6):
        w.show("each")
        w.quiet += 1
        each = f" -> each {operators.operator(w, 1)}"
        w.quiet -= 1
    return f"[{elements(w, n)}{w.comma()}]{each} -> {kept(w, n)} -> {reduced(w)}"


@piece("each", "list", "sum", may=f"label|each before a decision|{FORMS}", weight=1.5)
def each_decides(w: Writer) -> str:
    """`each choose … as kind`, `each maybe …`, `each frozen …`, `each repeat …`."""
    w.quiet += 1
    op = w.some(
        lambda: operators.choice(w, 0),
        lambda: f"maybe {operators.inner(w, 0)}{w.label('gate', 'gate', (False, True))}",
        lambda: f"frozen {operators.inner(w, 0)}",
        lambda: operators.repeated(w, 0),
    )
    w.quiet -= 1
    w.show("each before a decision")
    n = w.rng.randint(1, 3)
    tail = f" -> {kept(w, n)}" if w.chance(0.5) else ""
    return f"[{elements(w, n)}] -> each {op}{tail} -> sum"


@piece("two tensors into `add` or `mul`", "list", may=FORMS)
def two_into_one(w: Writer) -> str:
    if w.chance(0.4):
        return f"[{elements(w, 3)}] -> keep 2 as {w.fresh('two')} -> {w.one('add', 'mul', 'add()')}"
    return f"[{elements(w, 2)}] -> {w.one('add', 'mul')}"


@piece("concat", "list", may=f"label|{FORMS}")
def concat(w: Writer) -> str:
    n = w.rng.randint(1, 3)
    tail = f" -> {kept(w, n, 1)}" if w.chance(0.6) else ""
    return f"[{elements(w, n)}]{tail} -> concat -> {units.back(w)}"


@piece("keep of a keep", "list", may=f"sum|mean|label|{FORMS}")
def keep_of_keep(w: Writer) -> str:
    n = w.rng.randint(3, 4)
    first = w.one("any", "1..2", "2", "2..3")
    least = {"2": 2, "2..3": 2}.get(first, 1)
    some = w.bind("some", f"[{elements(w, n)}] -> keep {first} as {w.fresh('outer')}")
    second = w.one("1", "any", "all", *(["2"] if least > 1 else []), "0..1", "1..1")
    return f"{some} -> keep {second} as {w.fresh('inner')} -> {reduced(w)}"


@piece("keep in slots", "operator of several inputs", may=f"three inputs|inputs of any length|slot of a keep|{FORMS}")
def slots(w: Writer) -> str:
    n = w.rng.choice((1, 2, 2, 3))
    name = w.fresh("join")
    inputs = [w.fresh("a") for _ in range(n)]
    if n > 2:
        w.show("three inputs")
    parts = [f"({a} -> {w.one(*units.ANY)})" if w.chance(0.5) else a for a in inputs]
    w.declare(f"{w.one('op', 'cell')} {name} on {', '.join(inputs)} = {f' {w.one(chr(43), chr(42))} '.join(parts)}")
    items = elements(w, n + w.rng.randint(0, 2))
    some = w.bind("some", f"[{items}] -> keep {n} as {w.fresh('few')}")
    if w.chance(0.4):
        w.show("slot of a keep")
        return f"({some} -> {name}) + {some}[{w.rng.randint(1, n)}]"
    return f"{some} -> {name}"


@piece("inputs of any length", may=f"inputs of any length among others|sum|mean|{FORMS}", weight=2.5)
def any_length(w: Writer) -> str:
    name, xs = w.fresh("merge"), w.fresh("xs")
    if w.block.open:
        op = w.one(*units.ANY)
    else:
        with w.inside():  # of a cell, which knows no names of the body
            op = units.unit(w)
    reduce = reduced(w)
    match w.rng.randrange(3):
        case 0:
            typed = w.one("", "", f": {w.block.here.layout}")
            w.declare(f"cell {name} on *{xs}{typed} = {xs} -> each {op} -> {reduce}")
            items = f"[{elements(w, w.rng.randint(1, 3))}]"
            some = f"{items} -> {kept(w, 1, 1)}" if ", " not in items and w.chance(0.3) else items
            return f"{some} -> {name}"
        case 1:
            w.show("inputs of any length among others")
            a = w.fresh("a")
            w.declare(f"op {name} on {w.one(f'{a}, *{xs}', f'*{xs}, {a}')} = {a} + ({xs} -> {reduce})")
            return f"[{elements(w, w.rng.randint(2, 4))}] -> {name}"
        case _:
            w.declare(f"op {name} on *{xs} = {xs}[1] + ({xs} -> {reduce})")
            return f"[{elements(w, 3)}] -> keep 1..2 as {w.fresh('few')} -> {name}"
