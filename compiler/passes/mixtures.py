"""Reads switches and reduces as weighted sums: which source an option's weight multiplies."""

from __future__ import annotations

from ..ir.decisions import Decision
from ..ir.diagram import Case, Diagram, Guard, Variable
from ..ir.graph import Edge, Node


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


def options_of(node: Node, decision: Decision | None) -> dict[int, int] | None:
    """Option → source if each edge is there just when its option of ``decision`` is taken; else None."""
    if decision is None or decision.kind == "gate":
        return None
    found: dict[int, int] = {}
    for edge in node.edges:
        if decision.kind == "keep":
            option = edge.option if decision.trivial else _element(edge, decision)
        else:
            answer = answer_of(edge.guard)
            option = answer[1] if answer and answer[0] in decision.variables else None
        if option is None or option in found:
            return None
        found[option] = edge.source
    return found


def _element(edge: Edge, decision: Decision) -> int | None:
    answer = answer_of(edge.guard)
    if answer is None or answer[1] != 1 or answer[0] not in decision.variables:
        return None
    return decision.variables.index(answer[0])
