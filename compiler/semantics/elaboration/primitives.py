"""Applying primitives: shape rules lifted over decisions, nodes, and what can go wrong with them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...diagnostics.model import Label
from ...diagnostics.shapes import BadAttribute, BadLayout, BadShape, WrongInputs
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...ir.diagram import IMPOSSIBLE, Case, Diagram, case_keys, leaves, typed
from ...ir.graph import Edge, TensorType
from ...ir.operation import CHANNEL_AXIS, REQUIRED, SAME, Layout, OpFault, Primitive, TensorShape
from ...ops.registry import PRIMITIVES
from ...record import record
from ..signatures import not_given, primitive_signature
from ..text.affected import names_in
from .arithmetic import case_of, is_plain, scalar, whole_advice
from .context import Context
from .lists import slots
from .shapes import BROKEN, type_text
from .state.asking import merge_asks
from .state.mistakes import Make
from .state.state import State
from .values import ERROR, Asks, ListValue, PrimitiveOp, Same, Scalar, Tensor, Value, kind_of
from .wrong_types import wrong_type

_RANKS: dict[Layout, int] = {"image": 3, "clip": 4, "tokens": 2, "features": 1}
_SIZES = (1, 5040, 1 << 16)
"""Sizes that stand for all: what numbers divide them differs, and few windows fit into 1."""


@record(eq=False)
class _Rule:
    """What a primitive makes of one case: its attributes and the dimensions of its output. Equal ones of one table of
    rules are one object: rules are leaves of diagrams, which look each of them up many times."""

    names: tuple[str, ...]
    attrs: tuple[Any, ...]
    layout: Layout
    dims: tuple[int, ...]


@record
class _Refusal:
    code: str
    message: str
    help: str | None
    parameter: str | None
    fraction: bool = False


@record
class _Lifted:
    """What a primitive makes of all cases: ``result``, the rule or refusal of each. ``type`` and ``attrs`` of the
    output where it is not refused; None where it always is."""

    result: Case
    refusals: tuple[_Refusal, ...]
    type: TensorType | None
    attrs: dict[str, Case]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Signature = tuple[str, tuple[Layout, ...], tuple[int, ...], tuple[str, ...]]
"""Which primitive, the layouts and the numbers of dimensions of what enters, and the names of its attributes."""


Rules = dict[Hashable, "_Rule | _Refusal"]
"""By :func:`case_keys` of what they are about, and by what they say."""

_RULES: dict[Signature, Rules] = {}
"""Of all spaces of the process: what the library's primitives make of plain values is always the same."""

_REMEMBERED = 50_000
"""So many are remembered of each signature at most."""


def _rules_of(primitive: Primitive, signature: Signature) -> Rules:
    """What is known of a primitive already; of one of the user's, nothing."""
    return _RULES.setdefault(signature, {}) if primitive.extern is None else {}


def _apply_rule(primitive: Primitive, signature: Signature, values: tuple[Any, ...], known: Rules) -> _Rule | _Refusal:
    """``values``: all dimensions of what enters, then the attributes."""
    key = case_keys(values)
    found = known.get(key)
    if found is None:
        if len(known) >= _REMEMBERED:
            known.clear()
        found = _rule(primitive, signature, values)
        if isinstance(found, _Rule):
            found = known.setdefault((found.names, found.attrs, found.layout, found.dims), found)
        known[key] = found
    return found


def _rule(primitive: Primitive, signature: Signature, values: tuple[Any, ...]) -> _Rule | _Refusal:
    _, layouts, sizes, names = signature
    found, start = [], 0
    for layout, n in zip(layouts, sizes, strict=True):
        found.append(TensorShape(layout, values[start : start + n]))
        start += n
    shapes = tuple(found)
    try:
        complete = primitive.normalise(shapes, dict(zip(names, values[start:], strict=True)))
        out = primitive.shape(shapes, complete)
        if primitive.extern is not None:
            primitive.cost(shapes, complete, out)  # a rule of the user's may fail; the library's do not
    except OpFault as fault:
        return _Refusal(fault.code, fault.message, fault.help, fault.parameter, fault.fraction)
    return _Rule(tuple(complete), tuple([_frozen(v) for v in complete.values()]), out.layout, out.dims)


_SIGNS = {"add": "+", "mul": "*"}


def _refused(refusal: _Refusal, name: str, tensors: Sequence[Tensor], op: PrimitiveOp | None, span: Span) -> Make:
    kind = {"attribute": BadAttribute, "shape": BadShape, "layout": BadLayout}[refusal.code]
    place = op.place_of(refusal.parameter) if op is not None else span
    entering = " and ".join(dict.fromkeys(type_text(t.type) for t in tensors))
    if name in _SIGNS or entering in refusal.message or not re.search("enter|input|axes", refusal.message):
        entering = ""
    shown = _SIGNS.get(name, name)
    advice = whole_advice(place) if refusal.fraction else refusal.help
    return lambda witness, _: kind(place, shown, refusal.message, advice, witness, entering)


def tensors_of(
    state: State, value: Value, count: int, name: str, span: Span, related: tuple[Label, ...] = ()
) -> list[Tensor] | None:
    """The tensors that fill ``count`` inputs, or None with a diagnostic (none for values that are wrong already)."""
    items: Sequence[Value]
    if isinstance(value, ListValue):
        found = slots(state, value, count, span)
        if found is None:
            return None
        items = found
    else:
        items = [value]
    if any(item is ERROR for item in items):
        return None
    if len(items) != count:
        wanted = "one input" if count == 1 else f"{count} inputs"
        mapped = isinstance(value, ListValue) and value.mapped
        state.report(WrongInputs(span, name, wanted, len(items), related, tuple("abcdefgh"[:count]), mapped))
        return None
    for item in items:
        if not isinstance(item, Tensor):
            state.report(WrongType(span, f"an input of `{name}`", "a tensor", kind_of(item)))
            return None
    return list(items)


def apply_primitive(state: State, op: PrimitiveOp, value: Value, context: Context, span: Span) -> Value:
    """The output of a primitive, as a new node."""
    primitive = op.primitive
    tensors = tensors_of(state, value, primitive.inputs, primitive.name, op.span)
    if tensors is None:
        check_arguments(state, op)
        return ERROR
    channels: Value = None
    if not any(t.broken for t in tensors) and tensors[0].type.dims:
        case = tensors[0].type.dims[CHANNEL_AXIS[tensors[0].type.layout]]
        # Demanding the input asks for all that its shape depends on.
        channels = scalar(case, ())
    given = _arguments(state, op, channels)
    if given is None:
        return ERROR
    cases, asks, reads = given
    if reads:
        state.read.append((tensors[0].node, CHANNEL_AXIS[tensors[0].type.layout]))
    return apply_rule(state, primitive, tensors, cases, asks, context, op.span, op)


def check_arguments(state: State, op: PrimitiveOp) -> None:
    """Reports what is wrong with the arguments of an operator whose input is unknown, whatever that is."""
    given = _arguments(state, op, None)
    refusal = refused_anyway(op.primitive, given[0]) if given is not None else None
    if refusal is not None and not _told(state, refusal, op):
        state.report(_refused(refusal, op.primitive.name, (), op, op.span)("", {}))


def _arguments(state: State, op: PrimitiveOp, channels: Value) -> tuple[dict[str, Case], Asks, bool] | None:
    """The arguments, what they ask for, and whether they read the channels that enter; None with a diagnostic. Where
    ``channels`` (those) is None, what depends on them is SAME."""
    primitive = op.primitive
    cases: dict[str, Case] = {}
    asks: Asks = ()
    reads = False
    for parameter in primitive.parameters:
        argument = op.arguments.get(parameter.name, parameter.default)
        if argument is REQUIRED:
            missing = tuple(p.name for p in primitive.parameters if op.arguments.get(p.name, p.default) is REQUIRED)
            state.report(not_given(op.span, primitive_signature(primitive), missing))
            return None
        if channels is None and (argument is SAME or isinstance(argument, Same)):
            cases[parameter.name] = SAME
            continue
        if argument is SAME:
            argument, reads = channels, True
        elif isinstance(argument, Same):
            argument, reads = argument.at(channels), True
        if argument is ERROR:
            return None
        if not is_plain(argument):
            wanted = "a number or another plain value"
            place = op.place_of(parameter.name)
            state.report(wrong_type(place, f"`{parameter.name}` of `{primitive.name}`", wanted, argument))
            return None
        cases[parameter.name] = case_of(argument)
        if isinstance(argument, Scalar):
            asks = (*asks, *argument.asks)
    return cases, asks, reads


def _told(state: State, refusal: _Refusal, op: PrimitiveOp | None) -> bool:
    """Whether a mistake behind another one is that one again: a value by its name, refused before."""
    given = op.argument(refusal.parameter) if op is not None else None
    return refusal.message in state.refused and any(True for _ in names_in(given))


def refused_anyway(primitive: Primitive, cases: dict[str, Case]) -> _Refusal | None:
    """What a primitive has against its arguments whatever enters; None where that depends on what does."""
    if primitive.extern is not None or any(type(case) is Diagram for case in cases.values()):
        return None
    return _refused_always(primitive.name, tuple([(typed(v), k, v) for k, v in cases.items()]))


@lru_cache(maxsize=5_000)
def _refused_always(name: str, given: tuple[tuple[Hashable, str, Any], ...]) -> _Refusal | None:
    primitive = PRIMITIVES[name]
    found: _Refusal | None = None
    for layout, rank in _RANKS.items():
        for size in _SIZES:
            entering = (size,) * (rank * primitive.inputs)
            names = tuple([key for _, key, _ in given])
            signature = (name, (layout,) * primitive.inputs, (rank,) * primitive.inputs, names)
            rule = _rule(primitive, signature, (*entering, *[size if case is SAME else case for _, _, case in given]))
            if isinstance(rule, _Rule):
                return None
            if rule.code != "attribute" or "enter" in rule.message:
                continue  # about what enters, and something else may
            if found is not None and rule.message != found.message:
                return None
            found = rule
    return found


def apply_rule(
    state: State,
    primitive: Primitive,
    tensors: Sequence[Tensor],
    cases: dict[str, Case],
    asks: Asks,
    context: Context,
    span: Span,
    op: PrimitiveOp | None = None,
) -> Tensor:
    """A node for ``primitive`` on ``tensors`` with the given arguments (cases); faults are recorded with the node."""
    edges = [Edge(t.node) for t in tensors]
    if any(t.broken for t in tensors):
        refusal = refused_anyway(primitive, cases)
        if refusal is not None and not _told(state, refusal, op):
            make = _refused(refusal, primitive.name, (), op, span)
            return _refused_node(state, primitive, make, edges, asks, context, span)
        return state.node("apply", primitive.name, edges, BROKEN, context, span, asks=asks, broken=True)
    if Diagram not in map(type, cases.values()) and all(t.type.fixed for t in tensors):
        key = (primitive.name, tuple([t.type for t in tensors]), case_keys(tuple(cases.values())))
        rule = state.rules.get(key)
        if rule is None:
            values = (*[dim for t in tensors for dim in t.type.dims], *cases.values())
            signature = _signature(primitive, tensors, cases)
            rule = state.rules[key] = _apply_rule(primitive, signature, values, _rules_of(primitive, signature))
        if isinstance(rule, _Refusal):
            state.refused.add(rule.message)
            make = _refused(rule, primitive.name, tensors, op, span)
            return _refused_node(state, primitive, make, edges, asks, context, span)
        return _plain_node(state, primitive, rule, edges, asks, context, span)
    return _lifted_node(state, primitive, tensors, cases, edges, asks, context, span, op)


def _refused_node(
    state: State,
    primitive: Primitive,
    make: Make,
    edges: list[Edge],
    asks: Asks,
    context: Context,
    span: Span,
) -> Tensor:
    node = state.node("apply", primitive.name, edges, BROKEN, context, span, asks=asks, broken=True)
    state.mistakes.fault(node.node, context.condition, make)
    return node


def _plain_node(
    state: State, primitive: Primitive, rule: _Rule, edges: list[Edge], asks: Asks, context: Context, span: Span
) -> Tensor:
    attrs = dict(zip(rule.names, rule.attrs, strict=True))
    return state.node("apply", primitive.name, edges, TensorType(rule.layout, rule.dims), context, span, attrs, asks)


def _lifted_node(
    state: State,
    primitive: Primitive,
    tensors: Sequence[Tensor],
    cases: dict[str, Case],
    edges: list[Edge],
    asks: Asks,
    context: Context,
    span: Span,
    op: PrimitiveOp | None,
) -> Tensor:
    types = tuple([(t.type.layout, case_keys(t.type.dims)) for t in tensors])
    key = (primitive.name, types, tuple(cases), case_keys(tuple(cases.values())))
    lifted = state.rules.get(key)
    if lifted is None:
        lifted = state.rules[key] = _lifted(state, primitive, tensors, cases, span)
    state.refused.update(refusal.message for refusal in lifted.refusals)
    # Reading the input's shape is part of demanding the input; what the attributes ask for stands in ``asks``.
    if lifted.type is None:
        make = _refused(lifted.refusals[0], primitive.name, tensors, op, span)
        return _refused_node(state, primitive, make, edges, asks, context, span)
    node = state.node("apply", primitive.name, edges, lifted.type, context, span, lifted.attrs, merge_asks(asks))
    for refusal in lifted.refusals:
        failing = state.diagrams.apply(lambda r, this=refusal: r == this, lifted.result)
        condition = state.diagrams.ite(failing, context.condition, False)
        state.mistakes.fault(node.node, condition, _refused(refusal, primitive.name, tensors, op, span))
    return node


def made_of(
    state: State, primitive: Primitive, tensors: Sequence[Tensor], cases: dict[str, Case]
) -> tuple[TensorType, Mapping[str, Case]] | None:
    """The type and the attributes of what a primitive of the library makes of whole tensors; None where it refuses
    some case. Raises DiagramTooLarge."""
    if any(type(c) is Diagram for c in cases.values()) or not all(t.type.fixed for t in tensors):
        lifted = _lifted(state, primitive, tensors, cases)
        return (lifted.type, lifted.attrs) if lifted.type is not None and not lifted.refusals else None
    values = (*[dim for t in tensors for dim in t.type.dims], *cases.values())
    signature = _signature(primitive, tensors, cases)
    rule = _apply_rule(primitive, signature, values, _rules_of(primitive, signature))
    if isinstance(rule, _Refusal):
        return None
    return TensorType(rule.layout, rule.dims), dict(zip(rule.names, rule.attrs, strict=True))


def _signature(primitive: Primitive, tensors: Sequence[Tensor], cases: Mapping[str, Case]) -> Signature:
    types = [t.type for t in tensors]
    return primitive.name, tuple([t.layout for t in types]), tuple([len(t.dims) for t in types]), tuple(cases)


def _lifted(
    state: State,
    primitive: Primitive,
    tensors: Sequence[Tensor],
    cases: dict[str, Case],
    span: Span | None = None,
) -> _Lifted:
    """``span``: where it is told that there are too many cases. None: raises DiagramTooLarge."""
    signature = _signature(primitive, tensors, cases)
    given = [dim for t in tensors for dim in t.type.dims]
    known = _rules_of(primitive, signature)

    def rule_of(*plain: Any) -> Any:
        return _apply_rule(primitive, signature, plain, known)

    if span is None:
        result = state.diagrams.apply(rule_of, *given, *cases.values())
    else:
        result = state.limits.lift(f"the shape of `{primitive.name}`", span, rule_of, *given, *cases.values())
    found = leaves(result)
    refusals = tuple([leaf for leaf in found if isinstance(leaf, _Refusal)])
    rules = [leaf for leaf in found if isinstance(leaf, _Rule)]
    if not rules:
        return _Lifted(result, refusals, None, {})
    good = state.diagrams.apply(lambda r: r if isinstance(r, _Rule) else IMPOSSIBLE, result) if refusals else result

    def part(column: tuple[Any, ...]) -> Case:
        first, kind = column[0], column[0].__class__
        for value in column:
            if value is not first and (value.__class__ is not kind or value != first):
                return state.diagrams.apply(dict(zip(rules, column, strict=True)).__getitem__, good)
        return first

    dims = [part(column) for column in zip(*[rule.dims for rule in rules], strict=True)]
    columns = zip(rules[0].names, zip(*[rule.attrs for rule in rules], strict=True), strict=True)
    attrs = {name: part(column) for name, column in columns}
    return _Lifted(result, refusals, TensorType(rules[0].layout, tuple(dims)), attrs)
