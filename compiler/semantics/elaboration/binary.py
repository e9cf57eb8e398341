"""Operators of expressions: arithmetic, comparison, `in`, `and`, `or`, `not`, ranges."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from ...diagnostics.values import OperatorWithTensor, WrongType
from ...frontend import ast
from ...ir.diagram import Case, Diagram, Guard, typed, witness
from . import expressions, operators
from .arithmetic import (
    asks_of,
    binary,
    case_of,
    compute,
    condition,
    equal,
    guard_of,
    is_number,
    is_plain,
    scalar,
    under,
)
from .context import Env
from .open_lists import asked
from .state.asking import merge_asks
from .state.state import State
from .values import (
    ERROR,
    Fault,
    Item,
    ListValue,
    Operator,
    Pointwise,
    RangeValue,
    Same,
    Scalar,
    SetValue,
    Tensor,
    Value,
    at,
    hangs_on_same,
    kind_of,
)
from .wrong_types import wrong_type


def unary(state: State, expr: ast.Unary, env: Env) -> Value:
    value = expressions.evaluate(state, expr.operand, env)
    if expr.op == "not":
        return _negated(state, expr, env, value)
    return binary(state, "-", 0, value, env.context, expr.span)


def _negated(state: State, expr: ast.Unary, env: Env, value: Value) -> Value:
    if isinstance(value, Same):
        return Same(lambda channels: _negated(state, expr, env, value.at(channels)))
    tested = condition(state, value, expr.operand.span, env.context)
    return compute(state, lambda v: not v, [tested], env.context, expr.span)


def operation(state: State, expr: ast.Binary, env: Env) -> Value:
    op = expr.op
    if op in ("and", "or"):
        return _logic(state, expr, env)
    if op == "..":
        return _range(state, expr, env)
    chain = [expr]
    while isinstance(chain[-1].left, ast.Binary) and chain[-1].left.op not in ("and", "or", ".."):
        chain.append(chain[-1].left)
    value = expressions.evaluate(state, chain[-1].left, env)
    for link in reversed(chain):
        value = _combine(state, link, value, expressions.evaluate(state, link.right, env), env)
    return value


def _combine(state: State, expr: ast.Binary, left: Value, right: Value, env: Env) -> Value:
    op = expr.op
    if left is ERROR or right is ERROR:
        return ERROR
    if op in ("in", "not in"):
        return _contains(state, expr, left, right, env)
    tensor_sides = (isinstance(left, Tensor), isinstance(right, Tensor))
    operator_sides = (isinstance(left, Operator), isinstance(right, Operator))
    if op in ("+", "*"):
        if all(tensor_sides):
            return operators.tensors_together(state, op, left, right, env.context, expr.span)
        if all(operator_sides):
            return Pointwise(op, left, right, expr.span)
    if any(tensor_sides) and any(operator_sides):
        state.report(OperatorWithTensor(expr.span, op))
        return ERROR
    return binary(state, op, left, right, env.context, expr.span, (expr.left.span, expr.right.span))


def _contains(state: State, expr: ast.Binary, left: Value, right: Value, env: Env) -> Value:
    if isinstance(left, Same) or isinstance(right, Same):
        return Same(lambda channels: _contains(state, expr, at(left, channels), at(right, channels), env))
    right = operators.opened_set(state, right, env.context, expr.right.span)
    if right is ERROR:
        return ERROR
    negated = expr.op == "not in"
    match right:
        case ListValue():
            elements = ListValue(right.items, asks=asked(right))
        case SetValue():
            elements = ListValue(tuple(Item(option.value) for option in right.options), asks=right.asks)
        case RangeValue() if is_plain(right.low) and is_plain(right.high):

            def between(value: Any, low: Any, high: Any) -> Any:
                odd = next((bound for bound in (low, high) if not is_number(bound)), None)
                if odd is not None:
                    return Fault(f"a range goes from a number to a number, not to {kind_of(odd)}", "give numbers")
                return (is_number(value) and low <= value <= high) is not negated

            return compute(state, between, [left, right.low, right.high], env.context, expr.span)
        case tuple():
            elements = ListValue(tuple(Item(value) for value in right))
        case _:
            state.report(WrongType(expr.right.span, "what `in` looks into", "a list, a set or a range", kind_of(right)))
            return ERROR
    if hangs_on_same(elements):
        return Same(lambda channels: _contains(state, expr, left, at(elements, channels), env))
    if not is_plain(left) or not all(is_plain(item.value) for item in elements.items):
        state.report(WrongType(expr.span, "what `in` compares", "plain values", "something else"))
        return ERROR
    found = state.limits.within("a list", expr.span, lambda: _is_among(state, case_of(left), elements.items))
    inner = [ask for item in elements.items for ask in under(state, item.guard, asks_of(item.value))]
    asks = merge_asks((*asks_of(left), *elements.asks, *inner))
    return scalar(state.diagrams.negate(found) if negated else found, asks)


def _is_among(state: State, value: Case, items: Sequence[Item]) -> Guard:
    """The condition under which one of the elements that are there has the value."""
    diagrams = state.diagrams
    plain: dict[Hashable, tuple[Case, list[Guard]]] = {}
    hits: list[Guard] = []
    for item in items:
        case = case_of(item.value)
        if type(case) is Diagram:
            hits.append(diagrams.both(item.guard, diagrams.apply(equal, value, case)))
        else:
            plain.setdefault(typed(case), (case, []))[1].append(item.guard)
    for case, guards in plain.values():
        same = diagrams.apply(equal, value, case)
        if same is not False:
            hits.append(diagrams.both(same, diagrams.any(guards)))
    return diagrams.any(hits)


def _logic(state: State, expr: ast.Binary, env: Env) -> Value:
    return _joined(state, expr, env, expressions.evaluate(state, expr.left, env))


def _joined(state: State, expr: ast.Binary, env: Env, first: Value, channels: Value = None) -> Value:
    """``first`` joined with the right side, which is looked at only if need be."""
    if isinstance(first, Same):
        return Same(lambda channels: _joined(state, expr, env, first.at(channels), channels))
    left = condition(state, first, expr.left.span, env.context)
    stops = expr.op == "or"
    if left is ERROR or left is stops:
        return left
    guard = guard_of(left)
    going_on = state.diagrams.negate(guard) if stops else guard
    known = state.diagrams.both(env.context.condition, going_on)
    if witness(state.diagrams.both(known, state.decided.valid(known))) is None:
        return left
    inside = env.assuming(known)
    second = expressions.evaluate(state, expr.right, inside)
    if isinstance(second, Same) and channels is None:
        return Same(lambda channels: _joined(state, expr, env, left, channels))
    right = condition(state, at(second, channels), expr.right.span, inside.context)
    if right is ERROR or isinstance(left, bool):
        return right
    asks = merge_asks((*asks_of(left), *under(state, going_on, asks_of(right))))
    join = state.diagrams.either if stops else state.diagrams.both
    return scalar(join(guard, guard_of(right)), asks)


def _range(state: State, expr: ast.Binary, env: Env) -> Value:
    low, high = expressions.evaluate(state, expr.left, env), expressions.evaluate(state, expr.right, env)
    return _bounded(state, expr, low, high)


def _bounded(state: State, expr: ast.Binary, low: Value, high: Value) -> Value:
    if low is ERROR or high is ERROR:
        return ERROR
    if isinstance(low, Same) or isinstance(high, Same):
        return Same(lambda channels: _bounded(state, expr, at(low, channels), at(high, channels)))
    for bound, side in ((low, expr.left), (high, expr.right)):
        if not (is_number(bound) or isinstance(bound, Scalar)):
            state.report(wrong_type(side.span, "a bound of a range", "a number", bound))
            return ERROR
    return RangeValue(low, high)
