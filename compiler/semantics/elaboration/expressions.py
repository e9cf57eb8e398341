"""Evaluating expressions: from the syntax tree to values, and to nodes of the graph on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...diagnostics.decisions import NothingToChoose
from ...diagnostics.values import DiagramLimit, TooLarge, WrongType
from ...frontend import ast
from ...ir.diagram import DiagramTooLarge, TooManySteps
from . import binary, blocks, calls_and_pipes, choices, global_names, indices, loops
from .arithmetic import compute, is_plain, whole_advice
from .context import Env
from .state.asking import merge_asks
from .state.limits import LENGTH_LIMIT, WORK_LIMIT, Abandoned
from .state.state import State
from .values import (
    ERROR,
    Asks,
    EachOp,
    FrozenOp,
    Item,
    KeepOp,
    ListValue,
    Operator,
    RangeValue,
    Same,
    Scalar,
    Tensor,
    Value,
    kind_of,
)
from .wrong_types import wrong_type


def evaluate(state: State, expr: ast.Expr, env: Env) -> Value:
    """The value of an expression; ERROR where it is wrong (and was reported)."""
    limits = state.limits
    limits.work += 1
    if limits.work > WORK_LIMIT:
        limits.spend(0, expr.span)
    try:
        return _EVALUATE[type(expr)](state, expr, env)
    except DiagramTooLarge as error:
        state.report(DiagramLimit(expr.span, "what this expression asks for", isinstance(error, TooManySteps)))
        raise Abandoned from None
    except RecursionError:
        state.report(TooLarge(expr.span, "what is nested here", "give the parts names of their own"))
        raise Abandoned from None


def _name(state: State, expr: ast.Name, env: Env) -> Value:
    found, value = env.find(expr.id)
    if found:
        return blocks.snapshot(state, value, env) if isinstance(value, blocks.ListBuilder) else value
    return global_names.global_name(state, expr.id, expr.span, env.module, env)


def _literal(state: State, expr: ast.Literal_, env: Env) -> Value:
    return expr.value


def _tuple(state: State, expr: ast.Tuple, env: Env) -> Value:
    items = [evaluate(state, item, env) for item in expr.items]
    plain = True
    for item, value in zip(expr.items, items, strict=True):
        if type(value) is int:
            continue
        if value is ERROR or isinstance(value, (Scalar, Same)):
            plain = False
        elif not is_plain(value):
            operators = all(isinstance(v, (Operator, Tensor)) for v in items)
            advice = (
                "alternatives stand in braces, `choose {a, b}`, and lists in brackets, `[a, b]`" if operators else None
            )
            what = "an item of a tuple"
            state.report(wrong_type(item.span, what, "a number or another plain value", value, advice))
            return ERROR
    if plain:
        return tuple(items)
    return compute(state, lambda *values: tuple(values), items, env.context, expr.span)


def _list(state: State, expr: ast.List, env: Env) -> Value:
    items: list[Item] = []
    asks: Asks = ()
    failed = False
    for item in expr.items:
        if isinstance(item, ast.Splat):
            value = evaluate(state, item.value, env)
            if value is ERROR:
                failed = True
            elif isinstance(value, ListValue):
                long = len(items) + len(value.items)
                state.limits.at_most(long, LENGTH_LIMIT, f"a list of {long} elements", expr.span)
                state.limits.spend(len(value.items), item.span)
                items.extend(value.items)
                asks = (*asks, *value.asks)
            else:
                state.report(WrongType(item.span, "what `*` splices", "a list", kind_of(value)))
                failed = True
        else:
            start = len(state.builder.decisions)
            value = evaluate(state, item, env)
            failed = failed or value is ERROR
            items.append(Item(value, inner=state.decided.made_since(start)))
    return ERROR if failed else ListValue(tuple(items), asks=merge_asks(asks))


_KEEPS = "write `keep 2`, `keep 1..3`, `keep any` (at least one) or `keep all`"


def _keep(state: State, expr: ast.Keep, env: Env) -> Value:
    label = expr.label.id if expr.label else None
    if expr.size == "all":
        return KeepOp(None, None, label, env.context, expr.span, expr)
    if expr.size == "any":
        return KeepOp(1, None, label, env.context, expr.span, expr)
    assert isinstance(expr.size, ast.Expr)
    size = evaluate(state, expr.size, env)
    if size is ERROR:
        return ERROR
    low, high = (size.low, size.high) if isinstance(size, RangeValue) else (size, size)
    if type(low) is not int or type(high) is not int or low < 0 or high < low:
        shown = expr.size.span.text
        advice = whole_advice(expr.size.span) if isinstance(size, float) else _KEEPS
        state.report(
            NothingToChoose(expr.size.span, f"`keep` takes a whole number or a range of them, not `{shown}`", advice)
        )
        return ERROR
    return KeepOp(low, high, label, env.context, expr.span, expr)


def _each(state: State, expr: ast.Each, env: Env) -> Value:
    return EachOp(expr.operand, env, expr.span)


def _frozen(state: State, expr: ast.Frozen, env: Env) -> Value:
    operand = evaluate(state, expr.operand, env)
    if operand is ERROR:
        return ERROR
    if not isinstance(operand, Operator):
        state.report(WrongType(expr.operand.span, "what is `frozen`", "an operator", kind_of(operand)))
        return ERROR
    return FrozenOp(operand, expr.span)


def _configured(state: State, expr: ast.Configured, env: Env) -> Value:
    state.report(WrongType(expr.span, "an expression of a network", "without settings", "a settings block"))
    return ERROR


def _splat(state: State, expr: ast.Splat, env: Env) -> Value:
    state.report(WrongType(expr.span, "`*`", "inside a list `[…]`", "elsewhere"))
    return ERROR


_EVALUATE: dict[type[ast.Expr], Callable[[State, Any, Env], Value]] = {
    ast.Literal_: _literal,
    ast.Name: _name,
    ast.Tuple: _tuple,
    ast.Splat: _splat,
    ast.List: _list,
    ast.Comprehension: loops.comprehension,
    ast.Set: choices.evaluate_set,
    ast.Unary: binary.unary,
    ast.Binary: binary.operation,
    ast.If: choices.conditional,
    ast.Pipe: calls_and_pipes.pipe,
    ast.Call: calls_and_pipes.call_of,
    ast.Index: indices.index,
    ast.Attribute: indices.attribute,
    ast.Choose: choices.choose,
    ast.Keep: _keep,
    ast.Maybe: choices.maybe,
    ast.Repeat: choices.repeat,
    ast.Each: _each,
    ast.Frozen: _frozen,
    ast.Configured: _configured,
}
