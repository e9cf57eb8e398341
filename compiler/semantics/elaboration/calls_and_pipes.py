"""`->` and calls."""

from __future__ import annotations

from typing import Any

from ...diagnostics.calls import TooManyArguments
from ...diagnostics.names import WrongKindOfName
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...frontend import ast
from ..builtins import LIST_FUNCTIONS
from ..signatures import Arguments, Signature, bind, declared_signature, primitive_signature
from . import expressions, indices, operators
from .arithmetic import FUNCTIONS, compute, is_number
from .context import Context, Env
from .primitives import check_arguments
from .state.state import State
from .switches import after
from .values import (
    ERROR,
    AskingOp,
    Builtin,
    Called,
    ChosenOp,
    Composed,
    ConditionalOp,
    ListValue,
    Operator,
    Option,
    PrimitiveOp,
    ReduceOp,
    Same,
    Scalar,
    SetTemplate,
    SetValue,
    Template,
    Tensor,
    Value,
    kind_of,
)
from .wrong_types import wrong_type


def pipe(state: State, expr: ast.Pipe, env: Env) -> Value:
    steps: list[ast.Expr] = []
    first: ast.Expr = expr
    while isinstance(first, ast.Pipe):
        steps.append(first.right)
        first = first.left
    value = expressions.evaluate(state, first, env)
    at = first.span
    for step in reversed(steps):
        right = expressions.evaluate(state, step, env)
        value = _pipe_into(state, value, right, at, step.span, env.context)
        at = step.span
    return value


def _pipe_into(state: State, left: Value, right: Value, left_span: Span, span: Span, context: Context) -> Value:
    if left is ERROR and isinstance(right, PrimitiveOp):
        check_arguments(state, right)
    if left is ERROR or right is ERROR:
        return ERROR
    if isinstance(left, Operator) and isinstance(right, Operator):
        return Composed(left, right, span)
    if isinstance(left, (Tensor, ListValue)):
        here = operators.at(state, context, span)
        state.way.append(span)
        made = state.limits.within(
            "what this step asks for", span, lambda: operators.apply(state, right, left, here, span)
        )
        state.way.pop()
        return made
    advice = "write `choose` before the set" if kind_of(left) == "a set" else None
    state.report(
        WrongType(left_span, "what is piped on", "a tensor, a list of tensors or an operator", kind_of(left), advice)
    )
    return ERROR


def call_of(state: State, expr: ast.Call, env: Env) -> Value:
    callee = expressions.evaluate(state, expr.callee, env)
    arguments = [
        (a.name.id if a.name else None, expressions.evaluate(state, a.value, env), a.span) for a in expr.arguments
    ]
    return call(state, callee, arguments, expr, env)


def call(state: State, callee: Value, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    """A callee with its arguments."""
    if callee is ERROR:
        return ERROR
    if isinstance(callee, SetValue):
        options = [Option(o.name, call(state, o.value, arguments, expr, env), o.span) for o in callee.options]
        return SetValue(tuple(options), callee.asks)
    span = expr.span
    match callee:
        case PrimitiveOp(arguments={}):
            bound = bind(primitive_signature(callee.primitive), arguments, span, state.report)
            if bound is None or any(v is ERROR for v in bound.values()):
                return ERROR
            if any(isinstance(v, Tensor) for v in bound.values()):
                named, place = next((n, p) for n, v, p in arguments if isinstance(v, Tensor))
                shown = callee.primitive.name
                what = f"`{named}` of `{shown}`" if named else f"an argument of `{shown}`"
                piped = f"tensors are piped in: `x -> {shown}(…)`; an argument may read a shape, `x.channels`"
                state.report(WrongType(place, what, "a number or another plain value", "a tensor", piped))
                return ERROR
            return PrimitiveOp(callee.primitive, bound, span, expr)
        case Template():
            return _declared(state, callee, arguments, expr, env)
        case SetTemplate():
            declaration = callee.declaration
            signature = declared_signature(declaration.name.id, declaration.parameters, declaration.name.span)
            bound = bind(signature, arguments, span, state.report)
            if bound is None or any(v is ERROR for v in bound.values()):
                return ERROR
            made = operators.instantiate_set(state, callee, bound, env.context, span)
            return after(state, callee.asks, made, env.context, span)
        case Builtin():
            return _builtin(state, callee, arguments, expr, env)
        case ReduceOp():
            if arguments:
                text = f"list -> {callee.op}"
                place, given = arguments[0][2], len(arguments)
                tensors = any(isinstance(v, (Tensor, ListValue)) for _, v, _ in arguments)
                if any(v is ERROR for _, v, _ in arguments):
                    return ERROR
                state.report(TooManyArguments(place, callee.op, 0, given, tensors, signature=text))
                return ERROR
            return callee
        case ChosenOp() if all(_takes_arguments(option.value) for option in callee.options):
            applied = tuple(Option(o.name, call(state, o.value, arguments, expr, env), o.span) for o in callee.options)
            if any(option.value is ERROR for option in applied):
                return ERROR
            return ChosenOp(callee.decision, applied, callee.context, span)
        case ConditionalOp() if _takes_arguments(callee):
            then = call(state, callee.then, arguments, expr, env)
            otherwise = call(state, callee.otherwise, arguments, expr, env)
            failed = then is ERROR or otherwise is ERROR
            return ERROR if failed else ConditionalOp(callee.condition, then, otherwise, span)
        case AskingOp() if _takes_arguments(callee):
            return after(state, callee.asks, call(state, callee.operand, arguments, expr, env), env.context, span)
        case ast.SpaceDecl() | ast.StrategyDecl() | ast.SearchDecl():
            state.report(WrongKindOfName(expr.callee.span, callee.name.id, kind_of(callee), "an operator"))
            return ERROR
    advice = "it has its arguments already" if isinstance(callee, Operator) else None
    state.report(
        WrongType(expr.callee.span, "what is called", "an operator or a function by its name", kind_of(callee), advice)
    )
    return ERROR


def _takes_arguments(value: Value) -> bool:
    """Whether an operator is still without its arguments."""
    match value:
        case ConditionalOp():
            return _takes_arguments(value.then) and _takes_arguments(value.otherwise)
        case AskingOp():
            return _takes_arguments(value.operand)
    return isinstance(value, Template) or (isinstance(value, PrimitiveOp) and value.call is None)


def _declared(state: State, template: Template, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    declaration = template.declaration
    signature = declared_signature(declaration.name.id, declaration.parameters, declaration.name.span)
    bound = bind(signature, arguments, expr.span, state.report, frozenset({"weights"}))
    if bound is None or any(v is ERROR for v in bound.values()):
        return ERROR
    weights: Any = None
    if "weights" in bound and "weights" not in signature.parameters:
        weights = bound.pop("weights")
        if weights is not None and not isinstance(weights, str):
            place = next(s for n, _, s in arguments if n == "weights")
            state.report(WrongType(place, "`weights`", "a string, the path of a file", kind_of(weights)))
            return ERROR
    token = state.token("call", (env.context.token,), env.context.path, id(expr))
    return Called(template, bound, env.context.owned(token), expr.span, weights)


def _builtin(state: State, builtin: Builtin, arguments: Arguments, expr: ast.Call, env: Env) -> Value:
    values = [value for _, value, _ in arguments]
    name = builtin.name
    least, most = {"last": (2, 2), "len": (1, 1)}.get(name) or FUNCTIONS[name][:2]
    if not least <= len(values) <= most or any(n is not None for n, _, _ in arguments):
        names = (
            tuple("abcdefgh"[: min(most, 3)])
            if name not in ("last", "share")
            else {"last": ("n", "xs"), "share": ("c", "n", "i")}[name]
        )
        signature = Signature(
            name, names, frozenset(names[:least]), f"{name}({', '.join(names) if most < 99 else 'a, …'})"
        )
        if bind(signature, arguments, expr.span, state.report) is None:
            return ERROR
    if any(v is ERROR for v in values):
        return ERROR
    if name in LIST_FUNCTIONS:
        return after(
            state,
            builtin.asks,
            indices.list_function(state, name, values, arguments, expr, env),
            env.context,
            expr.span,
        )
    for _, value, place in arguments:
        if not (is_number(value) or isinstance(value, (Scalar, Same))):
            state.report(wrong_type(place, f"an argument of `{name}`", "a number", value))
            return ERROR
    found = compute(state, FUNCTIONS[name][2], values, env.context, expr.span)
    return after(state, builtin.asks, found, env.context, expr.span)
