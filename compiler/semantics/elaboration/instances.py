"""Applying declared ops and cells: contexts, tying, and stamping copies of what was elaborated before."""

from __future__ import annotations

from collections.abc import Container, Hashable
from dataclasses import dataclass, replace

from ...diagnostics.calls import BadReturn
from ...diagnostics.model import Label
from ...diagnostics.shapes import WrongInputs
from ...diagnostics.source import Span
from ...frontend import ast
from ...ir.graph import Edge
from ..signatures import declared_signature, not_given, passed_on
from . import blocks, expressions, operators
from .arithmetic import scalar
from .context import Context, Env
from .lists import slots
from .state import DEPTH_LIMIT, Abandoned, State
from .values import (
    ERROR,
    Called,
    Item,
    ListValue,
    NamedTuple_,
    Operator,
    PrimitiveOp,
    Same,
    Scalar,
    SetTemplate,
    Template,
    Tensor,
    Value,
    kind_of,
)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """What an application added to the graph, to be copied for an equal one."""

    nodes: tuple[int, int]
    scopes: tuple[int, int]
    place: str
    inputs: tuple[int, ...]
    result: Tensor
    decided: bool
    token: Hashable
    path: str


def deep_enough(state: State, context: Context, name: str, span: Span) -> bool:
    """Raises Abandoned over the limit: where an op applies itself twice, going on would double the work each time."""
    if context.depth <= DEPTH_LIMIT:
        return True
    state.recursion(span, (name, "…", name))
    raise Abandoned


def report_missing(state: State, declaration: ast.OpDecl | ast.OpsDecl, given: Container[str], span: Span) -> None:
    """Reports the parameters of a declaration that are not among the given ones and have no default."""
    parameters = declaration.parameters
    missing = tuple(p.name.id for p in parameters if p.default is None and p.name.id not in given)
    found = not_given(span, declared_signature(declaration.name.id, parameters, declaration.name.span), missing)
    whole = state.space is not None and state.space.value.span == span
    state.report(passed_on(state.space, found) if state.space is not None and whole else found)


def apply_declared(state: State, op: Called | Template, value: Value, context: Context, span: Span) -> Value:
    """An application of a declared op or cell."""
    if isinstance(op, Template):
        # By its bare name it is elaborated afresh here.
        token = state.token("application", context.token, context.site, op.span, context.path)
        called = Called(op, {}, replace(context, token=token), op.span)
    else:
        called = op
    declaration = called.template.declaration
    inside = _inner_context(state, called, context)
    if not deep_enough(state, inside, declaration.name.id, called.span):
        return ERROR
    key = _stamp_key(called, value, context)
    if key is not None:
        found = state.instances.get(key)
        if found is not None and (not found.decided or (found.token == inside.token and found.path == inside.path)):
            if found.decided:
                state.touched.extend(state.tables.get(("stamp", key), ((), ""))[0])
            return _stamp(state, found, _tensors(value, called), inside.place, context, called.span)
    start = (len(state.builder.nodes), len(state.builder.scopes), len(state.touched))
    faults, mistakes = len(state.faults), state.mistakes
    scope = state.builder.scope(
        context.scope,
        context.place.rpartition(".")[2],
        called.template.known_as,
        "op" if declaration.kind == "op" else "cell",
        inside.place,
        called.span,
        called.weights,
    )
    inside = replace(inside, scope=scope)
    state.applying.append(called)
    state.way.append(called.span)
    result = _body(state, called, value, inside)
    state.way.pop()
    state.applying.pop()
    touched = state.touched[start[2] :]
    if touched and (declaration.tied is not None or isinstance(op, Called)):
        state.same_table((inside.token, inside.path), start[2], declaration.name.id, called.span)
    clean = faults == len(state.faults) and mistakes == state.mistakes
    if key is not None and clean and isinstance(result, Tensor):
        state.instances[key] = _Stamp(
            (start[0], len(state.builder.nodes)),
            (start[1], len(state.builder.scopes)),
            inside.place,
            tuple(t.node for t in _tensors(value, called)),
            result,
            bool(touched),
            inside.token,
            inside.path,
        )
        state.tables["stamp", key] = (tuple(touched), "")
    return result


def _inner_context(state: State, called: Called, context: Context) -> Context:
    """The context of the body: decisions go by where the value was made, places and scopes by where it is applied."""
    made = called.context
    declaration = called.template.declaration
    depth = max(made.depth, context.depth) + 1
    if declaration.tied is not None:
        keys = tuple(_tie_key(called.arguments.get(p.id)) for p in declaration.tied)
        tie_token, tie_path = context.tie
        token = state.token("tied", id(declaration), tie_token, keys)
        name = called.template.known_as
        if keys:
            name = f"{name}({', '.join(str(called.arguments.get(p.id)) for p in declaration.tied)})"
        path = f"{tie_path}.{name}" if tie_path else name
        return replace(context, path=path, token=token, depth=depth, constant=made.constant, site=None)
    tie = (made.token, made.path)
    return replace(context, path=made.path, token=made.token, tie=tie, depth=depth, constant=made.constant, site=None)


def _tie_key(value: Value) -> Hashable:
    return value if isinstance(value, (int, float, str, bool, tuple, type(None))) else id(value)


def _body(state: State, called: Called, value: Value, inside: Context) -> Value:
    declaration = called.template.declaration
    env = Env(called.template.module, inside)
    first = _first_tensor(value)
    channels: Value = None
    if first is not None and not first.broken and first.type.dims:
        channels = scalar(first.type.channels, ())
    for parameter in declaration.parameters:
        name = parameter.name.id
        if name in called.arguments:
            argument = called.arguments[name]
        elif parameter.default is not None:
            argument = expressions.evaluate(state, parameter.default, env)
        else:
            report_missing(state, declaration, called.arguments, called.span)
            return ERROR
        if isinstance(argument, Same):
            if channels is None:
                return ERROR
            argument = argument.at(channels)
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
        env.values[inputs[0].name.id] = replace(items, seed=None, name=f"`{inputs[0].name.id}`", mapped=False)
        return True
    given = slots(state, value, len(inputs), called.span) if isinstance(value, ListValue) else [value]
    if given is None or any(g is ERROR for g in given):
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


def _first_tensor(value: Value) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, ListValue) and value.items and isinstance(value.items[0].value, Tensor):
        return value.items[0].value
    return None


# ---- stamping ------------------------------------------------------------------------------------------------------


def _tensors(value: Value, called: Called) -> list[Tensor]:
    """The tensors that an application sees: its inputs, then its tensor arguments."""
    items = [i.value for i in value.items] if isinstance(value, ListValue) else [value]
    return [t for t in (*items, *called.arguments.values()) if isinstance(t, Tensor)]


def _argument_key(value: Value) -> Hashable:
    """Equal for arguments that elaborate alike. Raises TypeError for those that cannot be compared."""
    match value:
        case None | bool() | int() | float() | str() | tuple():
            return (type(value).__name__, value)
        case Scalar():
            case = value.case
            return ("case", id(case) if hasattr(case, "uid") else case, value.asks)
        case Tensor():
            return ("tensor", value.type)
        case PrimitiveOp():
            arguments = tuple((k, _argument_key(v)) for k, v in value.arguments.items())
            return ("primitive", value.primitive.name, value.span, arguments)
        case Template() | SetTemplate():
            return ("template", id(value.declaration), value.span)
    raise TypeError


def _stamp_key(called: Called, value: Value, context: Context) -> Hashable:
    """Applications with equal keys add equal nodes, but for inputs, scopes and (where they decide) decisions.

    None: never copied.
    """
    if called.weights is not None or called.template.declaration.kind == "meta":
        return None
    items = value.items if isinstance(value, ListValue) else (Item(value),)
    if any(i.guard is not True or i.asks or i.keep or not isinstance(i.value, Tensor) or i.value.broken for i in items):
        return None
    try:
        arguments = tuple((name, _argument_key(v)) for name, v in called.arguments.items())
    except TypeError:
        return None
    ids = [t.node for t in _tensors(value, called)]
    alike = tuple(ids.index(i) for i in ids)
    types = tuple(i.value.type for i in items)
    condition = context.condition if context.condition is True else id(context.condition)
    listed = isinstance(value, ListValue)
    return (id(called.template.declaration), called.span, arguments, types, alike, listed, context.frozen, condition)


def _stamp(state: State, stamp: _Stamp, tensors: list[Tensor], place: str, context: Context, span: Span) -> Tensor:
    """A copy of the nodes and scopes of an earlier application on other inputs."""
    nodes, scopes = state.builder.nodes, state.builder.scopes
    first_node, first_scope = stamp.nodes[0], stamp.scopes[0]
    state.room(stamp.nodes[1] - first_node, span)
    state.spend(stamp.nodes[1] - first_node + stamp.scopes[1] - first_scope + 1, span)
    node_shift, scope_shift = len(nodes) - first_node, len(scopes) - first_scope
    outside = dict(zip(stamp.inputs, (t.node for t in tensors), strict=True))
    for index in range(first_scope, stamp.scopes[1]):
        old = scopes[index]
        parent = context.scope if index == first_scope else (old.parent or 0) + scope_shift
        name = place.rpartition(".")[2] if index == first_scope else old.name
        path = place + old.path[len(stamp.place) :]
        state.builder.scope(parent, name, old.callee, old.kind, path, old.span, old.weights)

    def moved(source: int) -> int:
        return source + node_shift if source >= first_node else outside.get(source, source)

    for index in range(first_node, stamp.nodes[1]):
        node = nodes[index]
        edges = tuple(Edge(moved(e.source), e.guard, e.option) for e in node.edges)
        nodes.append(
            type(node)(
                node.id + node_shift,
                node.kind,
                node.op,
                edges,
                node.type,
                node.scope + scope_shift if node.scope >= first_scope else node.scope,
                node.span,
                node.attrs,
                node.asks,
                node.decision,
                node.frozen,
                name=place + node.name[len(stamp.place) :],
            )
        )
    result = stamp.result
    return Tensor(moved(result.node), result.type)
