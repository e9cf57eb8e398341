"""Lists whose elements may depend on decisions: one of several lists, filling slots, taking an element."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnostics.decisions import OpenList
from ...diagnostics.source import Span
from ...ir.diagram import Case, Diagram, Guard
from .arithmetic import asks_of, case_of, is_plain, scalar, under
from .context import Context
from .open_lists import asked, length, ranks
from .state.asking import merge_asks
from .state.state import State
from .switches import after, switch
from .values import ERROR, Asks, ConditionalOp, ListValue, Operator, Same, Scalar, Value, at


def elements_text(n: int) -> str:
    """The length of a list in words."""
    return "no elements" if n == 0 else "one element" if n == 1 else f"{n} elements"


def slots(state: State, value: ListValue, count: int, span: Span) -> list[Value] | None:
    """The elements of a list as ``count`` values: what stays of a `keep` fills the slots in order.

    Whoever asks for one of them asks which elements there are. None with a diagnostic where their number is open.
    """
    items = [item for item in value.items if item.guard is not False]
    asks = asked(value)
    if all(item.guard is True for item in items):
        return [after(state, asks, item.value, None, span) for item in items]
    total, _ = length(state, value, span)
    if type(total) is Diagram:
        what = "fill a fixed number of inputs" if count > 1 else "be one input"
        state.report(OpenList(span, what))
        return None
    valid = state.decided.valid(*(item.guard for item in items))
    before = list(ranks(state, items, total, span))
    filled: list[Value] = []
    for slot in range(total):
        cases: list[tuple[Value, Guard]] = []
        for item, rank in zip(items, before, strict=True):
            here = state.diagrams.apply(lambda n, g, s=slot: bool(g) and n == s, rank, item.guard)
            here = state.diagrams.constrain(here, valid)
            if here is not False:
                cases.append((item.value, here))
        filled.append(switch(state, cases, asks, span))
    return filled


def one_of_lists(state: State, cases: Sequence[tuple[ListValue, Guard]], asks: Asks) -> ListValue:
    """The list whose guard holds, as one of open length. ``asks``: what is asked for to know which that is."""
    items = []
    needed = list(asks)
    for value, here in cases:
        needed += under(state, here, value.asks)
        for item in value.items:
            guard = state.diagrams.both(here, item.guard)
            listed = state.diagrams.both(here, item.listed)
            items.append(item.where(guard, merge_asks((*asks, *under(state, here, item.asks))), listed))
    return ListValue(tuple(items), asks=merge_asks(needed))


def one_of(state: State, cases: Sequence[tuple[Value, Guard]], asks: Asks, context: Context, span: Span) -> Value:
    """The one value whose condition holds. ``asks``: what deciding that asks for."""
    if any(v is ERROR for v, _ in cases):
        return ERROR
    values = [v for v, _ in cases]
    if len(cases) == 1 and cases[0][1] is True:
        return after(state, asks, values[0], context, span)
    if any(isinstance(v, Same) for v in values) and all(isinstance(v, Same) or is_plain(v) for v in values):
        return Same(lambda channels: one_of(state, [(at(v, channels), here) for v, here in cases], asks, context, span))
    if all(is_plain(v) for v in values):
        case: Case = case_of(values[-1])
        for value, here in reversed(cases[:-1]):
            case = state.diagrams.ite(here, case_of(value), case)
        inner = [ask for value, here in cases for ask in under(state, here, asks_of(value))]
        return scalar(case, merge_asks((*asks, *inner)))
    if all(isinstance(v, Operator) for v in values):
        chosen = values[-1]
        for value, here in reversed(cases[:-1]):
            chosen = ConditionalOp(Scalar(here, asks), value, chosen, span)
        return chosen
    if all(isinstance(v, ListValue) for v in values):
        return one_of_lists(state, cases, asks)
    return switch(state, cases, asks, span, context)
