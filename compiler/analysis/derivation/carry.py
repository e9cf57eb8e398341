"""Whether architectures of one space are architectures of another: a larger sibling in which the result is trained."""

from __future__ import annotations

from collections.abc import Mapping

from ...diagnostics.source import Span
from ...ir.decisions import Decision
from ...ir.diagram import Diagram, Guard
from ...ir.graph import Edge, SpaceGraph
from ...record import record


@record
class Difference:
    """One decision in the way. ``here``: where the searched space makes it, ``there``: where the other one does."""

    path: str
    text: str
    here: Span | None
    there: Span | None


def differences(searched: SpaceGraph, other: SpaceGraph) -> tuple[Difference, ...]:
    """What keeps architectures of ``searched`` from being architectures of ``other``, in the order of the decisions.

    Every decision of ``searched`` must be one of ``other``, of the same kind, and may take the same values there;
    ``other`` may have further alternatives, and further decisions as long as nothing asks for them under the values
    that ``searched`` has. (Constraints of ``other`` are not looked at.)
    """
    mine, theirs = {d.path: d for d in searched.open}, {d.path: d for d in other.open}
    found: list[Difference] = []
    for path, decision in mine.items():
        twin = theirs.get(path)
        if twin is None:
            site = other.by_path.get(path)
            reason = "can come out in one way only" if site is not None and site.trivial else "is missing"
            found.append(
                Difference(path, f"`{path}` {reason} in `{other.name}`", decision.span, site.span if site else None)
            )
        else:
            reason = _differs(decision, twin)
            if reason:
                text = f"`{path}` {reason} in `{other.name}`"
                found.append(Difference(path, text, decision.span, twin.span))
    new = [d for path, d in theirs.items() if path not in mine]
    if new:
        asked = _asked(other, {path: twin for path, twin in theirs.items() if path in mine}, mine)
        found += [
            Difference(d.path, f"`{d.path}` is decided in `{other.name}` alone", None, d.span)
            for d in new
            if d.id in asked
        ]
    return tuple(found)


def _differs(decision: Decision, twin: Decision) -> str:
    """In what way values of ``decision`` are none of ``twin``, "" if all are."""
    if decision.kind != twin.kind:
        return f"is a {decision.kind}, but a {twin.kind}"
    lost = [option for option in decision.options if option not in twin.options]
    if lost:
        named = ", ".join(lost[:6]) + (", …" if len(lost) > 6 else "")
        word = {"keep": "place", "count": "number"}.get(decision.kind, "alternative")
        return f"has no {word} {named}"
    if decision.sizes is not None and twin.sizes is not None:
        (low, high), (least, most) = decision.sizes, twin.sizes
        if low < least or high > most:
            return f"keeps {_many(low, high)}, but {_many(least, most)}"
    return ""


def _many(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"


def _asked(graph: SpaceGraph, twins: Mapping[str, Decision], mine: Mapping[str, Decision]) -> set[int]:
    """The ids of the decisions that may be asked for when those of ``twins`` take values that ``mine`` have."""
    allowed: dict[int, frozenset[int]] = {}
    for path, twin in twins.items():
        if twin.kind == "keep":
            beyond = range(len(mine[path].options), len(twin.options))
            allowed |= {twin.variables[i].index: frozenset({0}) for i in beyond}
        else:
            here = mine[path].options
            allowed[twin.variables[0].index] = frozenset(i for i, o in enumerate(twin.options) if o in here)
    memo: dict[int, bool] = {}

    def possible(guard: Guard) -> bool:
        if type(guard) is not Diagram:
            return guard is True
        if guard.uid not in memo:
            answers = allowed.get(guard.variable.index)
            kids = guard.children if answers is None else [guard.children[a] for a in sorted(answers)]
            memo[guard.uid] = any(possible(kid) for kid in kids)
        return memo[guard.uid]

    seen: set[int] = set()
    asked: set[int] = set()
    stack = [Edge(id) for _, id in graph.outputs]
    while stack:
        edge = stack.pop()
        if edge.source in seen or not possible(edge.guard):
            continue
        seen.add(edge.source)
        node = graph.nodes[edge.source]
        asked |= {ask.decision for ask in node.asks if possible(ask.guard)}
        stack.extend(node.edges)
    return asked
