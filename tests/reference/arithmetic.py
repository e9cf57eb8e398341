"""Numbers, comparisons and membership."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from .runs import SpaceError
from .values import Range

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def calculate(sign: str, a: Any, b: Any) -> Any:
    if not (is_number(a) and is_number(b)):
        raise SpaceError("E0214", f"{a!r} {sign} {b!r}: numbers are needed")
    try:
        value = SIGNS[sign](a, b)
    except (ZeroDivisionError, OverflowError) as error:
        raise SpaceError("E0222", str(error)) from error
    if isinstance(value, complex) or (isinstance(value, float) and not math.isfinite(value)):
        raise SpaceError("E0222", f"{a!r} {sign} {b!r} is no number")
    return value


def equal(a: Any, b: Any) -> bool:
    """1 is not true; a tuple is no number."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return bool(a == b)


def ordered(sign: str, a: Any, b: Any) -> bool:
    if not (is_number(a) and is_number(b)):
        raise SpaceError("E0214", f"{a!r} {sign} {b!r}: numbers are needed")
    return ORDERS[sign](a, b)


def within(value: Any, span: Range) -> bool:
    return is_number(value) and span.low <= value <= span.high


def share(c: Any, n: Any, i: Any) -> int:
    """The i-th of n nearly equal parts of c; the first ones are the larger ones."""
    if not all(isinstance(v, int) for v in (c, n, i)) or n < 1 or not 1 <= i <= n:
        raise SpaceError("E0222", f"share({c}, {n}, {i})")
    return c // n + (1 if i <= c % n else 0)


def guarded(function: Callable[..., Any], arguments: int | None = 1) -> Callable[..., Any]:
    """A function of so many numbers, or of any number of them."""

    def call(*values: Any) -> Any:
        if not values or len(values) < (arguments or 1):
            raise SpaceError("E0210", "an argument is missing")
        if arguments and len(values) > arguments:
            raise SpaceError("E0211", "too many arguments")
        if not all(map(is_number, values)):
            raise SpaceError("E0214", "numbers are needed")
        try:
            return function(*values)
        except (ValueError, OverflowError, ZeroDivisionError, TypeError) as error:
            raise SpaceError("E0222", str(error)) from error

    return call


FUNCTIONS = {
    "min": guarded(lambda *v: min(v), None),
    "max": guarded(lambda *v: max(v), None),
    "ceil": guarded(math.ceil),
    "floor": guarded(math.floor),
    "round": guarded(round),
    "log": guarded(math.log),
    "exp": guarded(math.exp),
    "sqrt": guarded(math.sqrt),
    "abs": guarded(abs),
    "share": guarded(share, 3),
}
