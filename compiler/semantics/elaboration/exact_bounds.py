"""Bounds of costs as they are written: no float is between a text and the whole numbers that costs are."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from ...frontend import ast
from ...frontend.lexer import exact_number
from . import expressions
from .context import Env
from .state.state import State

_FLOATS: Final = 2**53
"""Floats tell whole numbers apart up to here."""

_LONGEST: Final = 10_000
"""Fractions of more bits are left to floats."""


def exactly(state: State, expr: ast.Expr, env: Env, value: float) -> Fraction | None:
    """The value of an expression that was computed as ``value``, without rounding: numbers, names of such, sums,
    differences, products and quotients. What else is computed is taken as it came out; None for what no float holds."""
    if isinstance(value, int):
        return Fraction(value)
    found = _exactly(state, expr, env)
    if found is not None:
        return found
    return Fraction(repr(value)) if math.isfinite(value) else None


def _exactly(state: State, expr: ast.Expr, env: Env) -> Fraction | None:
    match expr:
        case ast.Literal_(value=int() | float() as value) if not isinstance(value, bool):
            return exact_number(expr.text)
        case ast.Name():
            value = expressions.evaluate(state, expr, env)
            plain = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            # A float stands for the shortest text that is read as it.
            return Fraction(repr(value)) if plain else None
        case ast.Unary(op="-"):
            operand = _exactly(state, expr.operand, env)
            return None if operand is None else -operand
        case ast.Binary(op="+" | "-" | "*" | "/" as op):
            left, right = _exactly(state, expr.left, env), _exactly(state, expr.right, env)
            if left is None or right is None or (op == "/" and not right):
                return None
            found = left + right if op == "+" else left - right if op == "-" else left * right
            found = left / right if op == "/" else found
            return found if found.denominator.bit_length() + found.numerator.bit_length() <= _LONGEST else None
    return None


def at_least(bound: Fraction) -> int | float:
    """The least cost that a bound from below allows, or the bound itself where a float is on its right side."""
    return _shown(bound, math.ceil)


def at_most(bound: Fraction) -> int | float:
    """The greatest that a bound from above allows."""
    return _shown(bound, math.floor)


def _shown(bound: Fraction, whole: Callable[[Fraction], int]) -> int | float:
    if bound.denominator == 1 or abs(bound) >= _FLOATS or float(bound).is_integer():
        return whole(bound)
    return float(bound)
