"""Indices, attributes, and the functions of lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..diagnostics.values import BadIndex, UnknownAttribute, WrongType
from ..frontend import ast
from ..ir.diagram import Guard, leaves, witness
from . import expressions
from .arithmetic import (
    asks_of,
    case_of,
    compute,
    is_plain,
    scalar,
    under,
)
from .calls import Arguments
from .context import Env
from .lists import elements_text, switch
from .places import asked, candidates, last_of, length
from .state import State, merge_asks
from .values import (
    ERROR,
    Asks,
    ConditionalOp,
    Fault,
    ListValue,
    Operator,
    Same,
    Scalar,
    Tensor,
    Value,
    kind_of,
)
from .wholes import no_whole_number


def list_function(
    state: State, name: str, values: list[Value], arguments: Arguments, expr: ast.Call, env: Env
) -> Value:
    xs = values[-1]
    if not isinstance(xs, ListValue):
        state.report(WrongType(arguments[-1][2], f"what `{name}` looks into", "a list", kind_of(xs)))
        return ERROR
    if name == "len":
        case, asks = length(state, xs, expr.span)
        return scalar(case, asks)
    return _last(state, values[0], xs, arguments, expr, env)


def _last(state: State, n: Value, xs: ListValue, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    if isinstance(n, Same):
        return Same(lambda channels: _last(state, n.at(channels), xs, arguments, expr, env))
    numbers = leaves(case_of(n)) if is_plain(n) else ()
    if not numbers or not all(type(number) is int and number >= 0 for number in numbers):
        state.report(no_whole_number(state, arguments[0][2], "the first argument of `last`", n))
        return ERROR
    found, short = last_of(state, xs, case_of(n), asks_of(n), expr.span)
    short = state.diagrams.both(short, env.context.condition)
    short = state.diagrams.both(short, state.valid(short))
    answers = witness(short)
    if answers is not None:
        words = state.witness_words(answers)
        there = elements_text(len(xs.items)) if xs.fixed else "fewer elements"
        state.shown(BadIndex(expr.span, "the list", f"{max(numbers)} from the end", there, words), short)
        return found if words else ERROR
    return found


def index(state: State, expr: ast.Index, env: Env) -> Value:
    base, index = expressions.evaluate(state, expr.base, env), expressions.evaluate(state, expr.index, env)
    return _at(state, expr, base, index, env)


def _at(state: State, expr: ast.Index, base: Value, index: Value, env: Env) -> Value:
    if base is ERROR or index is ERROR:
        return ERROR
    if isinstance(base, ListValue) and isinstance(index, Same):
        return Same(lambda channels: _at(state, expr, base, index.at(channels), env))
    if not isinstance(base, ListValue):
        if not expr.before and (isinstance(base, (tuple, Same)) or _holds_tuples(base)):
            return compute(state, _item_of_tuple, [base, index], env.context, expr.span)
        state.report(WrongType(expr.base.span, "what is indexed", "a list", kind_of(base)))
        return ERROR
    name = f"`{expr.base.id}`" if isinstance(expr.base, ast.Name) else "the list"
    numbers = leaves(case_of(index)) if is_plain(index) else ()
    if not numbers or not all(type(n) is int for n in numbers):
        state.report(no_whole_number(state, expr.index.span, "an index", index))
        return ERROR
    if expr.before:
        if isinstance(index, Scalar):
            state.report(
                WrongType(
                    expr.index.span,
                    "a bound of `[<…]`",
                    "a number that no decision changes",
                    "one that a decision changes",
                )
            )
            return ERROR
        if index < 1 or index - 1 > len(base.items):
            state.report(BadIndex(expr.span, name, f"before {index}", elements_text(len(base.items))))
            return ERROR
        return ListValue(base.items[: index - 1], name=name)
    if isinstance(index, Scalar):
        return _chosen_element(state, expr, base, index, name, env)
    return _element(state, expr, base, index, name, env)


def _holds_tuples(value: Value) -> bool:
    return isinstance(value, Scalar) and all(isinstance(leaf, tuple) for leaf in leaves(value.case))


def _item_of_tuple(items: Any, index: Any) -> Any:
    if not isinstance(items, tuple):
        return Fault(f"{kind_of(items)} has no elements", "give a tuple such as `3x3x3`")
    if type(index) is not int or not 1 <= index <= len(items):
        return Fault(f"a tuple of {len(items)} has no element {index}", "tuples count from 1")
    return items[index - 1]


def _element(
    state: State, expr: ast.Index, base: ListValue, index: int, name: str, env: Env, condition: Guard = True
) -> Value:
    """The element at a place. ``condition``: where a decision makes it that place."""
    if index == 0 and base.seed is not None:
        return base.seed
    if not 1 <= index <= len(base.items):
        here = state.diagrams.both(condition, state.valid(condition))
        words = state.witness_words(witness(here) or {})
        state.shown(BadIndex(expr.span, name, str(index), elements_text(len(base.items)), words), here)
        return ERROR
    if all(item.guard is True for item in base.items[:index]):
        return base.items[index - 1].value
    # Of what a `keep` leaves, element 1 is the first that stays.
    found, short = candidates(state, base.items, index, env.context, expr.span)
    answers = witness(short)
    if answers is not None:
        words = state.witness_words(answers)
        state.shown(BadIndex(expr.span, name, str(index), "fewer elements", words), short)
    if not found:
        return ERROR
    if len(found) == 1 and answers is None:
        return found[0][0]
    return _one_of(state, found, asked(base.items), expr, env)


def _chosen_element(state: State, expr: ast.Index, base: ListValue, index: Scalar, name: str, env: Env) -> Value:
    cases = []
    for number in sorted(leaves(index.case)):
        here = state.diagrams.apply(lambda n, number=number: n == number, index.case)
        possible = state.diagrams.both(here, env.context.condition)
        if witness(state.diagrams.both(possible, state.valid(possible))) is None:
            continue
        inside = env.within(replace(env.context, condition=possible))
        element = _element(state, expr, base, number, name, inside, possible)
        if element is not ERROR:
            cases.append((element, here))
    if not cases:
        return ERROR
    return _one_of(state, cases, index.asks, expr, env)


def _one_of(state: State, cases: list[tuple[Value, Any]], asks: Asks, expr: ast.Index, env: Env) -> Value:
    """The one value whose condition holds. ``asks``: what deciding that asks for."""
    if any(v is ERROR for v, _ in cases):
        return ERROR
    if all(is_plain(v) for v, _ in cases):
        case: Any = case_of(cases[-1][0])
        for value, here in reversed(cases[:-1]):
            case = state.diagrams.ite(here, case_of(value), case)
        for value, here in cases:
            asks = merge_asks((*asks, *under(state, here, asks_of(value))))
        return scalar(case, asks)
    if all(isinstance(v, Operator) for v, _ in cases):
        chosen = cases[-1][0]
        for value, here in reversed(cases[:-1]):
            chosen = ConditionalOp(Scalar(here, asks), value, chosen, expr.span)
        return chosen
    return switch(state, cases, asks, expr.span, env.context)


_AXES: dict[str, dict[str, int]] = {
    "image": {"channels": 0, "height": 1, "width": 2},
    "clip": {"channels": 0, "frames": 1, "height": 2, "width": 3},
    "tokens": {"length": 0, "channels": 1},
    "features": {"channels": 0},
}


def attribute(state: State, expr: ast.Attribute, env: Env) -> Value:
    base = expressions.evaluate(state, expr.base, env)
    if base is ERROR or (isinstance(base, Tensor) and base.broken):
        return ERROR
    if not isinstance(base, Tensor):
        state.report(WrongType(expr.base.span, f"what has a `.{expr.name.id}`", "a tensor", kind_of(base)))
        return ERROR
    axes = _AXES[base.type.layout]
    axis = axes.get(expr.name.id)
    if axis is None:
        owner = {"image": "an image", "clip": "a clip"}.get(base.type.layout, base.type.layout)
        state.report(UnknownAttribute(expr.name.span, expr.name.id, owner, tuple(axes)))
        return ERROR
    case = base.type.dims[axis]
    return scalar(case, state.case_asks(case))
