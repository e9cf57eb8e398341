"""Numbers, truth values, strings and tuples, plain or depending on decisions: operators and functions on them."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...diagnostics.source import Span
from ...diagnostics.values import ArithmeticFault, WrongType
from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, evaluate, leaves, witness
from .context import Context
from .state.asking import merge_asks
from .state.state import State
from .values import ERROR, Asks, Fault, ListValue, Same, Scalar, Value, kind_of
from .wrong_types import wrong_type

LISTLESS: Final = "a tensor, an operator or a number"
JOINING: Final = "`[*a, b]` makes a longer list; `a -> sum` adds up what is in one"
MIXED: Final = "tensors are added to tensors, and operators to operators"
UNKNOWN_SIGN: Final = "only `+` and `*` combine tensors, or operators; shapes are read by `x.channels`, `x.height`"
"""What operands of `+` and `*` are, and what to write where one is a list."""

_DIGIT_LIMIT: Final = 4_000
"""Integers of more bits than this are mistakes (`2 ** 2 ** 100`)."""


def _power(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int) and b > 0 and abs(a) > 1 and a.bit_length() * b > _DIGIT_LIMIT:
        return Fault("the power is too large a number", "check the exponent; `**` binds to the right")
    if a == 0 and b < 0:
        return Fault("division by zero", "0 has no negative powers")
    result = a**b
    if isinstance(result, complex):
        return Fault("a negative number has no such power", "make the base positive")
    return result


def _multiply(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > 2 * _DIGIT_LIMIT:
        return Fault("the product is too large a number", "check the factors")
    return a * b


def _no_zero(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def guarded(a: Any, b: Any) -> Any:
        if b == 0:
            return Fault("division by zero", "make the divisor something other than 0")
        return function(a, b)

    return guarded


def _representable(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """``function``, where a result (or a whole number on its way to a float) may be out of range."""

    def guarded(a: Any, b: Any) -> Any:
        try:
            return function(a, b)
        except OverflowError:
            return Fault("the result is too large a number", "check the operands")

    return guarded


ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    sign: _representable(function)
    for sign, function in {
        "+": operator.add,
        "-": operator.sub,
        "*": _multiply,
        "/": _no_zero(operator.truediv),
        "//": _no_zero(operator.floordiv),
        "%": _no_zero(operator.mod),
        "**": _power,
    }.items()
}
ORDER: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def share(c: int, n: int, i: int) -> Any:
    """The i-th (from 1) of ``n`` near-equal integer parts of ``c``; the first ones are the larger ones."""
    if not all(isinstance(v, int) for v in (c, n, i)):
        return Fault("share takes whole numbers", "`share(c, n, i)`: the i-th of n parts of c")
    if n < 1:
        return Fault(f"there are no {n} parts", "the number of parts must be at least 1")
    if not 1 <= i <= n:
        return Fault(f"there is no part {i} of {n}", "parts count from 1 to n")
    return c // n + (1 if i <= c % n else 0)


def _domain(function: Callable[..., Any], why: str) -> Callable[..., Any]:
    def guarded(*args: Any) -> Any:
        try:
            return function(*args)
        except (ValueError, OverflowError):
            return Fault(why, "check its argument")

    return guarded


def _of_numbers(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*args: Any) -> Any:
        for value in args:
            if not is_number(value):
                return Fault(f"`{name}` takes numbers, not {kind_of(value)}", "give numbers")
        return function(*args)

    return guarded


_FUNCTIONS: Final[dict[str, tuple[int, int, Callable[..., Any]]]] = {
    "share": (3, 3, share),
    "min": (1, 99, lambda *a: min(a)),
    "max": (1, 99, lambda *a: max(a)),
    "ceil": (1, 1, _domain(math.ceil, "ceil of something that is no number")),
    "floor": (1, 1, _domain(math.floor, "floor of something that is no number")),
    "round": (1, 1, _domain(round, "round of something that is no number")),
    "log": (1, 1, _domain(math.log, "log of a number that is not positive")),
    "exp": (1, 1, _domain(math.exp, "exp of too large a number")),
    "sqrt": (1, 1, _domain(math.sqrt, "sqrt of a negative number")),
    "abs": (1, 1, abs),
}
FUNCTIONS: Final = {name: (least, most, _of_numbers(name, of)) for name, (least, most, of) in _FUNCTIONS.items()}
"""Name → least and greatest number of arguments, function of plain values (may return a :class:`Fault`)."""


def is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_plain(value: Value) -> bool:
    """Whether the value is plain or depends on decisions, but is no list, operator or tensor."""
    return value is None or isinstance(value, (int, float, bool, str, tuple, Scalar))


def case_of(value: Value) -> Case:
    return value.case if isinstance(value, Scalar) else value


def asks_of(value: Value) -> Asks:
    return value.asks if isinstance(value, Scalar) else ()


def scalar(case: Case, asks: Asks) -> Value:
    """A plain value where nothing is asked for."""
    return Scalar(case, merge_asks(asks)) if asks or type(case) is Diagram else case


def settle(state: State, case: Case, asks: Asks, context: Context, span: Span) -> Value:
    """Reports the faults among the leaves of ``case`` that can happen here; the rest is the value."""
    if type(case) is not Diagram:
        if isinstance(case, Fault):
            state.report(ArithmeticFault(span, case.reason, "", case.advice))
            return ERROR
        return scalar(case, asks)
    faults = [leaf for leaf in leaves(case) if isinstance(leaf, Fault)]
    if faults:
        failing = state.diagrams.apply(lambda v: isinstance(v, Fault), case)
        failing = state.diagrams.ite(failing, state.diagrams.both(context.condition, state.decided.valid(case)), False)
        told = case
        case = state.diagrams.apply(lambda v: IMPOSSIBLE if isinstance(v, Fault) else v, case)

        def first(condition: Guard) -> Guard:
            """Where one of the faults is met: each says what it is about, `part 6 of 2`."""
            for fault in faults:
                met = state.diagrams.apply(lambda v, fault=fault: v == fault, told)
                here: Guard = state.diagrams.ite(met, condition, False)
                if witness(here) is not None:
                    return here
            return condition

        def make(words: str, answers: Mapping[int, int]) -> ArithmeticFault:
            found = evaluate(told, answers) if answers or len(faults) == 1 else faults[0]
            fault = found if isinstance(found, Fault) else faults[0]
            return ArithmeticFault(span, fault.reason, words, fault.advice)

        if case is IMPOSSIBLE or witness(failing) is not None:
            state.mistakes.shown(make, failing, lost=case is IMPOSSIBLE, first=first)
        if case is IMPOSSIBLE:
            return ERROR
    return scalar(case, asks)


def compute(state: State, function: Callable[..., Any], values: Sequence[Value], context: Context, span: Span) -> Value:
    """``function`` of plain values, lifted over decisions and `same`; all operands are asked for."""
    plain, known = True, True
    for value in values:
        if value is ERROR:
            return ERROR
        if isinstance(value, Scalar):
            plain = False
        elif isinstance(value, Same):
            known = False
    if not known:
        return Same(
            lambda c: compute(state, function, [v.at(c) if isinstance(v, Same) else v for v in values], context, span)
        )
    if plain:
        return settle(state, function(*values), (), context, span)
    cases = [case_of(v) for v in values]
    asks = merge_asks(ask for v in values for ask in asks_of(v))
    return settle(state, state.limits.lift("a number", span, function, *cases), asks, context, span)


def binary(
    state: State,
    op: str,
    left: Value,
    right: Value,
    context: Context,
    span: Span,
    sides: tuple[Span, Span] | None = None,
) -> Value:
    """Arithmetic and comparison of plain values. Anything else is a diagnostic."""
    if left is ERROR or right is ERROR:
        return ERROR
    plain = [is_plain(value) or isinstance(value, Same) for value in (left, right)]
    for value, place in zip((left, right), sides or (span, span), strict=True):
        if isinstance(value, ListValue) and op in ("+", "*"):
            state.report(WrongType(place, f"an operand of `{op}`", LISTLESS, kind_of(value), JOINING))
            return ERROR
    for value, fits, place in zip((left, right), plain, sides or (span, span), strict=True):
        if not fits:
            advice = MIXED if any(plain) else None
            if op not in ("+", "*") and kind_of(value) in ("a tensor", "an operator"):
                advice = UNKNOWN_SIGN
            state.report(wrong_type(place, f"an operand of `{op}`", "a number", value, advice))
            return ERROR
    if op in ("==", "!="):
        wanted = op == "=="
        return compute(state, lambda a, b: (equal(a, b)) is wanted, (left, right), context, span)
    function = ARITHMETIC.get(op) or ORDER[op]

    def numbers(a: Any, b: Any) -> Any:
        if not (is_number(a) and is_number(b)):
            odd = b if is_number(a) else a
            return Fault(f"`{op}` takes numbers, not {kind_of(odd)}", "give numbers")
        return function(a, b)

    return compute(state, numbers, (left, right), context, span)


def equal(a: Any, b: Any) -> bool:
    """Whether plain values are equal: 1 is 1.0, but not true."""
    return bool(a == b) and isinstance(a, bool) is isinstance(b, bool)


def condition(state: State, value: Value, span: Span, context: Context) -> Value:
    """``value`` as a truth value: a bool, a Scalar of bools, or ERROR."""
    if value is ERROR or isinstance(value, bool):
        return value
    if isinstance(value, Scalar) and all(isinstance(leaf, bool) for leaf in leaves(value.case)):
        return value
    found = leaves(value.case)[0] if isinstance(value, Scalar) else value
    state.report(wrong_type(span, "a condition", "a truth value", found, "compare it with something: `x > 0`"))
    return ERROR


def guard_of(value: Value) -> Guard:
    guard: Guard = case_of(value)
    return guard


def under(state: State, guard: Guard, asks: Asks) -> Asks:
    """The asks, made only where ``guard`` holds."""
    if guard is True:
        return asks
    return merge_asks(type(a)(a.decision, state.diagrams.both(guard, a.guard)) for a in asks)


def no_whole_number(state: State, span: Span, what: str, value: Value) -> WrongType:
    """That ``what`` is none: with the first value that it has and that is no integer, the decisions that make it so,
    and where these are made."""
    wanted = "a whole number"
    wrong = next((v for v in leaves(case_of(value)) if type(v) is not int), None) if is_plain(value) else None
    if wrong is None or not is_number(wrong):
        return wrong_type(span, what, wanted, value)
    found, advice = _shown(wrong), whole_advice(span)
    if not isinstance(value, Scalar):
        return WrongType(span, what, wanted, found, advice)
    answers = witness(state.diagrams.apply(lambda v: type(v) is type(wrong) and v == wrong, value.case)) or {}
    found = f"{found} when {state.mistakes.witness_words(answers)}"
    return WrongType(span, what, wanted, found, advice, deciders=state.mistakes.deciders(answers))


_DIVIDED: Final = re.compile(r"(?<!/)/(?!/)")


def whole_advice(place: Span) -> str:
    """How the number that stands at a place becomes a whole one."""
    text = " ".join(place.text.split())
    if _DIVIDED.search(text):
        return "`/` gives a fraction, `//` a whole number; `round(…)` rounds"
    if text.replace(".", "").isdigit():
        return "give a whole number"
    inside = text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == 1 else text
    if "," in inside or ".." in inside or len(inside) > 40:
        return "`round(…)` makes whole numbers"
    return f"write `round({inside})`"


def _shown(number: float) -> str:
    text = f"{number:.6g}"
    return f"{text}.0" if isinstance(number, float) and text.lstrip("-").isdigit() else text
