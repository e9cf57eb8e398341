"""Reads switches, gates and reduces as weighted sums: which weight multiplies which source."""

from __future__ import annotations

from ..ir.decisions import Decision
from ..ir.diagram import Case, Diagram, Guard, Variable, support
from ..ir.graph import Edge, Node, SpaceGraph


def answer_of(guard: Guard) -> tuple[Variable, int] | None:
    """The variable and answer if ``guard`` is just ``variable == answer``."""
    if type(guard) is not Diagram:
        return None
    true = [i for i, child in enumerate(guard.children) if child is True]
    if len(true) == 1 and all(_false(child) for i, child in enumerate(guard.children) if i != true[0]):
        return guard.variable, true[0]
    return None


def _false(case: Case) -> bool:
    return case is False


def decision_of(graph: SpaceGraph, node: Node) -> Decision | None:
    """The decision that a node realises, or else the one whose options alone decide a switch, such as one over a
    number's values."""
    if node.decision is not None:
        return graph.decisions[node.decision]
    if node.kind != "switch":
        return None
    answers = [answer_of(edge.guard) for edge in node.edges]
    found = {graph.deciding[answer[0].index].id if answer else None for answer in answers}
    id = found.pop() if len(found) == 1 else None
    return graph.decisions[id] if id is not None else None


def weighted_edges(graph: SpaceGraph, node: Node, keeps: bool) -> tuple[Edge, ...]:
    """The edges of a switch, gate or reduce whose sources are multiplied by weights. ``keeps``: whether elements of
    keeps have any."""
    decision = decision_of(graph, node)
    if (node.kind == "reduce" and node.op == "concat") or not node.edges:
        return ()
    is_keep = decision is not None and decision.kind == "keep"
    if keeps or not is_keep:
        is_site = is_keep and decision is not None and decision.trivial
        if is_site or options_of(node, decision) is not None:
            return node.edges
    return tuple(e for e in node.edges if any(keeps or v.element is None for v in support(e.guard)))


def options_of(node: Node, decision: Decision | None) -> dict[int, int] | None:
    """Option → source if each edge is there just when its option of ``decision`` is taken; else None."""
    if decision is None or decision.kind == "gate":
        return None
    found: dict[int, int] = {}
    for edge in node.edges:
        if decision.kind == "keep":
            option = _place(edge) if decision.trivial else _element(edge, decision)
        else:
            answer = answer_of(edge.guard)
            option = answer[1] if answer and answer[0] in decision.variables else None
        if option is None or option in found:
            return None
        found[option] = edge.source
    return found


def _place(edge: Edge) -> int | None:
    """The place in a site, of an element that is there whatever is decided."""
    return edge.option if edge.guard is True else None


def _element(edge: Edge, decision: Decision) -> int | None:
    answer = answer_of(edge.guard)
    if answer is None or answer[1] != 1 or answer[0] not in decision.variables:
        return None
    return decision.variables.index(answer[0])
