"""Applying declared ops and cells: contexts, tying, and stamping copies of what was elaborated before."""

from __future__ import annotations

from collections.abc import Container, Hashable, Sequence
from dataclasses import replace
from typing import cast

from ...diagnostics.calls import BadReturn
from ...diagnostics.model import Label
from ...diagnostics.shapes import WrongInputs
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...frontend import ast
from ...ir.diagram import IMPOSSIBLE, Case
from ...ir.operation import CHANNEL_AXIS
from ..signatures import declared_signature, not_given, passed_on
from . import blocks, expressions, operators
from .arithmetic import is_plain, scalar
from .context import Context, Env
from .copies.alike import alike, tensors_of, undecided
from .copies.copying import all_in_place, copied
from .copies.stamp import Stamp
from .lists import slots
from .open_lists import candidates
from .state.limits import DEPTH_LIMIT, Abandoned
from .state.state import State
from .values import (
    ERROR,
    Called,
    Item,
    ListValue,
    NamedTuple_,
    Operator,
    Scalar,
    Template,
    Tensor,
    Value,
    at,
    equality_key,
    hangs_on_same,
    kind_of,
)


def deep_enough(state: State, context: Context, name: str, span: Span) -> bool:
    """Raises Abandoned over the limit: where an op applies itself twice, going on would double the work each time."""
    if context.depth <= DEPTH_LIMIT:
        return True
    state.mistakes.recursion(span, (name, "…", name))
    raise Abandoned


def report_missing(state: State, declaration: ast.OpDecl | ast.OpsDecl, given: Container[str], span: Span) -> None:
    """Reports the parameters of a declaration that are not among the given ones and have no default."""
    parameters = declaration.parameters
    missing = tuple(p.name.id for p in parameters if p.default is None and p.name.id not in given)
    found = not_given(span, declared_signature(declaration.name.id, parameters, declaration.name.span), missing)
    whole = state.mistakes.space is not None and state.mistakes.space.value.span == span
    state.report(passed_on(state.mistakes.space, found) if state.mistakes.space is not None and whole else found)


def apply_declared(state: State, op: Called | Template, value: Value, context: Context, span: Span) -> Value:
    """An application of a declared op or cell."""
    if isinstance(op, Template):
        # By its bare name it is elaborated afresh here.
        token = state.token("application", (context.token, context.site), context.path, op.span)
        called = Called(op, {}, context.owned(token), op.span)
    else:
        called = op
    tied = _tied_by_plain_values(state, called, value, context)
    if tied is None:
        return ERROR
    called = tied
    declaration = called.template.declaration
    inside = _inner_context(state, called, context)
    if not deep_enough(state, inside, declaration.name.id, called.span):
        return ERROR
    decides_alike = declaration.tied is not None or isinstance(op, Called)
    key = alike(state, called, value, context)
    start = len(state.decided.touched)
    found = (state.instances.get(key) or state.earlier.get(key)) if key is not None else None
    copy = copied(state, found, called, value, inside, context) if found is not None else None
    if copy is None:
        copy = _elaborated(state, called, value, context, inside, key)
    if decides_alike and len(state.decided.touched) > start:
        state.decided.same_table((inside.token, inside.path), start, declaration.name.id, called.span)
    return copy


def _elaborated(state: State, called: Called, value: Value, context: Context, inside: Context, key: Hashable) -> Value:
    """An application that is no copy. ``key``: those of the same one may be copies of it; None for none."""
    declaration, decided = called.template.declaration, state.decided
    start = (len(state.builder.nodes), len(state.builder.scopes), len(state.builder.decisions))
    touched, compared, depth = len(decided.touched), len(decided.compared), len(state.way)
    read = len(state.read)
    before, told, deepest = state.mistakes.met, state.mistakes.told, state.deepest
    state.deepest = inside.depth
    scope = state.builder.scope(
        context.scope,
        context.place.rpartition(".")[2],
        called.template.known_as,
        "op" if declaration.kind == "op" else "cell",
        inside.place,
        called.span,
        called.weights,
    )
    state.applying.append(called)
    state.way.append(called.span)
    result = _body(state, called, value, inside.scoped(scope))
    state.way.pop()
    state.applying.pop()
    height = state.deepest - inside.depth
    state.deepest = max(deepest, state.deepest)
    right = key is not None and before == state.mistakes.met and all_in_place(state.builder.nodes[start[0] :])
    if right and isinstance(result, Tensor):
        state.instances[key] = stamp = Stamp(
            state,
            tuple(state.builder.nodes[start[0] :]),
            tuple(state.builder.scopes[start[1] :]),
            called.span,
            inside,
            tuple([t.node for t in tensors_of(value, called)]),
            result,
            tuple(dict.fromkeys(decided.touched[touched:])),
            start[2],
            tuple(dict.fromkeys(decided.compared[compared:])),
            depth,
            height,
            state.mistakes.told > told,
            tuple(dict.fromkeys(state.read[read:])),
        )
        if undecided(called, value, context):
            state.earlier[key] = stamp
    return result


def _inner_context(state: State, called: Called, context: Context) -> Context:
    """The context of the body: decisions go by where the value was made, places and scopes by where it is applied."""
    made = called.context
    declaration = called.template.declaration
    depth = max(made.depth, context.depth) + 1
    if declaration.tied is not None:
        values = [called.arguments.get(p.id) for p in declaration.tied]
        tie_token, tie_path, around = made.tie
        token: Hashable = state.token("tied", (tie_token,), None, id(declaration), tuple(map(equality_key, values)))
        name = called.template.known_as
        if values:
            name = f"{name}({', '.join(map(_written, values))})"
        path = f"{tie_path}.{name}" if tie_path else name
        tie, scopes = made.tie, (*around, token)
    else:
        token, path, scopes = made.token, made.path, (*made.scopes, made.token)
        tie = (token, path, scopes)
    here, known = context.place, context.condition
    return Context(path, here, token, tie, context.scope, context.frozen, known, depth, made.constant, None, scopes)


def _written(value: Value) -> str:
    """A plain value as the language writes it, equal ones alike."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"({', '.join(map(_written, value))})" if isinstance(value, tuple) else str(value)


def _tied_by_plain_values(state: State, called: Called, value: Value, context: Context) -> Called | None:
    """``called`` with the values that it ties by, defaults among them; None with a diagnostic where a decision is asked
    for one, or it is an operator or a list."""
    declaration = called.template.declaration
    if not declaration.tied:
        return called
    arguments = dict(called.arguments)
    for name in declaration.tied:
        parameter = next((p for p in declaration.parameters if p.name.id == name.id), None)
        if parameter is None or (name.id not in arguments and parameter.default is None):
            continue  # that is told elsewhere
        if name.id not in arguments:
            env = Env(called.template.module, called.context, dict(arguments))
            arguments[name.id] = expressions.evaluate(state, cast(ast.Expr, parameter.default), env)
        if hangs_on_same(arguments[name.id]):
            channels = _channels(state, value, context, called.span)
            if channels is ERROR:
                _without_channels(state, called, value, Env(called.template.module, context))
                return None
            arguments[name.id] = at(arguments[name.id], channels)
        found = arguments[name.id]
        if found is ERROR:
            return None
        if not is_plain(found) or isinstance(found, Scalar):
            what = f"`{name.id}`, by which `{declaration.name.id}` is tied,"
            kind = "one that depends on a decision" if isinstance(found, Scalar) else kind_of(found)
            state.report(WrongType(called.span, what, "a plain value, the same in all architectures", kind))
            return None
    return replace(called, arguments=arguments)


def _channels(state: State, value: Value, context: Context, span: Span) -> Value:
    """The channels of the first tensor that enters; ERROR where they are not known."""
    items = value.items if isinstance(value, ListValue) else (Item(value),)
    if not items or not all(isinstance(i.value, Tensor) and i.value.type.dims for i in items[:1]):
        return ERROR
    tensors = [item.value for item in items if isinstance(item.value, Tensor) and item.value.type.dims]
    state.read += [(tensor.node, CHANNEL_AXIS[tensor.type.layout]) for tensor in tensors]
    if items[0].guard is True:
        return scalar(items[0].value.type.channels, ())
    found, _ = candidates(state, items, 1, context, span)
    case: Case = IMPOSSIBLE
    for tensor, here in reversed(found):
        if not isinstance(tensor, Tensor) or not tensor.type.dims:
            return ERROR
        case = state.diagrams.ite(here, tensor.type.channels, case)
    return ERROR if case is IMPOSSIBLE else scalar(case, ())


def _without_channels(state: State, called: Called, value: Value, env: Env) -> None:
    """Says why nothing enters that has channels, where that was not said of what enters."""
    declaration = called.template.declaration
    if isinstance(value, ListValue) and not value.items:
        label = Label(declaration.name.span, "it takes as many channels as enter (`same`)")
        state.report(WrongInputs(called.span, declaration.name.id, "at least one input", 0, (label,), ("x",)))
    else:
        _fill(state, called, declaration, value, env)


def _body(state: State, called: Called, value: Value, inside: Context) -> Value:
    declaration = called.template.declaration
    env = Env(called.template.module, inside)
    for parameter in declaration.parameters:
        name = parameter.name.id
        if name in called.arguments:
            argument = called.arguments[name]
        elif parameter.default is not None:
            argument = expressions.evaluate(state, parameter.default, env)
        else:
            report_missing(state, declaration, called.arguments, called.span)
            return ERROR
        if hangs_on_same(argument):
            channels = _channels(state, value, inside, called.span)
            if channels is ERROR:
                _without_channels(state, called, value, env)
                return ERROR
            argument = at(argument, channels)
        env.values[name] = argument
    if declaration.inputs is None:
        operator = blocks.run_block(state, declaration.body, env)
        if operator is ERROR:
            return ERROR
        if not isinstance(operator, Operator):
            result = declaration.body.result.value.span
            state.report(BadReturn(result, declaration.name.id, "an operator", kind_of(operator)))
            return ERROR
        return operators.apply(state, operator, value, inside, called.span)
    if not _fill(state, called, declaration, value, env):
        return ERROR
    result = blocks.run_block(state, declaration.body, env)
    if result is ERROR or isinstance(result, Tensor):
        return result
    if isinstance(result, NamedTuple_) and declaration.kind == "meta":
        return result
    place = declaration.body.result.value.span
    state.report(BadReturn(place, declaration.name.id, "a tensor", kind_of(result)))
    return ERROR


def _fill(state: State, called: Called, declaration: ast.OpDecl, value: Value, env: Env) -> bool:
    """Binds the inputs. False with a diagnostic where they do not fit."""
    inputs = declaration.inputs or ()
    if len(inputs) == 1 and inputs[0].variadic:
        items = value if isinstance(value, ListValue) else ListValue((Item(value),))
        if not _all_tensors(state, called, declaration, [item.value for item in items.items]):
            return False
        env.values[inputs[0].name.id] = replace(items, seed=None, name=f"`{inputs[0].name.id}`", mapped=False)
        return True
    given = slots(state, value, len(inputs), called.span) if isinstance(value, ListValue) else [value]
    if given is None or not _all_tensors(state, called, declaration, given):
        return False
    starred = next((k for k, name in enumerate(inputs) if name.variadic), None)
    rest = len(given) - len(inputs) + 1
    if starred is not None and rest >= 0:
        xs = ListValue(tuple(Item(v) for v in given[starred : starred + rest]), name=f"`{inputs[starred].name.id}`")
        given = [*given[:starred], xs, *given[starred + rest :]]
    if len(given) != len(inputs):
        least = "at least " if starred is not None else ""
        n = len(inputs) - (starred is not None)
        wanted = f"{least}one input" if n == 1 else f"{least}{n} inputs"
        label = Label(declaration.name.span, "declared here")
        names = tuple(f"{'*' * entry.variadic}{entry.name.id}" for entry in inputs)
        state.report(WrongInputs(called.span, declaration.name.id, wanted, len(given), (label,), names))
        return False
    for name, item in zip(inputs, given, strict=True):
        env.values[name.name.id] = item
    return True


def _all_tensors(state: State, called: Called, declaration: ast.OpDecl, given: Sequence[Value]) -> bool:
    """Whether inputs are tensors; a diagnostic where one is something else, none where it is wrong already."""
    if any(value is ERROR for value in given):
        return False
    other = next((value for value in given if not isinstance(value, Tensor)), None)
    if other is not None:
        state.report(WrongType(called.span, f"an input of `{declaration.name.id}`", "a tensor", kind_of(other)))
    return other is None
