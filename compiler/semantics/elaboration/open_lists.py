"""Which elements of a list stand where, if some of them exist in some architectures only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ...diagnostics.source import Span
from ...ir.diagram import Case, Guard, leaves
from .context import Context
from .state.asking import merge_asks
from .state.state import State
from .values import Asks, Item, ListValue, Value


def asked(xs: ListValue) -> Asks:
    """What is asked for by whoever wants to know which elements there are."""
    return merge_asks((*xs.asks, *[ask for item in xs.items for ask in item.asks]))


def narrowed(state: State, item: Item, known: Guard) -> Item:
    """The item where ``known`` holds; what makes it certain there was asked for before."""
    if known is True or item.guard is True:
        return item
    guard = state.diagrams.constrain(item.guard, known)
    return item.asking(() if guard is True else item.asks, guard)


def how_many(state: State, items: Sequence[Item], span: Span) -> Case:
    """How many of the elements are there."""
    return state.limits.added("the length of a list", span, [state.diagrams.ite(item.guard, 1, 0) for item in items])


def length(state: State, xs: ListValue, span: Span) -> tuple[Case, Asks]:
    """How many elements a list has, and what is asked for to know it."""
    total = how_many(state, xs.items, span)
    return state.diagrams.constrain(total, state.decided.valid(*(item.guard for item in xs.items))), asked(xs)


def ranks(state: State, items: Iterable[Item], most: int, span: Span) -> Iterator[Case]:
    """For each item how many there are before it, where that is less than ``most``; else ``most``."""
    rank: Case = 0
    for item in items:
        yield rank
        if item.guard is False:
            continue
        rank = state.limits.lift("the length of a list", span, lambda n, g: min(most, n + bool(g)), rank, item.guard)


def candidates(
    state: State, items: Sequence[Item], place: int, context: Context, span: Span
) -> tuple[list[tuple[Value, Guard]], Guard]:
    """What may be the element at ``place`` (from 1) with the condition for it, and where there is no such element."""
    diagrams = state.diagrams
    items = [narrowed(state, item, context.condition) for item in items]
    valid = diagrams.both(context.condition, state.decided.valid(*(item.guard for item in items)))
    found: list[tuple[Value, Guard]] = []
    for item, rank in zip(items, ranks(state, items, place, span), strict=True):
        here = diagrams.apply(lambda n, g: bool(g) and n == place - 1, rank, item.guard)
        here = diagrams.constrain(here, valid)
        if here is not False:
            found.append((item.value, here))
    there = diagrams.any(here for _, here in found)
    return found, diagrams.both(valid, diagrams.negate(there))


def first_of(state: State, xs: ListValue, n: int, span: Span) -> ListValue:
    """The first ``n`` elements, or all where there are not so many."""
    items = [item for item in xs.items if item.guard is not False]
    if all(item.guard is True for item in items[:n]):
        return ListValue(tuple(items[:n]), name=xs.name, asks=xs.asks)
    valid = state.decided.valid(*(item.guard for item in items))
    found = list(items[:n])
    for item, rank in list(zip(items, ranks(state, items, n, span), strict=True))[n:]:
        here = state.limits.lift("a list", span, lambda k, g: bool(g) and k < n, rank, item.guard)
        here = state.diagrams.constrain(here, valid)
        if here is not False:
            found.append(item.where(here, item.asks))
    return ListValue(tuple(found), name=xs.name, asks=xs.asks)


def last_of(state: State, xs: ListValue, n: Case, asks: Asks, span: Span) -> tuple[ListValue, Guard]:
    """The last ``n`` elements, and where there are not so many. ``asks``: what computing ``n`` asked for."""
    items = [item for item in xs.items if item.guard is not False]
    needed = merge_asks((*asks, *asked(xs)))
    if type(n) is int and xs.fixed:
        kept = tuple(item.asking(needed) for item in items[max(0, len(items) - n) :])
        return ListValue(kept, name=xs.name, asks=needed), n > len(items)
    valid = state.decided.valid(n, *(item.guard for item in items))
    most = max(leaves(n))
    behind = list(ranks(state, items[::-1], most, span))[::-1]
    found = []
    for item, after in zip(items, behind, strict=True):
        here = state.limits.lift("a list", span, lambda g, k, m: bool(g) and k < m, item.guard, after, n)
        here = state.diagrams.constrain(here, valid)
        if here is not False:
            found.append(item.where(here, needed))
    total = how_many(state, items, span)
    short = state.diagrams.both(state.limits.lift("a list", span, lambda t, m: t < m, total, n), valid)
    return ListValue(tuple(found), name=xs.name, asks=needed), short
