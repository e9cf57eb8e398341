"""Which elements of a list stand where, if some of them exist in some architectures only."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics.source import Span
from ..ir.diagram import Case, Guard
from .context import Context
from .state import State, merge_asks
from .values import Asks, Item, ListValue, Value


def counted(state: State, items: Sequence[Item], span: Span) -> tuple[list[Case], Case]:
    """For each item how many there are before it, and how many there are in all."""
    total: Case = 0
    before: list[Case] = []
    for item in items:
        before.append(total)
        total = state.lift("the length of a list", span, lambda n, g: n + bool(g), total, item.guard)
    return before, total


def asked(items: Sequence[Item]) -> Asks:
    """What is asked for by whoever wants to know which items there are."""
    return merge_asks(ask for item in items for ask in item.asks)


def candidates(
    state: State, items: Sequence[Item], place: int, context: Context, span: Span
) -> tuple[list[tuple[Value, Guard]], Guard]:
    """What may be the element at ``place`` (from 1) with the condition for it, and where there is no such element."""
    diagrams = state.diagrams
    before, total = counted(state, items, span)
    valid = diagrams.both(context.condition, state.valid(*(item.guard for item in items)))
    found: list[tuple[Value, Guard]] = []
    for item, rank in zip(items, before, strict=True):
        here = diagrams.apply(lambda n, g: bool(g) and n == place - 1, rank, item.guard)
        here = diagrams.constrain(here, valid)
        if here is not False:
            found.append((item.value, here))
    short = diagrams.apply(lambda n: n < place, total)
    return found, diagrams.both(short, valid)


def length(state: State, xs: ListValue, span: Span) -> tuple[Case, Asks]:
    """How many elements a list has, and what is asked for to know it."""
    if xs.fixed:
        return len(xs.items), ()
    _, total = counted(state, xs.items, span)
    return state.diagrams.constrain(total, state.valid(*(item.guard for item in xs.items))), asked(xs.items)


def last_of(state: State, xs: ListValue, n: Case, asks: Asks, span: Span) -> tuple[ListValue, Guard]:
    """The last ``n`` elements, and where there are not so many."""
    items = [item for item in xs.items if item.guard is not False]
    if type(n) is int and xs.fixed:
        return ListValue(tuple(items[max(0, len(items) - n) :]), name=xs.name), n > len(items)
    valid = state.valid(n, *(item.guard for item in items))
    behind, total = counted(state, items[::-1], span)
    asks = merge_asks((*asks, *asked(items)))
    found = []
    for item, after in zip(items, behind[::-1], strict=True):
        here = state.lift("a list", span, lambda g, k, m: bool(g) and k < m, item.guard, after, n)
        here = state.diagrams.constrain(here, valid)
        if here is not False:
            found.append(Item(item.value, here, asks, item.keep, item.inner))
    short = state.diagrams.both(state.lift("a list", span, lambda t, m: t < m, total, n), valid)
    return ListValue(tuple(found), name=xs.name), short
