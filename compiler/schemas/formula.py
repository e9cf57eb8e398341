"""Formulas over run-time variables: the small arithmetic that a setting of type `over(v, …)` holds.

A formula is an immutable tree. Its text (``str(formula)``) is an expression of the language and reads back by
``formula_text.parse``.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from ..record import record

Number = int | float

MAX_BITS = 4096
"""An integer larger than this many bits is an error: `2 ** 2 ** 100` must not take the machine down."""


MAX_SIZE = 2000
"""A formula of more nodes is an error."""


class FormulaError(ValueError):
    """A formula has no value: division by zero, a logarithm of zero, a number beyond all bounds."""


@record
class Formula:
    """Base of the three kinds of node."""

    def __str__(self) -> str:
        return _text(self, 0)


@record
class Constant(Formula):
    """A number, or the outcome of a comparison."""

    value: Number | bool

    __str__ = Formula.__str__


@record
class Variable(Formula):
    name: str

    __str__ = Formula.__str__


@record
class Apply(Formula):
    """``op``: an infix operator of :data:`INFIX`, `neg`, `not`, `and`, `or`, `if` (condition, then, else), or
    a function of :data:`FUNCTIONS`."""

    op: str
    operands: tuple[Formula, ...]
    size: int = field(default=1, compare=False, repr=False)
    """Nodes in the tree, so that a formula which doubles at every step is refused in time."""

    __str__ = Formula.__str__


def _power(base: Number, exponent: Number) -> Number:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and exponent > 0 and abs(base) > 1 and int(base).bit_length() * exponent > MAX_BITS:
        raise FormulaError(f"{base} ** {exponent} is too large")
    result: Any = base**exponent
    if isinstance(result, complex):
        raise FormulaError(f"{base} ** {exponent} is not a real number")
    return float(result) if isinstance(result, float) else int(result)


INFIX: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "ceil": math.ceil,
    "floor": math.floor,
    "round": round,
    "log": math.log,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "abs": abs,
}
ARITY: Mapping[str, tuple[int, int | None]] = {
    "min": (1, None),
    "max": (1, None),
    "log": (1, 2),
    "round": (1, 2),
    **dict.fromkeys(("ceil", "floor", "exp", "sqrt", "abs"), (1, 1)),
}
"""Least and greatest number of arguments of each function; None: no bound."""

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
LOGIC = frozenset({"and", "or", "not"})


def is_logical(formula: Formula) -> bool:
    """Whether its value is true or false rather than a number."""
    match formula:
        case Constant(value):
            return isinstance(value, bool)
        case Apply(op="if", operands=(_, then, otherwise)):
            return is_logical(then) or is_logical(otherwise)
        case Apply(op=op, operands=_):
            return op in COMPARISONS or op in LOGIC
    return False


def variables(formula: Formula) -> Iterator[str]:
    """The variables that occur in it, in order, repeated where they are."""
    match formula:
        case Variable(name):
            yield name
        case Apply(operands=operands):
            for operand in operands:
                yield from variables(operand)


def evaluate(formula: Formula, values: Mapping[str, Number]) -> Number | bool:
    """Its value; `and`, `or` and `if` look only at what they need.

    Raises :class:`FormulaError` where it has none.
    """
    try:
        value: Number | bool = _evaluate(formula, values)
        return value
    except ZeroDivisionError as error:
        raise FormulaError("division by zero") from error
    except OverflowError as error:
        raise FormulaError("the number is too large") from error
    except (ValueError, TypeError) as error:
        raise FormulaError(str(error)) from error


def _evaluate(formula: Formula, values: Mapping[str, Number]) -> Any:
    match formula:
        case Constant(value):
            return value
        case Variable(name):
            return values[name]
        case Apply(op="if", operands=(condition, then, otherwise)):
            return _evaluate(then if _evaluate(condition, values) else otherwise, values)
        case Apply(op="and", operands=operands):
            return all(_evaluate(o, values) for o in operands)
        case Apply(op="or", operands=operands):
            return any(_evaluate(o, values) for o in operands)
        case Apply(op="not", operands=(operand,)):
            return not _evaluate(operand, values)
        case Apply(op="neg", operands=(operand,)):
            return -_evaluate(operand, values)
        case Apply(op=op, operands=operands):
            arguments = [_evaluate(o, values) for o in operands]
            try:
                result = _function(op)(*arguments)
            except ValueError as error:
                # Python speaks of a "math domain error".
                raise FormulaError(f"there is no {op}({', '.join(f'{a:g}' for a in arguments)})") from error
            return bounded(result)
    raise AssertionError(formula)


def _function(op: str) -> Callable[..., Any]:
    return INFIX[op] if op in INFIX else FUNCTIONS[op]


def bounded(value: Any) -> Any:
    """The value itself, or FormulaError where it is an integer of more than MAX_BITS bits or not a finite number."""
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise FormulaError("the number is too large")
    if isinstance(value, float) and not math.isfinite(value):
        raise FormulaError("the number is too large" if math.isinf(value) else "the result is not a number")
    return value


def simplified(op: str, operands: tuple[Formula, ...]) -> Formula:
    """``Apply(op, operands)``, computed at once where all operands are constants. Raises :class:`FormulaError`."""
    size = 1 + sum(o.size if isinstance(o, Apply) else 1 for o in operands)
    if size > MAX_SIZE:
        raise FormulaError("the expression is too large")
    node = Apply(op, operands, size)
    return Constant(evaluate(node, {})) if all(isinstance(o, Constant) for o in operands) else node


_BINDING = {"if": 0, "or": 1, "and": 2, "not": 3, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5}
_BINDING.update({"*": 6, "/": 6, "//": 6, "%": 6, "neg": 7, "**": 8})


def _text(formula: Formula, outer: int) -> str:
    match formula:
        case Constant(value):
            text = ("true" if value else "false") if isinstance(value, bool) else repr(value)
            return f"({text})" if text.startswith("-") and outer > _BINDING["neg"] else text
        case Variable(name):
            return name
        case Apply(op=op, operands=operands) if op in FUNCTIONS:
            return f"{op}({', '.join(_text(o, 0) for o in operands)})"
        case Apply(op=op, operands=operands):
            own = _BINDING[op]
            if op == "if":
                a, b, c = (_text(o, 0) for o in operands)
                text = f"if {a} then {b} else {c}"
            elif op in ("neg", "not"):
                text = ("-" if op == "neg" else "not ") + _text(operands[0], own)
            elif op == "**":
                text = f"{_text(operands[0], own + 1)} ** {_text(operands[1], _BINDING['neg'])}"
            else:
                # Comparisons do not chain; the others group to the left.
                left = own + 1 if op in COMPARISONS else own
                text = f" {op} ".join((_text(operands[0], left), *(_text(o, own + 1) for o in operands[1:])))
            return f"({text})" if own < outer else text
    raise AssertionError(formula)
