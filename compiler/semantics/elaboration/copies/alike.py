"""What makes two applications of a declared op or cell alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator

from ....ir.diagram import Case, support, typed
from ..context import Context
from ..state.state import State
from ..values import Called, Item, ListValue, PrimitiveOp, Scalar, SetTemplate, Template, Tensor, Value


def tensors_of(value: Value, called: Called) -> list[Tensor]:
    """The tensors that an application sees: its inputs, then its tensor arguments."""
    items = [i.value for i in value.items] if isinstance(value, ListValue) else [value]
    return [t for t in (*items, *called.arguments.values()) if isinstance(t, Tensor)]


def alike(state: State, called: Called, value: Value, context: Context) -> Hashable:
    """Applications with equal keys add equal nodes, but for inputs, scopes, the place of the call and (where they
    decide) decisions. None: never copied."""
    if called.weights is not None or called.template.declaration.kind == "meta" or _asks_as_a_list(called, value):
        return None
    items = value.items if isinstance(value, ListValue) else (Item(value),)
    if any(i.guard is not True or i.asks or i.keep or not isinstance(i.value, Tensor) or i.value.broken for i in items):
        return None
    try:
        arguments = tuple([(name, _argument(v)) for name, v in called.arguments.items()])
    except TypeError:
        return None
    tensors = tensors_of(value, called)
    ids = [t.node for t in tensors]
    same = tuple([ids.index(i) for i in ids])
    types = tuple([i.value.type for i in items])
    # Reading a shape asks for what it depends on, in an order that is the node's.
    orders = tuple([state.asking.order(t.node) for t in tensors if not t.type.fixed])
    condition = context.condition if context.condition is True else id(context.condition)
    listed = isinstance(value, ListValue)
    template = called.template
    text = (id(template.declaration), id(template.module), template.known_as)
    return (text, arguments, types, orders, same, listed, context.frozen, condition)


def _asks_as_a_list(called: Called, value: Value) -> bool:
    """Whether more than the elements of a list matters: what whoever wants to know all of them asks for, and, of a body
    that has the list itself, what is decided inside of its elements."""
    if not isinstance(value, ListValue):
        return False
    inputs = called.template.declaration.inputs
    whole = inputs is None or any(entry.variadic for entry in inputs)
    return bool(value.asks) or (whole and any(item.inner or item.listed is not True for item in value.items))


def seen(called: Called, value: Value, context: Context) -> set[int]:
    """The decisions, by their ids, that inputs and arguments of an application depend on, and where it stands."""
    cases: list[Case] = [context.condition]
    asked: list[int] = []
    for tensor in tensors_of(value, called):
        cases += tensor.type.dims
    for found in _decided(called.arguments.values()):
        cases += [found.case] if isinstance(found, Scalar) else []
        asked += [ask.decision for ask in found.asks]
    return {v.decision for case in cases for v in support(case)}.union(asked)


def _decided(values: Iterable[Value]) -> Iterator[Scalar | SetTemplate]:
    for value in values:
        if isinstance(value, PrimitiveOp):
            yield from _decided(value.arguments.values())
        elif isinstance(value, Scalar | SetTemplate):
            yield value


def undecided(called: Called, value: Value, context: Context) -> bool:
    """Whether nothing that an application sees depends on decisions: equal ones are alike in all spaces of a file."""
    if context.condition is not True or not all(tensor.type.fixed for tensor in tensors_of(value, called)):
        return False
    return all(map(_undecided, called.arguments.values()))


def _undecided(value: Value) -> bool:
    if isinstance(value, PrimitiveOp):
        return value.primitive.extern is None and all(map(_undecided, value.arguments.values()))
    return not isinstance(value, Scalar | SetTemplate)


def _argument(value: Value) -> Hashable:
    """Equal for arguments that elaborate alike. Raises TypeError for those that cannot be compared."""
    match value:
        case None | bool() | int() | float() | str() | tuple():
            return typed(value)
        case Scalar():
            case = value.case
            return ("case", id(case) if hasattr(case, "uid") else case, value.asks)
        case Tensor():
            return ("tensor", value.type)
        case PrimitiveOp():
            arguments = tuple((k, _argument(v)) for k, v in value.arguments.items())
            return ("primitive", value.primitive.name, value.span, arguments)
        case Template():
            return ("template", id(value.declaration), value.span)
        case SetTemplate():
            return ("set", id(value.declaration), value.span, value.asks)
    raise TypeError
