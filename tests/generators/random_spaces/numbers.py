"""Numbers, truth values and lists of numbers: written out, computed, decided."""

from __future__ import annotations

from . import conditions
from .registry import other
from .writer import Writer

other("arithmetic", "power", "floor division and remainder", "negative number", "functions of numbers", "suffix")

other("float", "index of a tuple", "index of a list", "len", "last", "if between numbers", "let", "share", "attribute")

other(
    "0 times a decision",
    "comparison",
    "in a list",
    "in a tuple",
    "in a set",
    "in a range",
    "not in",
    "and",
    "or",
    "not",
)

other("condition over a list of numbers", "condition over a decision", "truth value", "comparison of other values")

other("parameter as a number", "slice of a list of numbers")


def exactly(w: Writer, n: int, depth: int = 2) -> str:
    """An expression of the value n, whatever is decided; in parentheses unless it is one word."""
    fitting = [name for name, value in w.block.constants if value == n]
    if fitting and w.chance(0.4):
        w.show("parameter as a number")
        return w.rng.choice(fitting)
    if depth == 0 or w.chance(0.25):
        return str(n)

    def part(m: int) -> str:
        return exactly(w, m, depth - 1) if m >= 0 else f"(-{exactly(w, -m, depth - 1)})"

    k = w.rng.randint(1, 5)
    match w.rng.randrange(17):
        case 0:
            w.show("arithmetic")
            return f"({part(n + k)} - {part(k)})"
        case 1:
            w.show("arithmetic")
            return f"({part(n - k)} + {part(k)})"
        case 2:
            w.show("floor division and remainder")
            return w.one(f"({part(n * k)} // {part(k)})", f"({part(n + (n + k) * k)} % {part(n + k)})")
        case 3 if n in (1, 2, 4, 8):
            w.show("power")
            return f"(2 ** {part((1, 2, 4, 8).index(n))})" if n > 1 else "(3 ** 0)"
        case 4:
            w.show("negative number")
            return f"(- -{part(n)})"
        case 5:
            w.show("functions of numbers")
            return w.one(
                f"min({part(n)}, {part(n + k)}, {n + 1}{w.comma()})", f"max({part(n)}, {part(n - k)})", f"abs(-{n},)"
            )
        case 6:
            w.show("functions of numbers", "float")
            return w.one(
                f"ceil({n} - 0.25)",
                f"floor({n}.75)",
                f"floor({n} + 1 / 2)",
                f"round({n}.125)",
                f"round({n} * 1e0)",
                f"ceil({n} / 1)",
            )
        case 7:
            w.show("functions of numbers")
            logarithm = [f"round(log(exp({part(n)})))"] if n < 700 else []  # exp(710) is more than a float holds
            return w.one(f"round(sqrt({part(n * n)}))", *logarithm)
        case 8:
            w.show("suffix")
            return f"round(0.001K * {part(n)})"
        case 9:
            w.show("index of a tuple")
            return w.one(
                f"({part(n)},)[1]",
                f"({part(n)}, {k},)[1]",
                f"({part(n)}, {k})[1]",
                f"{k}x{max(n, 1)}x3[2]" if n > 0 else f"({k}, {n})[2]",
            )
        case 10:
            w.show("index of a list")
            return f"[{k}, {part(n)}{w.comma()}][{w.one('2', 'len([1, 2])', 'len([0,]) + 1', 'len([]) + 2')}]"
        case 11:
            w.show("len" if n < 4 else "last")
            return f"len([{', '.join('0' * n)}])" if n < 4 else f"last({w.one('1', '2')}, [{n}, {n}])[1]"
        case 12:
            w.show("if between numbers")
            return f"(if {conditions.constant_condition(w, True)} then {part(n)} else {part(n + k)})"
        case 13:
            w.show("let")
            name = w.fresh("N")
            w.declare(f"let {name} = {n}")
            return name
        case 14:
            w.show("share")
            return f"share({part(3 * n)}, 3, {w.one('1', '2', '3')})"
        case 15 if w.block.numbers:
            w.show("0 times a decision")
            d = w.rng.choice(w.block.numbers).name
            return w.one(f"(0 * {d} + {part(n)})", f"({d} - {d} + {part(n)})", f"({d} + {part(n)} - {d})")
        case _:
            if n == w.block.here.channels and not w.block.open and w.block.tensors:
                w.show("attribute")
                return f"{w.tensor()}.channels"
            return str(n)


def channels(w: Writer) -> str:
    """The channels of tensors here, computed."""
    if not w.block.open:
        return exactly(w, w.block.here.channels)
    c = w.block.channels
    return w.one(f"max({c}, 1)", f"{c} + 0", f"2 * {c} // 2", f"abs(-{c})", f"(1, {c})[2]", f"[{c}][1]")


other("choose a number", "nested choice of numbers", "named numbers", "computed number")

other("kept numbers", "chosen list of numbers", "list of numbers of decided length", "spliced numbers")

other("list of numbers by a condition")
