"""Operators that keep the shape: those of the registry and of the library, with all their parameters; and what can be
made of them."""

from __future__ import annotations

from . import conditions, declared, numbers, units
from .registry import other
from .writer import Writer

other("use from the library", "label", "composition", "operator arithmetic", "frozen", "choose", "named alternatives")

other("alternative named after itself", "alternative called none", "choose of one", "maybe of an operator", "repeat")

other("repeat choose", "repeat of a decided number", "repeat of a computed number", "tied repeat", "repeat of 0")

other("if between operators")


def alternatives(w: Writer, least: int = 2, depth: int = 0) -> tuple[str, tuple[str, ...]]:
    """`a: relu, b: conv(4, 3x3)` and the names."""
    found: dict[str, str] = {}
    for _ in range(w.rng.randint(least, 3) if least > 1 else 1):
        op = operator(w, depth)
        own = op.partition("(")[0]
        if own.isidentifier() and own not in found and w.chance(0.3):
            w.show("alternative named after itself")
            found[own] = op
        elif "none" not in found and w.chance(0.05):
            w.show("alternative called none")
            found["none"] = f"none: {op}"
        else:
            name = w.fresh("o") if w.names.awkward else next(a for a in "abcdefgh" if a not in found)
            w.show("named alternatives")
            if name in found:
                continue
            found[name] = f"{name}: {op}"
    return ", ".join(found.values()), tuple(found)


def choice(w: Writer, depth: int = 0) -> str:
    """`choose {…} as kind`, to stand in a pipe."""
    w.show("choose")
    least = 1 if w.chance(0.08) else 2
    text, names = alternatives(w, least, depth)
    if len(names) == 1:
        # There is nothing to decide.
        w.show("choose of one")
        names = ()
    return f"choose {{{text}{w.one('', '', '', ',')}}}{w.label('kind', 'choose', names)}"


def repeated(w: Writer, depth: int) -> str:
    """`repeat n { op }`, to stand in a pipe."""
    tied = "tied " if w.chance(0.35) else ""
    low, high = w.one("0 2", "1 2", "1 3", "2 3").split()
    match w.rng.randrange(8):
        case 0:
            times = w.one("2", "1", "0", "0", numbers.exactly(w, 2))
            w.show("repeat", *(["repeat of 0"] if times == "0" else []))
        case 1 | 2:
            w.show("repeat choose")
            values = tuple(range(int(low), int(high) + 1))
            times = f"choose {low}..{high}{w.label('repeats', 'count', values)}"
        case 3:
            w.show("repeat choose")
            times = f"choose {{{low}, {high}}}{w.label('repeats', 'number', (int(low), int(high)))}"
        case _ if w.block.numbers:
            number = w.rng.choice(w.block.numbers)
            least = min(number.values)
            w.show("repeat of a computed number" if least else "repeat of a decided number")
            times = f"({number.name} - {least})" if least else number.name
        case _:
            w.show("repeat")
            times = "2"
    if tied:
        w.show("tied repeat")
    w.quiet += 1
    with w.perhaps():
        body = operator(w, depth)
    w.quiet -= 1
    return f"{tied}repeat {times} {{ {body} }}"


def operator(w: Writer, depth: int = 1) -> str:
    """An operator that keeps the shape, in parentheses where need be: it may stand in a pipe, in a sum, in a set."""
    kind = w.rng.random()
    if depth <= 0 or kind < 0.35:
        return known(w) if w.chance(0.15) else units.unit(w)
    match w.rng.randrange(12):
        case 0 | 1:
            return f"({choice(w, depth - 1)})"
        case 2:
            w.show("maybe of an operator")
            return f"(maybe {inner(w, depth - 1)}{w.label('gate', 'gate', (False, True))})"
        case 3 | 4:
            return f"({repeated(w, depth - 1)})"
        case 5 | 6:
            w.show("composition")
            return f"({operator(w, depth - 1)} -> {operator(w, depth - 1)})"
        case 7:
            w.show("operator arithmetic")
            return f"({operator(w, depth - 1)} {w.one('+', '+', '*')} {operator(w, depth - 1)})"
        case 8:
            w.show("frozen")
            return f"(frozen {inner(w, depth - 1)})"
        case 9:
            w.show("if between operators")
            test = conditions.condition(w)
            with w.perhaps():
                return f"(if {test} then {operator(w, depth - 1)} else {operator(w, depth - 1)})"
        case 10 if w.budget > 0:
            return declared.pipeline(w)
        case _:
            return known(w)


def inner(w: Writer, depth: int) -> str:
    """What may stand behind `maybe` and `frozen` without parentheses."""
    return repeated(w, depth) if w.chance(0.2) else operator(w, depth)


def known(w: Writer) -> str:
    """An operator by a name: bound in this body, a parameter of it, or declared before."""
    here, applied = w.block.here, w.block.applied
    every = [*w.block.operators, *(() if w.block.open else w.templates)]
    fitting = [k for k in every if k.shape == here and not (k.anew and applied & {k.text, *k.within})]
    if not fitting:
        return units.unit(w)
    chosen = w.rng.choice(fitting)
    if chosen.anew:
        applied |= {chosen.text, *chosen.within}
    return chosen.text
