"""Nodes of which one source is taken (`switch`) or a zero (`gate`), and values that are asked for by way of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...diagnostics.decisions import ZeroOfOpenShape
from ...diagnostics.shapes import UnequalShapes
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...ir.diagram import IMPOSSIBLE, Case, Guard, support
from ...ir.graph import Ask, Edge, TensorType
from .arithmetic import asks_of, case_of, is_plain, scalar
from .context import Context
from .shapes import BROKEN, alike, type_labels, type_text
from .state.asking import merge_asks
from .state.state import State
from .values import (
    ERROR,
    AskingOp,
    Asks,
    Builtin,
    ListValue,
    Operator,
    RangeValue,
    Same,
    SetTemplate,
    SetValue,
    Tensor,
    Value,
    at,
    kind_of,
)


def after(state: State, asks: Asks, value: Value, context: Context | None, span: Span) -> Value:
    """``value`` for whoever asked ``asks`` first: a condition, a count or an index was computed on the way to it,
    whatever came out."""
    if not asks or value is ERROR:
        return value
    if is_plain(value):
        return scalar(case_of(value), merge_asks((*asks, *asks_of(value))))
    match value:
        case Same():
            return Same(lambda channels: after(state, asks, at(value, channels), context, span))
        case Tensor():
            return switch(state, [(value, True)], asks, span, context)
        case Operator():
            return AskingOp(value, asks, span)
        case ListValue():
            items = tuple([item.asking(merge_asks((*asks, *item.asks))) for item in value.items])
            return replace(value, items=items, asks=merge_asks((*asks, *value.asks)))
        case RangeValue():
            return RangeValue(value.low, after(state, asks, value.high, context, span))
        case SetValue() | SetTemplate() | Builtin():
            return replace(value, asks=merge_asks((*asks, *value.asks)))
    return value


def switch(
    state: State,
    cases: Sequence[tuple[Value, Guard]],
    asks: Asks,
    span: Span,
    context: Context | None = None,
    decision: int | None = None,
) -> Value:
    """The one tensor of ``cases`` whose guard holds, as a switch node.

    ``decision``: its options are the cases in order.
    """
    if any(v is ERROR for v, _ in cases):
        return ERROR
    tensors: list[Tensor] = []
    for value, _ in cases:
        if not isinstance(value, Tensor):
            state.report(WrongType(span, "an alternative", "a tensor", kind_of(value)))
            return ERROR
        tensors.append(value)
    if len(cases) == 1 and cases[0][1] is True and decision is None and not asks:
        return tensors[0]
    where = context or _context_of(state, tensors[0])
    edges = [
        Edge(t.node, g, i if decision is not None else None)
        for i, (t, (_, g)) in enumerate(zip(tensors, cases, strict=True))
    ]
    # What is wrong with an alternative is told of there, where `where` lets it be chosen; the others go on.
    whole = [t for t in tensors if not t.broken]
    first = whole[0].type if whole else BROKEN
    odd = next((t for t in whole if not alike(t.type, first)), None)
    if not whole or odd is not None:
        node = state.node("switch", "", edges, BROKEN, where, span, asks=asks, decision=decision, broken=True)
        if odd is not None:
            shown, labels = (type_text(first), type_text(odd.type)), type_labels(state, whole[0], odd)
            what = "the alternatives of a choice"
            state.mistakes.fault(node.node, True, lambda words, _: UnequalShapes(span, *shown, words, labels, what))
        return node
    dims: list[Case] = []
    for axis in range(len(first.dims)):
        sizes = [(first if t.broken else t.type).dims[axis] for t in tensors]
        if all(s is sizes[0] or (type(s) is int and s == sizes[0]) for s in sizes):
            dims.append(sizes[0])
            continue
        size: Case = IMPOSSIBLE
        for s, (_, guard) in zip(reversed(sizes), reversed(cases), strict=True):
            size = state.diagrams.ite(guard, s, size)
        dims.append(size)
    type_ = TensorType(first.layout, tuple(dims))
    return state.node("switch", "", edges, type_, where, span, asks=asks, decision=decision)


def _context_of(state: State, tensor: Tensor) -> Context:
    scope = state.builder.nodes[tensor.node].scope
    return Context("", "", 0, (0, "", ()), scope)


def gate(state: State, value: Value, decision: int, inner: tuple[int, int], context: Context, span: Span) -> Value:
    """`maybe`: the tensor where the gate is on, else an exact zero of its shape."""
    if value is ERROR:
        return ERROR
    if not isinstance(value, Tensor):
        state.report(WrongType(span, "what `maybe` is said of", "a tensor or an operator", kind_of(value)))
        return ERROR
    row = state.builder.decisions[decision]
    asks = merge_asks((Ask(decision), *state.asking.of_shape(value.type, [value.node])))
    edge = Edge(value.node, state.diagrams.test(row.variables[0], 1), 1)
    made = state.node("gate", "", (edge,), value.type, context, span, asks=asks, decision=decision, broken=value.broken)
    off = state.diagrams.both(context.condition, state.diagrams.negate(edge.guard))
    inside = [v for dim in value.type.dims for v in support(dim) if inner[0] <= v.decision < inner[1]]
    if inside:
        path = state.builder.decisions[min(inside, key=lambda v: v.index).decision].path
        state.mistakes.fault(made.node, off, lambda words, _: ZeroOfOpenShape(span, path))
    state.mistakes.shape_read(value, off, made.node)
    return made
