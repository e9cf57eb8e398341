"""Indices, attributes, and the functions of lists."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...diagnostics.values import BadIndex, UnknownAttribute, WrongType
from ...frontend import ast
from ...ir.diagram import leaves, witness
from ..signatures import Arguments
from . import blocks, expressions
from .arithmetic import asks_of, case_of, compute, is_plain, no_whole_number, scalar
from .context import Env
from .lists import elements_text, one_of
from .open_lists import asked, candidates, first_of, last_of, length
from .state.state import State
from .switches import after
from .values import ERROR, Fault, ListValue, Same, Scalar, Tensor, Value, kind_of
from .wrong_types import wrong_type


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
    short = state.diagrams.both(short, state.decided.valid(short))
    if witness(short) is not None:
        there = elements_text(len(xs.items)) if xs.fixed else "fewer elements"
        wanted = f"{max(numbers)} from the end"
        state.mistakes.shown(
            lambda words, _: BadIndex(expr.span, "the list", wanted, there, words), short, lost=short is True
        )
        return ERROR if short is True else found
    return found


def index(state: State, expr: ast.Index, env: Env) -> Value:
    base, index = expressions.evaluate(state, expr.base, env), expressions.evaluate(state, expr.index, env)
    if _filled(expr, env) and isinstance(base, ListValue):
        base = replace(base, asks=())
    return _at(state, expr, base, index, env)


def _filled(expr: ast.Index, env: Env) -> bool:
    """Whether this is a list that statements fill: an element of it is asked for as if it had a name of its own, and
    the bound of the loop only where it may not be there."""
    return isinstance(expr.base, ast.Name) and isinstance(env.find(expr.base.id)[1], blocks.ListBuilder)


def _at(state: State, expr: ast.Index, base: Value, index: Value, env: Env) -> Value:
    if base is ERROR or index is ERROR:
        return ERROR
    if isinstance(base, ListValue) and isinstance(index, Same):
        return Same(lambda channels: _at(state, expr, base, index.at(channels), env))
    if not isinstance(base, ListValue):
        if not expr.before and (isinstance(base, (tuple, Same)) or _holds_tuples(base)):
            return compute(state, _item_of_tuple, [base, index], env.context, expr.span)
        state.report(wrong_type(expr.base.span, "what is indexed", "a list", base))
        return ERROR
    name = f"`{expr.base.id}`" if isinstance(expr.base, ast.Name) else "the list"
    numbers = leaves(case_of(index)) if is_plain(index) else ()
    if not numbers or not all(type(n) is int for n in numbers):
        state.report(no_whole_number(state, expr.index.span, "an index", index))
        return ERROR
    if expr.before:
        return _before(state, expr, base, index, name)
    if isinstance(index, Scalar):
        return _chosen_element(state, expr, base, index, name, env)
    return _element(state, expr, base, index, name, env)


def _before(state: State, expr: ast.Index, base: ListValue, index: Value, name: str) -> Value:
    if isinstance(index, Scalar):
        wanted, found = "a number that no decision changes", "one that a decision changes"
        state.report(WrongType(expr.index.span, "a bound of `[<…]`", wanted, found))
        return ERROR
    if index < 1 or index - 1 > len(base.items):
        state.report(BadIndex(expr.span, name, f"before {index}", elements_text(len(base.items))))
        return ERROR
    return replace(first_of(state, base, index - 1, expr.span), name=name)


def _holds_tuples(value: Value) -> bool:
    return isinstance(value, Scalar) and all(isinstance(leaf, tuple) for leaf in leaves(value.case))


def _item_of_tuple(items: Any, index: Any) -> Any:
    if not isinstance(items, tuple):
        return Fault(f"{kind_of(items)} has no elements", "give a tuple such as `3x3x3`")
    if type(index) is not int:
        what = "a fraction" if isinstance(index, float) else kind_of(index)
        return Fault(f"an index is a whole number, not {what}", "tuples count from 1")
    if not 1 <= index <= len(items):
        return Fault(f"a tuple of {len(items)} has no element {index}", "tuples count from 1")
    return items[index - 1]


def _element(
    state: State, expr: ast.Index, base: ListValue, index: int, name: str, env: Env, chosen: bool = False
) -> Value:
    """The element at a place. ``chosen``: a decision makes it that place, where the context's condition holds."""
    if index == 0 and base.seed is not None:
        return base.seed
    condition = env.context.condition
    if not 1 <= index <= len(base.items):
        here = state.diagrams.both(condition, state.decided.valid(condition))
        there = elements_text(len(base.items))
        state.mistakes.shown(
            lambda words, _: BadIndex(expr.span, name, str(index), there, words), here, lost=not chosen
        )
        return ERROR
    asks = asked(replace(base, items=base.items[:index]) if _filled(expr, env) else base)
    if all(item.guard is True for item in base.items[:index]):
        return after(state, asks, base.items[index - 1].value, env.context, expr.span)
    # Of what a `keep` leaves, element 1 is the first that stays.
    found, short = candidates(state, base.items, index, env.context, expr.span)
    if not found or witness(short) is not None:
        lost = not found and not chosen
        state.mistakes.shown(
            lambda words, _: BadIndex(expr.span, name, str(index), "fewer elements", words), short, lost
        )
    if not found:
        return ERROR
    return one_of(state, found, asks, env.context, expr.span)


def _chosen_element(state: State, expr: ast.Index, base: ListValue, index: Scalar, name: str, env: Env) -> Value:
    cases = []
    for number in sorted(leaves(index.case)):
        here = state.diagrams.apply(lambda n, number=number: n == number, index.case)
        possible = state.diagrams.both(here, env.context.condition)
        if witness(state.diagrams.both(possible, state.decided.valid(possible))) is None:
            continue
        element = _element(state, expr, base, number, name, env.assuming(possible), chosen=True)
        if element is not ERROR:
            cases.append((element, here))
    if not cases:
        state.mistakes.settle()
        return ERROR
    return one_of(state, cases, index.asks, env.context, expr.span)


SHAPE_ATTRIBUTES: dict[str, dict[str, int]] = {
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
    axes = SHAPE_ATTRIBUTES[base.type.layout]
    axis = axes.get(expr.name.id)
    if axis is None:
        owner = {"image": "an image", "clip": "a clip"}.get(base.type.layout, base.type.layout)
        state.report(UnknownAttribute(expr.name.span, expr.name.id, owner, tuple(axes)))
        return ERROR
    case = base.type.dims[axis]
    state.read.append((base.node, axis))
    state.mistakes.shape_read(base, env.context.condition)
    return scalar(case, state.asking.of_size(case, base.node))
