"""Conditions: of constants, decided numbers and lists of numbers."""

from __future__ import annotations

from . import numbers
from .writer import Writer


def constant_condition(w: Writer, wanted: bool) -> str:
    """A condition that no decision changes."""
    a, b = w.rng.randint(1, 4), w.rng.randint(5, 8)
    true = (
        f"{a} < {b}",
        f"{a} != {b}",
        f"{a} in [{a}, {b}]",
        f"{b} not in 1..{a}",
        f'"{a}" == "{a}"',
        "none == none",
        f"({a}, {b}) == ({a}, {b})",
        f"{a}x{b} != {b}x{a}",
        "not false",
        "true",
        f"{a} in {{{a}, {b}}}",
        "(true or 1 / 0 == 1)",
    )
    text = w.rng.choice(true)
    if "none" in text or '"' in text or "x" in text:
        w.show("comparison of other values")
    if "true" in text or "false" in text:
        w.show("truth value")
    return text if wanted else f"(not ({text}))"


def condition(w: Writer, depth: int = 1) -> str:
    """A condition of any value, over what is decided here where something is."""
    if depth and w.chance(0.3):
        joint = w.one("and", "or", "not")
        w.show(joint)
        first = condition(w, depth - 1)
        return f"not ({first})" if joint == "not" else f"({first}) {joint} ({condition(w, depth - 1)})"
    if w.block.lists and w.chance(0.6):
        w.show("condition over a list of numbers")
        xs = w.rng.choice(w.block.lists)
        value = w.rng.choice((*xs.values, 9))
        word = w.one("in", "not in")
        w.show("in a list", *(["not in"] if word == "not in" else []))
        tests = [
            f"{value} {word} {xs.name}",
            f"{value} {word} {xs.name}",
            f"len({xs.name}) {w.one('>', '==')} {w.one('1', '2')}",
        ]
        if w.block.numbers:
            tests.append(f"{w.rng.choice(w.block.numbers).name} {word} {xs.name}")
        if xs.least:
            at = w.rng.randint(1, xs.least)
            tests += [f"{xs.name}[{at}] {w.one('==', '<', '>=')} {value}", f"last({at}, {xs.name})[1] != {value}"]
            tests += [f"{value} {word} last({at}, {xs.name})", f"{value} {word} {xs.name}[<{at}]"]
            w.show("slice of a list of numbers")
        return w.rng.choice(tests)
    if not w.block.numbers:
        return constant_condition(w, w.chance(0.5))
    number = w.rng.choice(w.block.numbers)
    d, value = number.name, w.rng.choice(number.values)
    w.show("condition over a decision")
    match w.rng.randrange(7):
        case 0:
            w.show("in a list")
            return f"{d} {w.one('in', 'not in')} [{value}, 7]"
        case 1:
            w.show("in a range")
            return f"{d} {w.one('in', 'not in')} {value}..{value + 1}"
        case 2 | 6:
            word, kind = w.one("in", "not in"), w.one("in a set", "in a tuple")
            w.show(kind, *(["not in"] if word == "not in" else []))
            return f"{d} {word} {f'{{{value}, 9}}' if kind == 'in a set' else f'({value}, 9)'}"
        case 3:
            w.show("floor division and remainder", "comparison")
            return f"{d} % 2 == {w.one('0', '1')}"
        case 4 if len(w.block.numbers) > 1:
            w.show("comparison")
            return f"{d} {w.one('<', '<=', '==', '!=')} {w.rng.choice(w.block.numbers).name}"
        case _:
            w.show("comparison")
            return f"{d} {w.one('<', '<=', '>', '>=', '==', '!=')} {numbers.exactly(w, value, 1)}"
