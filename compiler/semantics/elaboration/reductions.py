"""`sum`, `mean` and `concat` of lists whose elements may be absent: shapes, and what can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ...diagnostics.decisions import ZeroOfOpenShape
from ...diagnostics.model import Diagnostic
from ...diagnostics.shapes import EmptyReduce, UnequalConcat, UnequalShapes
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, evaluate, support, witness
from ...ir.graph import Edge, TensorType
from ...ir.operation import CHANNEL_AXIS
from .agreement import agreed
from .context import Context
from .open_lists import asked
from .shapes import BROKEN, alike, differing_sizes, type_labels, type_under
from .state.asking import merge_asks
from .state.mistakes import Make
from .state.state import State
from .values import ERROR, Item, ListValue, Tensor, Value, kind_of

_ELEMENTS = "the elements of a sum"
_OF_NONE = "the elements that the zero of a sum of none stands for"


def reduce_list(state: State, op: str, value: Value, context: Context, span: Span) -> Value:
    """`sum`, `mean` or `concat` of a list."""
    if value is ERROR:
        return ERROR
    if not isinstance(value, ListValue):
        state.report(WrongType(span, f"what is piped into `{op}`", "a list of tensors", kind_of(value)))
        return ERROR
    if any(item.value is ERROR for item in value.items):
        return ERROR
    for item in value.items:
        if not isinstance(item.value, Tensor):
            state.report(WrongType(span, f"an element of `{op}`", "a tensor", kind_of(item.value)))
            return ERROR
    items = [item for item in value.items if item.guard is not False]
    if len(items) < len(value.items):
        # The zero of a sum has the shape of these, too, and no edge leads to them.
        gone = [item.value for item in value.items if item.guard is False]
        state.read += [(tensor.node, axis) for tensor in gone for axis in range(len(tensor.type.dims))]
    asks = asked(value)
    keeps = {item.keep[0] for item in items if item.keep is not None}
    decision = next(iter(keeps)) if len(keeps) == 1 and all(item.keep for item in items) else None
    edges = [
        Edge(i.value.node, i.guard, i.keep[1] if i.keep is not None and decision is not None else None) for i in items
    ]
    here = _here(state, items, context)
    none = _none(state, items, here)
    if not value.items or (op == "concat" and none is True):
        state.report(EmptyReduce(span, op))
        return ERROR
    # What is wrong with an element is told of there, where it is demanded; where it is not, the others go on.
    whole = [item for item in items if not item.value.broken]
    broken = [item for item in items if item.value.broken]
    if all(item.value.broken for item in value.items) or any(item.guard is True for item in broken):
        node = state.node("reduce", op, edges, BROKEN, context, span, asks=asks, decision=decision, broken=True)
        _zero_of_broken(state, op, value.items, none, node, span)
        return node
    failing: list[tuple[Guard, Make]] = []
    type = _joined(state, op, whole, here, span, failing) if whole else None
    if none is not False and op != "concat":
        inside = list(_decided_inside(state, items, none, span))
        failing += inside
        told = state.diagrams.any(condition for condition, _ in inside)
        zero = _zero(state, op, value.items, none, told, span, failing)
        type = zero if type is None else _together(state, type, zero, none, here)
        sources = [item.value.node for item in value.items]
        asks = merge_asks((*asks, *state.asking.of_shape(type, sources, asks)))
    type = BROKEN if type is None else type
    node = state.node("reduce", op, edges, type, context, span, asks=asks, decision=decision, broken=type is BROKEN)
    if op != "concat":
        _zero_of_broken(state, op, value.items, none, node, span)
    elif none is not False:
        failing.append((none, lambda words, _: EmptyReduce(span, op, words)))
    for condition, make in failing:
        state.mistakes.fault(node.node, condition, make)
    return node


def _zero_of_broken(state: State, op: str, items: Sequence[Item], none: Guard, node: Tensor, span: Span) -> None:
    """The zero of a sum of none has the shape that all elements have in common: one that is wrong has none."""
    broken = [item for item in items if item.value.broken] if none is not False else []
    for item in broken:
        state.mistakes.shape_read(item.value, state.diagrams.both(none, item.listed), node.node)
    if broken and len(broken) == len(items):
        empty = _unlisted(state, items, none)
        if witness(empty) is not None:
            state.mistakes.fault(node.node, empty, lambda words, _: EmptyReduce(span, op, words))


def _unlisted(state: State, items: Sequence[Item], none: Guard) -> Guard:
    """Where no element is there, and none stands in the list that they would be of."""
    return state.diagrams.both(none, state.diagrams.all(state.diagrams.negate(item.listed) for item in items))


def _none(state: State, items: Sequence[Item], here: Guard) -> Guard:
    """Where no element is there."""
    if any(item.guard is True for item in items):
        return False
    return state.diagrams.both(here, state.diagrams.all(state.diagrams.negate(item.guard) for item in items))


def _here(state: State, items: Sequence[Item], context: Context) -> Guard:
    """What is known to hold where the reduction stands: of the decisions around it, and of the keeps that it is of."""
    return state.diagrams.both(context.condition, state.decided.valid(*(item.guard for item in items)))


def _decided_inside(state: State, items: Sequence[Item], none: Guard, span: Span) -> Iterator[tuple[Guard, Make]]:
    """What there is to say of decisions that are made inside the elements and change their shape."""
    for item in items:
        variables = sorted({v for dim in item.value.type.dims for v in support(dim)}, key=lambda v: v.index)
        inside = (v.decision for v in variables if any(start <= v.decision < end for start, end in item.inner))
        for decision in islice(inside, 1):
            path = state.builder.decisions[decision].path
            yield state.diagrams.both(none, item.listed), _open_shape(span, path)


def _open_shape(span: Span, path: str) -> Make:
    return lambda words, _: ZeroOfOpenShape(span, path)


def _joined(
    state: State, op: str, items: Sequence[Item], here: Guard, span: Span, failing: list[tuple[Guard, Make]]
) -> TensorType:
    """The type where some element is there. All that can be there together must agree, whichever comes first."""
    diagrams = state.diagrams
    if not all(alike(items[0].value.type, item.value.type) for item in items):
        items = [i for i in items if witness(diagrams.both(i.guard, here)) is not None] or items[:1]
        if not all(alike(items[0].value.type, item.value.type) for item in items):
            failing.append((here, _mismatch(state, op, items, span)))
            return BROKEN
    first: TensorType = items[0].value.type
    guards = [item.guard for item in items]
    dims: list[Case] = []
    for axis in range(len(first.dims)):
        sizes = [item.value.type.dims[axis] for item in items]
        if op == "concat" and axis == CHANNEL_AXIS[first.layout]:
            parts = [diagrams.ite(g, size, 0) for size, g in zip(sizes, guards, strict=True)]
            dims.append(
                diagrams.constrain(state.limits.added("the number of channels of this concat", span, parts), here)
            )
        elif _same(sizes):
            dims.append(sizes[0])
        else:
            dims.append(_size(state, op, items, sizes, guards, here, span, failing))
            if dims[-1] is IMPOSSIBLE:
                return BROKEN
    return TensorType(first.layout, tuple(dims))


def _size(
    state: State,
    op: str,
    items: Sequence[Item],
    sizes: Sequence[Case],
    guards: Sequence[Guard],
    here: Guard,
    span: Span,
    failing: list[tuple[Guard, Make]],
    what: str = _ELEMENTS,
) -> Case:
    """The size that the elements agree on where they are there; IMPOSSIBLE if they do nowhere."""
    diagrams = state.diagrams
    size, differ = state.limits.within("a shape", span, lambda: agreed(diagrams, sizes, guards))
    differ = diagrams.both(here, differ)
    if witness(differ) is not None:
        failing.append((differ, _mismatch(state, op, items, span, what)))
        here = diagrams.both(here, diagrams.negate(differ))
    return IMPOSSIBLE if here is False else diagrams.constrain(size, here)


def _same(sizes: Sequence[Case]) -> bool:
    return all(size is sizes[0] or (type(size) is int and size == sizes[0]) for size in sizes)


def _zero(
    state: State,
    op: str,
    items: Sequence[Item],
    none: Guard,
    told: Guard,
    span: Span,
    failing: list[tuple[Guard, Make]],
) -> TensorType:
    """The type where no element is there: what those would have that the list was made of. ``told``: where there is
    none for another reason than that they differ."""
    diagrams = state.diagrams
    known = diagrams.both(none, diagrams.negate(told))
    empty = _unlisted(state, items, none)
    items = [item for item in items if not item.value.broken]
    first: TensorType = items[0].value.type
    listed = [item.listed for item in items]
    if not all(alike(first, item.value.type) for item in items):
        failing.append((none, _mismatch(state, op, items, span, _OF_NONE)))
        return BROKEN
    dims: list[Case] = []
    for axis in range(len(first.dims)):
        sizes = [item.value.type.dims[axis] for item in items]
        size = sizes[0] if _same(sizes) else _size(state, op, items, sizes, listed, known, span, failing, _OF_NONE)
        if size is IMPOSSIBLE:
            return BROKEN
        unknown = diagrams.any(
            diagrams.both(list_, diagrams.undefined(s))
            for s, list_ in zip(sizes, listed, strict=True)
            if type(s) is Diagram
        )
        empty = diagrams.either(empty, diagrams.both(none, unknown))
        dims.append(size)
    if witness(empty) is not None:
        failing.append((empty, lambda words, _: EmptyReduce(span, op, words)))
    return TensorType(first.layout, tuple(dims))


def _together(state: State, some: TensorType, zero: TensorType, none: Guard, here: Guard) -> TensorType:
    """The type of a sum that is ``zero`` where nothing is there, else ``some``; one of them may be wrong everywhere."""
    if BROKEN in (some, zero):
        return some if zero is BROKEN else zero
    if not alike(some, zero):
        return BROKEN
    dims = []
    for a, b in zip(some.dims, zero.dims, strict=True):
        dims.append(a if _same((a, b)) else state.diagrams.constrain(state.diagrams.ite(none, b, a), here))
    return TensorType(some.layout, tuple(dims))


def _mismatch(state: State, op: str, items: Sequence[Item], span: Span, what: str = _ELEMENTS) -> Make:
    """What to say of elements that do not agree: of the first two that are there together."""

    def make(words: str, answers: Mapping[int, int]) -> Diagnostic:
        first, second = _unequal(op, items, answers)
        shown = (type_under(first.type, answers), type_under(second.type, answers))
        labels = type_labels(state, first, second)
        sizes = differing_sizes(first.type, second.type, answers, op == "concat")
        if op == "concat":
            return UnequalConcat(span, *shown, words, labels, sizes)
        return UnequalShapes(span, *shown, words, labels, what, sizes)

    return make


def _unequal(op: str, items: Sequence[Item], answers: Mapping[int, int]) -> tuple[Tensor, Tensor]:
    """The first two elements of unequal shapes that the answers let be there, else of all."""
    there = [item.value for item in items if _holds(item.guard, answers)]
    for tensors in (there, [item.value for item in items]):
        for second in tensors[1:]:
            if _differ(op, tensors[0].type, second.type, answers):
                return tensors[0], second
    return items[0].value, items[-1].value


def _holds(guard: Guard, answers: Mapping[int, int]) -> bool:
    try:
        return evaluate(guard, answers) is True
    except KeyError:
        return False


def _differ(op: str, a: TensorType, b: TensorType, answers: Mapping[int, int]) -> bool:
    if not alike(a, b):
        return True
    return bool(differing_sizes(a, b, answers, op == "concat"))
