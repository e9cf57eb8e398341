"""What is told of constraints that exclude each other: how near what is within the others comes to each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from ...analysis.costs.measures import place_of
from ...diagnostics.budgets import NothingWithin
from ...diagnostics.model import Label
from ...diagnostics.source import Span
from ...ir.graph import CostConstraint, SpaceGraph
from ...text.quoting import visible
from .nearest import Constraint, Nearest, Others

TOGETHER = "together with this"

THE_OTHERS = "the others"

QUOTED = 40
"""The other constraint is quoted where its text is no longer."""


def together(graph: SpaceGraph, groups: Mapping[Span, Sequence[Constraint]], needed: Sequence[Span]) -> NothingWithin:
    """The error at constraints by their places, of which no architecture meets those at ``needed``; the last of these
    is the place."""
    some = Others(graph, [c for span in needed for c in groups[span]])
    # What is to be done has to leave an architecture within all others, too.
    every = some if len(needed) == len(groups) else Others(graph, [c for own in groups.values() for c in own])
    *before, place = needed
    facts: dict[Span, str] = {}
    ways: list[str] = []
    for span in needed:
        constraint, *more = groups[span]
        if more or not isinstance(constraint, CostConstraint):
            continue
        rest = [other for other in needed if other != span]
        near = some.nearest(constraint)
        if near:
            facts[span] = _fact(constraint, near, _quoted(rest) if span == place else _named(rest))
            ways += _ways(constraint, near if every is some else every.nearest(constraint))
    reason = "they exclude each other" + (f"; {facts[place]}" if place in facts else "")
    related = tuple(Label(s, f"{TOGETHER}: {facts[s]}" if s in facts else TOGETHER) for s in before)
    advice = f"there is an architecture with {', or with '.join(ways)}" if ways else ""
    return NothingWithin(place, graph.name, reason, related, advice=advice)


def between(graph: SpaceGraph, constraint: CostConstraint) -> str:
    """What is told of a range that falls between two costs, without any other constraint; "" where that is not
    known."""
    near = Others(graph, (constraint,)).nearest(constraint)
    return f"there is none {_between(constraint, near)}" if len(near) == 2 else ""


def _between(constraint: CostConstraint, near: Sequence[Nearest]) -> str:
    above, below = near
    ends = f"{below.cost:,} and {above.cost:,}"
    costs = f"depths of {ends}" if constraint.metric == "depth" else f"{ends} {constraint.metric}"
    return f"between {costs}{place_of(constraint)}"


def _named(others: Sequence[Span]) -> str:
    return "the other" if len(others) == 1 else THE_OTHERS


def _quoted(others: Sequence[Span]) -> str:
    """The other constraint for a message that stands by itself."""
    text = others[0].text
    return f"`{visible(text)}`" if len(others) == 1 and len(text) <= QUOTED and "\n" not in text else _named(others)


def _fact(constraint: CostConstraint, near: Sequence[Nearest], others: str) -> str:
    """How near what is within the others comes to a constraint."""
    where = place_of(constraint)
    deep = constraint.metric == "depth"
    if len(near) == 2:
        leave = "leaves" if others != THE_OTHERS else "leave"
        return f"{others} {leave} none {_between(constraint, near)}"
    (one,) = near
    if one.sign > 0:
        which, cost = "shallowest" if deep else "cheapest", f"{one.cost:,}{'' if one.exact else ' or more'}"
    else:
        which, cost = "deepest" if deep else "dearest", f"{'' if one.exact else 'no more than '}{one.cost:,}"
    return f"the {which} within {others} has {f'a depth of {cost}' if deep else f'{cost} {constraint.metric}'}{where}"


def _ways(constraint: CostConstraint, near: Sequence[Nearest]) -> Iterator[str]:
    """The constraint as it leaves an architecture, relaxed on the side where it takes less; nothing where that is not
    known."""
    known = {near.known: near.sign for near in near if near.known is not None}
    if not known:
        return
    cost = min(known, key=lambda cost: abs(cost - (_end(constraint, known[cost]) or 0)))
    low, high = (constraint.low, cost) if known[cost] > 0 else (cost, constraint.high)
    if low is None:
        bounded = f"<= {_written(high)}"
    elif high is None:
        bounded = f">= {_written(low)}"
    else:
        bounded = f"in {_written(low)}..{_written(high)}"
    yield f"`{constraint.metric} {bounded}`{place_of(constraint)}"


def _end(constraint: CostConstraint, sign: int) -> float | None:
    return constraint.high if sign > 0 else constraint.low


def _written(number: float | None) -> str:
    """A bound as it is written in a text."""
    assert number is not None, "it has both ends"
    if isinstance(number, int):
        return str(number)  # which no float may hold
    return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)
