"""Pieces about lists of which any element, the first one too, may be absent; and about lists of numbers."""

from __future__ import annotations

from . import conditions, decided, numbers, operators, units
from .keeps import reduced
from .lists import step
from .registry import piece
from .writer import Writer


def open_list(w: Writer, least: int = 1) -> str:
    """A list of tensors of which some may be absent, in one expression; so many are there in any case."""
    a, b = w.tensor(), w.tensor()
    with w.perhaps():
        first, second = f"{a}", f"{b} -> {operators.operator(w, 1)}"
    kinds = ["kept", "chosen", "condition", "decided"]
    match w.rng.choice(kinds):
        case "kept":
            w.show("list with absent elements of a keep")
            form = w.one("1..2", "any", "1") if least else w.one("0..1", "0..2", "1..2")
            return f"[{first}, {second}] -> keep {form} as {w.fresh('some')}"
        case "chosen":
            w.show("list with absent elements of a choose")
            return f"choose {{p: [{first}], q: [{second}, {b}]}} as {w.fresh('which')}"
        case "condition":
            w.show("list with absent elements of a condition")
            if not w.block.numbers:
                decided.decided(w)
            return f"if {conditions.condition(w)} then [{first}] else [{second}, {a}]"
        case _:
            w.show("list with absent elements of a loop")
            number = decided.decided(w, (1, 2))
            return f"[{a} -> {step(w, 0)} for {w.fresh('i')} in 1..{number.name}]"


ABSENT = "|".join(f"list with absent elements of a {kind}" for kind in ("keep", "choose", "condition", "loop"))


@piece(
    "splat of what may be absent",
    "splat",
    may="sum|mean|concat|each|choose a number|label|keep any|last of what may be absent"
    f"|index of what may be absent|part of what may be absent|{ABSENT}",
    weight=4,
)
def absent_elements(w: Writer) -> str:
    some = w.bind("some", open_list(w, 0 if w.chance(0.4) else 1))
    fixed = f"{w.tensor()} -> {units.unit(w)}"
    items = w.rng.choice(
        (f"*{some}, {fixed}", f"{fixed}, *{some}", f"*{some}, *{some}, {fixed}", f"*{some}, {w.tensor()}, {fixed}")
    )
    xs = w.bind("xs", f"[{items}]")
    kind = w.rng.randrange(12)
    if kind < 3:
        return f"{xs} -> {reduced(w)}"
    w.show("sum")
    match kind:
        case 3:
            w.show("concat")
            return f"{xs} -> concat -> {units.back(w)}"
        case 4:
            w.show("each")
            return f"{xs} -> each {step(w)} -> {reduced(w)}"
        case 5:
            w.show("index of what may be absent")
            return f"{xs}[1] -> {units.unit(w)}"
        case 6 | 10:
            w.show("last of what may be absent")
            return w.one(f"last(1, {xs}) -> {reduced(w)}", f"last(1, {xs})[1]")
        case 7:
            w.show("keep any")
            return f"{xs} -> keep {w.one('any', '1', 'all')} as {w.fresh('again')} -> {reduced(w)}"
        case 8 | 9:
            w.show("part of what may be absent")
            return f"[*{xs}[<2], {w.tensor()}] -> {reduced(w)}"
        case _:
            w.show("index of what may be absent")
            return f"{xs}[len({xs})] + {xs}[1]"


@piece(
    "list of numbers",
    may="kept numbers|chosen list of numbers|list of numbers of decided length|spliced numbers|if|number from a list"
    "|list of numbers by a condition|condition over a list of numbers|loop over numbers that may be absent",
    weight=4,
)
def number_list(w: Writer) -> str:
    xs = decided.listed(w)
    kind = w.rng.randrange(5)
    if kind == 0 and xs.least and w.block.windowed:
        w.show("loop over numbers that may be absent")
        k = w.fresh("k")
        return f"[{w.tensor()} -> conv({w.c}, {k}) for {k} in {xs.name}] -> {reduced(w)}"
    if kind == 1 and w.block.windowed:
        w.show("number from a list")
        k = decided.odd(w)
        return f"{w.tensor()} -> {w.one(f'conv({w.c}, {k})', f'depthwise({k})', f'avg_pool({k})')}"
    if kind == 2 and xs.least:
        w.show("loop over numbers that may be absent")
        k = w.fresh("k")
        return f"[{w.tensor()} -> {units.back(w, k)} -> {units.back(w)} for {k} in {xs.name}] -> {reduced(w)}"
    if kind == 3:
        w.show("number from a list")
        return f"{w.tensor()} -> repeat len({xs.name}) {{ {step(w, 0)} }}"
    w.show("if", "condition over a list of numbers")
    with w.perhaps():
        either, other = operators.operator(w, 0), operators.operator(w, 0)
    return f"{w.tensor()} -> (if {conditions.condition(w)} then {either} else {other})"


@piece(
    "if",
    "condition over a decision",
    may="if between tensors|if between operators|label|choose a number|condition over a list of numbers",
    weight=2,
)
def conditional(w: Writer) -> str:
    decided.decided(w, w.rng.choice(((1, 2, 3, 4), (1, 2, 3), (0, 1))))
    test = conditions.condition(w, 2)
    with w.perhaps():
        either, other = operators.operator(w, 1), operators.operator(w, 0)
    if w.chance(0.4):
        w.show("if between tensors")
        return f"if {test} then {w.tensor()} -> {either} else {w.tensor()}"
    w.show("if between operators")
    return f"{w.tensor()} -> (if {test} then {either} else {other})"


@piece(
    "number that depends on a decision",
    "choose a number",
    may="attribute|label|arithmetic|if between numbers|same",
    weight=2,
)
def chosen_width(w: Writer) -> str:
    number = decided.decided(w, (1, 2, 3))
    wide = w.one(
        f"2 * {number.name}",
        f"{number.name} + 1",
        f"if {number.name} > 1 then 4 else 2",
        f"share(12, {number.name}, 1)",
    )
    x, y = w.tensor(), w.bind("wide", f"{w.tensor()} -> {units.back(w, wide)}")
    w.show("attribute", "same")
    if w.chance(0.4):
        # The shape alone is read, of what takes one of two that decisions made before may change.
        z = w.bind(
            "either",
            w.one(
                f"choose {{{x}, wide: {y}}}{w.label('kind', 'other', (), 1)}",
                f"[{x}, {y}] -> keep 1{w.label('kept', 'other', (), 1)} -> sum",
                f"[*(choose {{a: [{y}], b: [{x}, {x}]}}{w.label('kind', 'other', (), 1)})] -> sum",
                f"if (choose 1..2{w.label('d', 'other', (), 1)}) > 1 then {y} else {x}",
            ),
        )
        return f"{x} -> {units.back(w, f'{z}.channels')} -> {units.back(w)}"
    next_ = w.one(
        f"max({y}.channels // 2, 1)",
        "same",
        "same + 1",
        f"2 * {y}.channels",
        "max(same // 2, 1)",
        f"choose {{same, half: same // 2 + 1}} as {w.fresh('part')}",
    )
    return f"{y} -> {units.back(w, next_)} -> {w.one('relu', 'identity', 'scale')} -> {units.back(w)}"


@piece("functions of numbers", "arithmetic", may="power|suffix|share|let")
def arithmetic(w: Writer) -> str:
    width = numbers.exactly(w, w.rng.choice((2, 3, 4, 6, 8)), 3)
    return f"{w.tensor()} -> {units.back(w, width)} -> relu -> {units.back(w, numbers.channels(w))}"
