"""Operators of expressions: arithmetic, comparison, `in`, `and`, `or`, `not`, ranges."""

from __future__ import annotations

from ..diagnostics.values import OperatorWithTensor, WrongType
from ..frontend import ast
from . import expressions, operators
from .arithmetic import (
    asks_of,
    binary,
    compute,
    condition,
    guard_of,
    is_number,
    is_plain,
    scalar,
    under,
)
from .context import Env
from .state import State, merge_asks
from .values import (
    ERROR,
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
    kind_of,
)


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
    negated = expr.op == "not in"
    members: list[Value] = []
    match right:
        case ListValue():
            members = [item.value for item in right.items]
        case SetValue():
            members = [option.value for option in right.options]
        case RangeValue() if is_plain(right.low) and is_plain(right.high):
            return compute(
                state,
                lambda v, a, b: (is_number(v) and a <= v <= b) is not negated,
                [left, right.low, right.high],
                env.context,
                expr.span,
            )
        case tuple():
            members = list(right)
        case _:
            state.report(WrongType(expr.right.span, "what `in` looks into", "a list, a set or a range", kind_of(right)))
            return ERROR
    if not is_plain(left) or not all(is_plain(m) for m in members):
        state.report(WrongType(expr.span, "what `in` compares", "plain values", "something else"))
        return ERROR
    return compute(state, lambda v, *ms: (v in ms) is not negated, [left, *members], env.context, expr.span)


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
    second = expressions.evaluate(state, expr.right, env)
    if isinstance(second, Same) and channels is None:
        return Same(lambda channels: _joined(state, expr, env, left, channels))
    right = condition(state, at(second, channels), expr.right.span, env.context)
    if right is ERROR or isinstance(left, bool):
        return right
    guard = guard_of(left)
    going_on = state.diagrams.negate(guard) if stops else guard
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
            state.report(WrongType(side.span, "a bound of a range", "a number", kind_of(bound)))
            return ERROR
    return RangeValue(low, high)
