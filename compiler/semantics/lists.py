"""Lists of tensors whose elements may depend on decisions: joining, keeping, filling slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..diagnostics.decisions import KeepTooMany, OpenList, ZeroOfOpenShape
from ..diagnostics.model import Label
from ..diagnostics.shapes import EmptyReduce, UnequalConcat, UnequalShapes
from ..diagnostics.source import Span
from ..diagnostics.values import WrongType
from ..ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, evaluate, support, witness
from ..ir.graph import Ask, Edge, TensorType
from ..ops.base import CHANNEL_AXIS
from .context import Context
from .places import counted
from .primitives import BROKEN, type_text
from .state import OPTION_LIMIT, State, merge_asks
from .values import ERROR, Asks, Item, KeepOp, ListValue, Tensor, Value, kind_of


def elements_text(n: int) -> str:
    """The length of a list in words."""
    return "no elements" if n == 0 else "one element" if n == 1 else f"{n} elements"


def reduce_list(state: State, op: str, value: Value, context: Context, span: Span) -> Value:
    """`sum`, `mean` or `concat` of a list."""
    if value is ERROR:
        return ERROR
    if not isinstance(value, ListValue):
        state.report(WrongType(span, f"what is piped into `{op}`", "a list of tensors", kind_of(value)))
        return ERROR
    items = [item for item in value.items if item.guard is not False]
    if any(item.value is ERROR for item in items):
        return ERROR
    for item in items:
        if not isinstance(item.value, Tensor):
            state.report(WrongType(span, f"an element of `{op}`", "a tensor", kind_of(item.value)))
            return ERROR
    asks = merge_asks(ask for item in value.items for ask in item.asks)
    keeps = {item.keep[0] for item in items if item.keep is not None}
    decision = next(iter(keeps)) if len(keeps) == 1 and all(item.keep for item in items) else None
    edges = [
        Edge(i.value.node, i.guard, i.keep[1] if i.keep is not None and decision is not None else None) for i in items
    ]
    tensors: list[Tensor] = [item.value for item in items]
    guards = [item.guard for item in items]
    if not items and not value.items:
        state.report(EmptyReduce(span, op))
        return ERROR
    none = state.diagrams.all(state.diagrams.negate(g) for g in guards)
    none = state.diagrams.both(none, state.diagrams.both(context.condition, state.valid(*guards)))
    if op == "concat":
        if none is True:
            state.report(EmptyReduce(span, op))
            return ERROR
    elif not items:
        tensors = [i.value for i in value.items if isinstance(i.value, Tensor)]
        if not tensors:
            return ERROR
        # A keep of none: a zero of the elements' shape.
        return state.node("reduce", op, (), tensors[0].type, context, span, asks=asks, decision=decision)
    if any(t.broken for t in tensors):
        return state.node("reduce", op, edges, BROKEN, context, span, asks=asks, decision=decision, broken=True)
    type, failing = _joined(state, op, tensors, guards, context, span)
    if none is not False and op != "concat":
        inside = _decided_inside(state, items, type)
        if inside is not None:
            state.report(ZeroOfOpenShape(span, inside))
            return ERROR
        asks = merge_asks((*asks, *state.shape_asks(type)))
    node = state.node("reduce", op, edges, type, context, span, asks=asks, decision=decision, broken=type is BROKEN)
    if op == "concat" and none is not False:
        state.fault(node.node, none, lambda words: EmptyReduce(span, op, words))
    for condition, make in failing:
        state.fault(node.node, condition, make)
    return node


def _decided_inside(state: State, items: Sequence[Item], type: TensorType) -> str | None:
    """The path of a decision that is made inside the elements and changes their shape, if there is one."""
    for item in items:
        for dim in item.value.type.dims if item.inner else ():
            for variable in sorted(support(dim), key=lambda v: v.index):
                if any(start <= variable.decision < end for start, end in item.inner):
                    return state.builder.decisions[variable.decision].path
    return None


def _joined(
    state: State, op: str, tensors: Sequence[Tensor], guards: Sequence[Guard], context: Context, span: Span
) -> tuple[TensorType, list[Any]]:
    """The type of the result, and what can fail: pairs of a condition and a maker of the diagnostic."""
    diagrams = state.diagrams
    first = tensors[0]
    failing: list[Any] = []
    channel = CHANNEL_AXIS[first.type.layout]
    for tensor, guard in zip(tensors[1:], guards[1:], strict=True):
        labels = _labels(state, first, tensor)
        shown = (type_text(first.type), type_text(tensor.type))
        if tensor.type.layout != first.type.layout or len(tensor.type.dims) != len(first.type.dims):
            kind = UnequalConcat if op == "concat" else UnequalShapes
            failing.append((context.condition, lambda w, k=kind, s=shown, lb=labels: k(span, *s, w, lb)))
            return BROKEN, failing
        for axis, (a, b) in enumerate(zip(first.type.dims, tensor.type.dims, strict=True)):
            if a is b or (type(a) is int and a == b) or (op == "concat" and axis == channel):
                continue
            differ = state.lift("a shape", span, lambda p, q: p != q, a, b)
            here = diagrams.all((guards[0], guard, context.condition, state.valid(guards[0], guard)))
            condition = diagrams.ite(differ, here, False) if differ is not True else here
            if condition is not False and witness(condition) is not None:
                make = _mismatch(op, span, first.type, tensor.type, labels, condition)
                failing.append((condition, make))
                if condition is True or not (type(a) is Diagram or type(b) is Diagram):
                    return BROKEN, failing
                break
    valid = diagrams.both(context.condition, state.valid(*guards))
    dims: list[Case] = []
    for axis in range(len(first.type.dims)):
        if op == "concat" and axis == channel:
            parts = [diagrams.ite(g, t.type.dims[axis], 0) for t, g in zip(tensors, guards, strict=True)]
            dims.append(diagrams.constrain(state.added("the number of channels of this concat", span, parts), valid))
        elif all(
            t.type.dims[axis] is first.type.dims[axis]
            or (type(t.type.dims[axis]) is int and t.type.dims[axis] == first.type.dims[axis])
            for t in tensors
        ):
            dims.append(first.type.dims[axis])
        else:
            size: Case = IMPOSSIBLE
            for tensor, guard in zip(reversed(tensors), reversed(guards), strict=True):
                size = diagrams.ite(guard, tensor.type.dims[axis], size)
            dims.append(diagrams.constrain(size, valid))
    return TensorType(first.type.layout, tuple(dims)), failing


def _labels(state: State, first: Tensor, second: Tensor) -> tuple[Label, ...]:
    a, b = state.builder.nodes[first.node], state.builder.nodes[second.node]
    if a.span == b.span:
        return ()
    return (Label(a.span, type_text(first.type)), Label(b.span, type_text(second.type)))


def _mismatch(
    op: str, span: Span, first: TensorType, second: TensorType, labels: tuple[Label, ...], condition: Guard
) -> Any:
    answers = witness(condition) or {}

    def shown(t: TensorType) -> str:
        try:
            return str(t.concrete({**answers}))
        except KeyError:
            return type_text(t)

    a, b = shown(first), shown(second)
    sizes = _sizes(first, second, answers, op == "concat")
    if op == "concat":
        return lambda words: UnequalConcat(span, a, b, words, labels, sizes)
    return lambda words: UnequalShapes(span, a, b, words, labels, sizes=sizes)


_AXIS_WORDS = {
    "image": ("channels", "rows", "columns"),
    "clip": ("channels", "frames", "rows", "columns"),
    "tokens": ("tokens", "channels"),
    "features": ("channels",),
}


def _sizes(first: TensorType, second: TensorType, answers: dict[int, int], concat: bool) -> str:
    """The first sizes that differ: `4 channels meet 8`."""
    for axis, (a, b) in enumerate(zip(first.dims, second.dims, strict=True)):
        try:
            p, q = evaluate(a, answers), evaluate(b, answers)
        except KeyError:
            continue
        if p != q and not (concat and axis == CHANNEL_AXIS[first.layout]):
            return f"{p} {_AXIS_WORDS[first.layout][axis]} meet {q}"
    return ""


def keep_elements(state: State, op: KeepOp, value: Value, context: Context, span: Span) -> Value:
    """`keep`: the elements of a list, each under the condition that it stays."""
    if value is ERROR:
        return ERROR
    if not isinstance(value, ListValue):
        state.report(WrongType(op.span, "what is piped into `keep`", "a list", kind_of(value)))
        return ERROR
    items = [item for item in value.items if item.guard is not False]
    low = len(items) if op.low is None else op.low
    high = len(items) if op.high is None else op.high
    wanted = str(low) if low == high else f"{low}..{high}"
    if low > len(items) or (high > len(items) and op.high is not None):
        wanted = "any" if op.low is not None and op.high is None else wanted
        state.report(KeepTooMany(op.span, wanted, elements_text(len(items))))
        return ERROR
    state.limit(len(items), OPTION_LIMIT, f"a `keep` of a list of {len(items)} elements", op.span)
    leaf = op.label or "keep"
    if op.low is None and not value.fixed:
        decision = _decide(state, op, leaf, len(items), len(items), len(items))
        return _kept(items, decision.id, value)
    decision = _decide(state, op, leaf, len(items), low, min(high, len(items)))
    if not value.fixed:
        _check_enough(state, op, items, low, wanted, context)
    if decision.trivial:
        if high == 0:
            return ListValue(
                tuple(Item(i.value, False, i.asks, (decision.id, k), i.inner) for k, i in enumerate(items)),
                name=value.name,
            )
        return _kept(items, decision.id, value)
    if not value.fixed:
        exists = state.diagrams.all(
            state.diagrams.either(state.diagrams.test(v, 0), i.guard)
            for v, i in zip(decision.variables, items, strict=True)
        )
        state.only_existing(decision, exists)
    kept = []
    for k, (item, variable) in enumerate(zip(items, decision.variables, strict=True)):
        guard = state.diagrams.both(item.guard, state.diagrams.test(variable, 1))
        asks = merge_asks((*item.asks, Ask(decision.id)))
        kept.append(Item(item.value, guard, asks, (decision.id, k), item.inner))
    return ListValue(tuple(kept), name=value.name)


def _decide(state: State, op: KeepOp, leaf: str, n: int, low: int, high: int) -> Any:
    places = tuple(str(i + 1) for i in range(n))
    return state.decide(
        op.context,
        leaf,
        id(op.expression),
        op.span,
        lambda path: state.builder.keep(path, n, low, high, op.span, op.label),
        places,
    )


def _kept(items: Sequence[Item], decision: int, value: ListValue) -> ListValue:
    kept = (Item(i.value, i.guard, i.asks, (decision, k), i.inner) for k, i in enumerate(items))
    return ListValue(tuple(kept), name=value.name)


def _check_enough(state: State, op: KeepOp, items: Sequence[Item], low: int, wanted: str, context: Context) -> None:
    count: Case = 0
    for item in items:
        count = state.lift("a keep", op.span, lambda n, g: n + bool(g), count, item.guard)
    few = state.lift("a keep", op.span, lambda n: n < low, count)
    few = state.diagrams.both(few, state.diagrams.both(context.condition, state.valid(few)))
    answers = witness(few)
    if answers is not None:
        state.shown(KeepTooMany(op.span, wanted, "fewer elements", state.witness_words(answers)), few)


def slots(state: State, value: ListValue, count: int, span: Span) -> list[Value] | None:
    """The elements of a list as ``count`` values: what stays of a `keep` fills the slots in order.

    None with a diagnostic where their number is open.
    """
    items = [item for item in value.items if item.guard is not False]
    if all(item.guard is True for item in items):
        return [item.value for item in items]
    valid = state.valid(*(item.guard for item in items))
    before, total = counted(state, items, span)
    total = state.diagrams.constrain(total, valid)
    if type(total) is Diagram:
        what = "fill a fixed number of inputs" if count > 1 else "be one input"
        state.report(OpenList(span, what))
        return None
    filled: list[Value] = []
    for slot in range(total):
        edges: list[tuple[Value, Guard]] = []
        for item, rank in zip(items, before, strict=True):
            here = state.diagrams.apply(lambda n, g, s=slot: bool(g) and n == s, rank, item.guard)
            here = state.diagrams.constrain(here, valid)
            if here is not False:
                edges.append((item.value, here))
        filled.append(switch(state, edges, merge_asks(a for i in items for a in i.asks), span))
    return filled


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
    if len(cases) == 1 and cases[0][1] is True and decision is None:
        return tensors[0]
    where = context or _context_of(state, tensors[0])
    edges = [
        Edge(t.node, g, i if decision is not None else None)
        for i, (t, (_, g)) in enumerate(zip(tensors, cases, strict=True))
    ]
    broken = any(t.broken for t in tensors)
    layouts = {(t.type.layout, len(t.type.dims)) for t in tensors}
    if broken or len(layouts) > 1:
        node = state.node("switch", "", edges, BROKEN, where, span, asks=asks, decision=decision, broken=True)
        if not broken:
            a, b = (
                tensors[0],
                next(
                    t
                    for t in tensors
                    if t.type.layout != tensors[0].type.layout or len(t.type.dims) != len(tensors[0].type.dims)
                ),
            )
            shown, labels = (type_text(a.type), type_text(b.type)), _labels(state, a, b)
            state.fault(
                node.node, True, lambda w: UnequalShapes(span, *shown, w, labels, "the alternatives of a choice")
            )
        return node
    dims: list[Case] = []
    for axis in range(len(tensors[0].type.dims)):
        sizes = [t.type.dims[axis] for t in tensors]
        if all(s is sizes[0] or (type(s) is int and s == sizes[0]) for s in sizes):
            dims.append(sizes[0])
            continue
        size: Case = IMPOSSIBLE
        for s, (_, guard) in zip(reversed(sizes), reversed(cases), strict=True):
            size = state.diagrams.ite(guard, s, size)
        dims.append(size)
    type_ = TensorType(tensors[0].type.layout, tuple(dims))
    return state.node("switch", "", edges, type_, where, span, asks=asks, decision=decision)


def _context_of(state: State, tensor: Tensor) -> Context:
    scope = state.builder.nodes[tensor.node].scope
    return Context("", "", 0, (0, ""), scope)


def gate(state: State, value: Value, decision: int, inner: tuple[int, int], context: Context, span: Span) -> Value:
    """`maybe`: the tensor where the gate is on, else an exact zero of its shape."""
    if value is ERROR:
        return ERROR
    if not isinstance(value, Tensor):
        state.report(WrongType(span, "what `maybe` is said of", "a tensor or an operator", kind_of(value)))
        return ERROR
    row = state.builder.decisions[decision]
    asks: Asks = (Ask(decision),)
    for dim in value.type.dims:
        for variable in sorted(support(dim), key=lambda v: v.index):
            if inner[0] <= variable.decision < inner[1]:
                state.report(ZeroOfOpenShape(span, state.builder.decisions[variable.decision].path))
                return ERROR
    asks = merge_asks((*asks, *state.shape_asks(value.type)))
    edge = Edge(value.node, state.diagrams.test(row.variables[0], 1), 1)
    return state.node("gate", "", (edge,), value.type, context, span, asks=asks, decision=decision, broken=value.broken)
