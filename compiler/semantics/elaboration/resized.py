"""The nodes of a body as they are where its inputs have other sizes: whoever elaborates it again goes through all that
its text says, and comes to the same nodes of other shapes, as long as no shape that the text reads is another one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import islice

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, DiagramTooLarge, case_key, case_keys, leaves, same_case
from ...ir.graph import Node, TensorType, remade
from ...ir.operation import CHANNEL_AXIS, Primitive
from ...ops.registry import PRIMITIVES
from .blocks import ListBuilder
from .primitives import made_of
from .shapes import alike
from .state.state import State
from .values import Tensor, Value

_TRIED = 200
"""So many places of diagrams are looked at for an example at most."""


class _Otherwise(Exception):
    """More than sizes is another, or may be."""


def resized(
    state: State, nodes: Sequence[Node], inputs: Mapping[int, TensorType], read: Iterable[tuple[int, int]]
) -> list[Node] | None:
    """``nodes``, of which nothing is wrong, with these types of the ``inputs``. ``read``: which dimensions of which
    nodes the text reads. None where more than plain sizes would be another, so that it is to be elaborated."""
    if state.externs:
        return None  # nobody knows what their rules go by
    try:
        types = _Types(state, nodes, inputs).found()
    except (_Otherwise, DiagramTooLarge):
        return None
    if any(types[id] is not nodes[id].type and types[id].dims[a] != nodes[id].type.dims[a] for id, a in read):
        return None
    return [
        node if type_ is node.type else remade(node, node.id, node.edges, type_, node.asks)
        for node, type_ in zip(nodes, types, strict=True)
    ]


class _Types:
    def __init__(self, state: State, nodes: Sequence[Node], inputs: Mapping[int, TensorType]) -> None:
        self._state, self._nodes, self._inputs = state, nodes, inputs
        self._types: list[TensorType] = []
        self._known: dict[Hashable, TensorType] = {}
        """By the operator, its attributes, and the new types of what enters, by their ids: `_types` keeps them."""
        self._equal: dict[TensorType, TensorType] = {}
        self._attributes: dict[int, Hashable] = {}
        self._made_of_sides: dict[Hashable, tuple[Case, ...] | None] = {}

    def found(self) -> list[TensorType]:
        """The new types; of a node whose shape stays, its own. Raises _Otherwise."""
        for node in self._nodes:
            if node.kind == "input":
                made = self._inputs[node.id]
            elif all(self._types[edge.source] is self._nodes[edge.source].type for edge in node.edges):
                made = node.type
            else:
                made = self._made(node)
            if made is not node.type:
                made = node.type if made == node.type else self._checked(node.type, made)
            self._types.append(made)
        return self._types

    def _checked(self, old: TensorType, new: TensorType) -> TensorType:
        """``new``, one object for all equal ones; what depends on decisions must be as it was."""
        if not alike(old, new):
            raise _Otherwise
        for a, b in zip(old.dims, new.dims, strict=True):
            if a is not b and (type(a) is Diagram or type(b) is Diagram):
                raise _Otherwise
        return self._equal.setdefault(new, new)

    def _made(self, node: Node) -> TensorType:
        if node.kind == "gate":
            return self._types[node.edges[0].source]
        if node.kind != "apply":
            return self._one_of(node)
        given = self._attributes.get(id(node.attrs))
        if given is None:
            given = self._attributes[id(node.attrs)] = case_keys(tuple([case for _, case in node.attrs]))
        key = (node.op, given, *[id(self._types[edge.source]) for edge in node.edges])
        made = self._known.get(key)
        if made is None:
            made = self._known[key] = self._applied(node)
        return made

    def _applied(self, node: Node) -> TensorType:
        primitive = PRIMITIVES[node.op]
        made = None if primitive.joint else self._with_sides(node, primitive)
        if made is not None:
            return made
        made = self._by_rule(node, tuple([self._types[edge.source] for edge in node.edges]), dict(node.attrs))
        if made is None:
            raise _Otherwise
        return made

    def _by_rule(self, node: Node, entering: Sequence[TensorType], attrs: dict[str, Case]) -> TensorType | None:
        """What the rule of an operator makes of this; None where it refuses some case, or changes an attribute."""
        tensors = [Tensor(edge.source, type_) for edge, type_ in zip(node.edges, entering, strict=True)]
        made = made_of(self._state, PRIMITIVES[node.op], tensors, attrs)
        if made is None or attrs.keys() != made[1].keys():
            return None
        return made[0] if all(same_case(case, made[1][name]) for name, case in attrs.items()) else None

    def _with_sides(self, node: Node, primitive: Primitive) -> TensorType | None:
        """The type of what is made by a primitive for which sides and channels are two things, where sides alone are
        others: what it makes of them is asked for one number of channels, and for each value of an attribute. None
        where that does not say all."""
        entering = [self._types[edge.source] for edge in node.edges]
        sides: list[tuple[str, tuple[Case, ...]]] = []
        for edge, type_ in zip(node.edges, entering, strict=True):
            if not _same((type_.channels,), (self._nodes[edge.source].type.channels,)):
                return None
            sides.append((type_.layout, _sides(type_)))
        channels = {parameter.name for parameter in primitive.parameters if parameter.kind == "channels"}
        of_sides = [(name, case) for name, case in node.attrs if name not in channels]
        varying = [(name, case) for name, case in of_sides if type(case) is Diagram]
        if len(varying) > 1 or any(type(size) is Diagram for _, found in sides for size in found):
            return None
        name, case = varying[0] if varying else ("", None)
        found: set[tuple[Case, ...]] = set()
        plain = case_keys(tuple([value for given, value in of_sides if given != name]))
        for value in leaves(case):
            key = (node.op, tuple(sides), plain, name, case_key(value))
            if key not in self._made_of_sides:
                self._made_of_sides[key] = self._for_some_channels(node, entering, name, value)
            made = self._made_of_sides[key]
            if made is None:
                return None
            found.add(made)
        if len(found) != 1:
            return None
        axis, layout = CHANNEL_AXIS[node.type.layout], node.type.layout
        dims = found.pop()
        return TensorType(layout, (*dims[:axis], node.type.channels, *dims[axis:]))

    def _for_some_channels(
        self, node: Node, entering: Sequence[TensorType], name: str, value: Case
    ) -> tuple[Case, ...] | None:
        """The sides of what is made in one case in which the attribute ``name``, if there is one, has this value."""
        names = [name for name, _ in node.attrs]
        cases = [*[dim for type_ in entering for dim in type_.dims], *[case for _, case in node.attrs]]
        place = len(cases) - len(names) + names.index(name) if name else None
        row = _example(tuple(cases), place, value)
        if row is None:
            return None
        given = iter(row)
        types = [TensorType(type_.layout, tuple(islice(given, len(type_.dims)))) for type_ in entering]
        made = self._by_rule(node, types, dict(zip(names, given, strict=True)))
        return _sides(made) if made is not None and made.layout == node.type.layout else None

    def _one_of(self, node: Node) -> TensorType:
        """Of a node that takes one of several, or several as one: where all had one size before they have now."""
        before = [self._nodes[edge.source].type for edge in node.edges]
        after = [self._types[edge.source] for edge in node.edges]
        joined = CHANNEL_AXIS[node.type.layout] if node.op == "concat" else -1
        dims: list[Case] = []
        for axis, old in enumerate(node.type.dims):
            was, now = [t.dims[axis] for t in before], [t.dims[axis] for t in after]
            if _same(was, now):
                dims.append(old)
            elif axis != joined and _same(was, was[:1] * len(was)) and _same(now, now[:1] * len(now)):
                dims.append(now[0])
            else:
                raise _Otherwise
        return TensorType(node.type.layout, tuple(dims))


def _sides(type_: TensorType) -> tuple[Case, ...]:
    """The dimensions but channels."""
    axis = CHANNEL_AXIS[type_.layout]
    return (*type_.dims[:axis], *type_.dims[axis + 1 :])


def _example(cases: tuple[Case, ...], place: int | None, value: Case) -> tuple[Case, ...] | None:
    """The values that cases have together under some answers, with which the one at ``place`` is ``value``; None where
    none is found soon."""
    seen: set[Hashable] = set()
    stack = [cases]
    while stack and len(seen) < _TRIED:
        row = stack.pop()
        if IMPOSSIBLE in row:
            continue
        tops = [case.variable for case in row if type(case) is Diagram]
        if not tops:
            if place is None or same_case(row[place], value):
                return row
            continue
        key = case_keys(row)
        if key not in seen:
            seen.add(key)
            top = min(tops, key=lambda variable: variable.index)
            kids = [c.children if type(c) is Diagram and c.variable is top else (c,) * top.arity for c in row]
            stack += zip(*kids, strict=True)
    return None


def _same(a: Sequence[Case], b: Sequence[Case]) -> bool:
    return all(x is y or (type(x) is int and type(y) is int and x == y) for x, y in zip(a, b, strict=True))


def rebound(values: Mapping[str, Value], nodes: Sequence[Node]) -> dict[str, Value]:
    """What names are bound to, where it is tensors these of ``nodes``."""
    return {name: _rebound(value, nodes) for name, value in values.items()}


def _rebound(value: Value, nodes: Sequence[Node]) -> Value:
    if isinstance(value, Tensor):
        return Tensor(value.node, nodes[value.node].type)
    if isinstance(value, ListBuilder):
        return value.of(_rebound(value.seed, nodes), [_rebound(item.value, nodes) for item in value.items])
    return value
