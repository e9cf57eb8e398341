"""Applying operators to tensors and lists of tensors."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...ir.graph import Ask
from ...ops.registry import PRIMITIVES
from .. import signatures
from . import choices, expressions, instances
from .context import Context, Env
from .keeps import keep_elements
from .primitives import apply_primitive, apply_rule
from .reductions import reduce_list
from .state.state import State
from .switches import after, gate, switch
from .values import (
    ERROR,
    AskingOp,
    Called,
    ChosenOp,
    Composed,
    ConditionalOp,
    EachOp,
    FrozenOp,
    Item,
    KeepOp,
    ListValue,
    MaybeOp,
    Operator,
    Option,
    Pointwise,
    PrimitiveOp,
    RangeValue,
    ReduceOp,
    RepeatOp,
    Same,
    SetTemplate,
    SetValue,
    Template,
    Tensor,
    Value,
    kind_of,
)


def apply(state: State, op: Value, value: Value, context: Context, span: Span) -> Value:
    """What ``op`` makes of ``value`` (a tensor or a list)."""
    if op is ERROR or value is ERROR:
        return ERROR
    if not isinstance(op, Operator):
        advice = "write `choose` before the set" if kind_of(op) == "a set" else None
        found = kind_of(op)
        if isinstance(op, Same):
            found = "something that depends on `same`"
            advice = "`same` stands in argument lists: say `x.channels`, or give the channels to a parameter of an `op`"
        state.report(WrongType(span, "what a value is piped into", "an operator", found, advice))
        return ERROR
    match op:
        case PrimitiveOp():
            return apply_primitive(state, op, value, context, span)
        case Composed():
            first = apply(state, op.first, value, at(state, context, 1), op.span)
            return apply(state, op.second, first, at(state, context, 2), op.span)
        case Called() | Template():
            return instances.apply_declared(state, op, value, context, span)
        case ChosenOp():
            return _chosen(state, op, value, context, span)
        case ReduceOp():
            return reduce_list(state, op.op, value, context, op.span)
        case EachOp():
            return _each(state, op, value, context)
        case KeepOp():
            return keep_elements(state, op, value, context, span)
        case Pointwise():
            left = apply(state, op.left, value, at(state, context, 1), span)
            right = apply(state, op.right, value, at(state, context, 2), span)
            return tensors_together(state, op.operation, left, right, context, op.span)
        case MaybeOp():
            start = len(state.builder.decisions)
            result = apply(state, op.operand, value, context, op.span)
            inner = (min(op.inner[0], start), len(state.builder.decisions))
            if op.inner[0] == op.inner[1]:
                inner = (start, len(state.builder.decisions))
            return gate(state, result, op.decision, inner, context, op.span)
        case RepeatOp():
            return choices.apply_repeat(state, op, value, context, span)
        case FrozenOp():
            return apply(state, op.operand, value, replace(context, frozen=True), span)
        case ConditionalOp():
            then = apply(state, op.then, value, at(state, context, 1), span)
            otherwise = apply(state, op.otherwise, value, at(state, context, 2), span)
            return choices.branch(state, op.condition, then, otherwise, context, op.span)
        case AskingOp():
            return after(state, op.asks, apply(state, op.operand, value, context, span), context, op.span)
    raise AssertionError(f"an operator of an unknown kind: {op!r}")


def at(state: State, context: Context, *part: Hashable) -> Context:
    """The context of an application of its own: whoever applies an operator twice makes its templates twice."""
    return context.applied(state.token("site", (context.site,), None, *part))


def tensors_together(state: State, operation: str, left: Value, right: Value, context: Context, span: Span) -> Value:
    """`+` or `*` of two tensors; dimensions of size 1 are broadcast."""
    if left is ERROR or right is ERROR:
        return ERROR
    for side in (left, right):
        if not isinstance(side, Tensor):
            state.report(WrongType(span, f"a side of `{operation}`", "a tensor", kind_of(side)))
            return ERROR
    primitive = PRIMITIVES["add" if operation == "+" else "mul"]
    return apply_rule(state, primitive, (left, right), {}, (), context, span)


def _chosen(state: State, op: ChosenOp, value: Value, context: Context, span: Span) -> Value:
    results: list[Value] = []
    for option in op.options:
        results.append(apply(state, option.value, value, context.segment(option.name), option.span))
    if any(result is ERROR for result in results):
        return ERROR
    options = [Option(o.name, r, o.span) for o, r in zip(op.options, results, strict=True)]
    if all(isinstance(r, Tensor) for r in results):
        variable = state.builder.decisions[op.decision].variables[0]
        cases = [(r, state.diagrams.test(variable, i)) for i, r in enumerate(results)]
        return switch(state, cases, (Ask(op.decision),), op.span, context, op.decision)
    return choices.combine(state, op.decision, options, context, op.span)


def _each(state: State, op: EachOp, value: Value, context: Context) -> Value:
    if not isinstance(value, ListValue):
        state.report(WrongType(op.span, "what is piped into `each`", "a list", kind_of(value)))
        return ERROR
    items: list[Item] = []
    failed = False
    for i, item in enumerate(value.items, start=1):
        inside = op.env.context.index(i, op.body).standing(f"{context.place}[{i}]", context)
        start = len(state.builder.decisions)
        body = expressions.evaluate(state, op.body, op.env.within(inside))
        # What the text of the body decides is decided once; a template is made where the operator is applied.
        applied = context.index(i, op.body)
        result = apply(state, body, item.value, applied, op.body.span)
        failed = failed or result is ERROR
        inner = (*item.inner, *state.decided.made_since(start))
        items.append(Item(result, item.guard, item.asks, item.keep, inner, item.listed))
    return ERROR if failed else ListValue(tuple(items), name=value.name, mapped=True, asks=value.asks)


def opened_set(state: State, value: Value, context: Context, span: Span) -> Value:
    """``value``, where it is a declared `ops` by its name the set that this is, elaborated for what stands at ``span``;
    also of an `ops` that names another one."""
    while isinstance(value, SetTemplate):
        value = after(state, value.asks, instantiate_set(state, value, {}, context, span), context, span)
    return value


def instantiate_set(
    state: State, template: SetTemplate, arguments: dict[str, Any], context: Context, span: Span
) -> Value:
    """The set of a declared `ops`, elaborated in ``context``, for what stands at ``span``."""
    declaration = template.declaration
    token = state.token("ops", (context.token,), context.path, span)
    inside = replace(context, token=token, depth=context.depth + 1, scopes=(*context.scopes, token))
    env = Env(template.module, inside)
    if not instances.deep_enough(state, env.context, declaration.name.id, template.span):
        return ERROR
    for parameter in declaration.parameters:
        name = parameter.name.id
        if name in arguments:
            env.values[name] = arguments[name]
        elif parameter.default is not None:
            env.values[name] = expressions.evaluate(state, parameter.default, env)
        else:
            instances.report_missing(state, declaration, arguments, template.span)
            return ERROR
    result = expressions.evaluate(state, declaration.value, env)
    if result is not ERROR and not isinstance(result, SetValue | RangeValue | SetTemplate | Same):
        state.report(signatures.no_set(declaration, kind_of(result)))
        return ERROR
    return result
