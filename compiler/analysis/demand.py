"""The demand walk: which nodes and decisions of a space evaluating its outputs asks for, given answers."""

from __future__ import annotations

from collections.abc import Mapping

from ..ir.decisions import Decision
from ..ir.diagram import Guard, evaluate
from ..ir.graph import Edge, SpaceGraph
from ..record import record


@record
class Demand:
    """What the outputs demand. ``decisions``: ids of the active decisions in the order in which they are asked for;
    ``unanswered``: those of them that lack an answer (what depends on these is left out); ``nodes``: demanded nodes."""

    decisions: tuple[int, ...]
    unanswered: tuple[int, ...]
    nodes: frozenset[int]


def active(graph: SpaceGraph, answers: Mapping[int, int]) -> Demand:
    """Walk from the outputs under ``answers`` (variable index → answer), depth first and from left to right."""
    return _walk(graph, answers, stop=False)


def next_question(graph: SpaceGraph, answers: Mapping[int, int]) -> Decision | None:
    """The first decision that evaluation asks for and ``answers`` does not settle; None when all are settled."""
    unanswered = _walk(graph, answers, stop=True).unanswered
    return graph.decisions[unanswered[0]] if unanswered else None


def holds(guard: Guard, answers: Mapping[int, int]) -> bool | None:
    """Whether the guard holds; None when it depends on a variable without an answer."""
    if guard is True or guard is False:
        return guard
    try:
        return evaluate(guard, answers) is True
    except KeyError:
        return None


def _walk(graph: SpaceGraph, answers: Mapping[int, int], stop: bool) -> Demand:
    seen: set[int] = set()
    asked: dict[int, None] = {}
    unanswered: list[int] = []
    # Edges are put on the stack with their guards, which are looked at only when their turn comes: everything that is
    # asked for on the way there is known by then.
    stack = [Edge(id) for _, id in reversed(graph.outputs)]
    while stack:
        edge = stack.pop()
        if edge.source in seen or not holds(edge.guard, answers):
            continue
        node = graph.nodes[edge.source]
        seen.add(node.id)
        for ask in node.asks:
            decision = graph.decisions[ask.decision]
            if decision.trivial or decision.id in asked or not holds(ask.guard, answers):
                continue
            asked[decision.id] = None
            if any(v.index not in answers for v in decision.variables):
                unanswered.append(decision.id)
                if stop:
                    return Demand(tuple(asked), tuple(unanswered), frozenset(seen))
        stack.extend(reversed(node.edges))
    return Demand(tuple(asked), tuple(unanswered), frozenset(seen))
