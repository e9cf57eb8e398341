"""Mistakes that count only where some architecture asks for the node that they are in."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.diagram import DiagramTooLarge, Guard, witness
from .state import FaultRecord, State


def report_faults(state: State, outputs: Sequence[int] | None) -> None:
    """Reports the recorded faults that can happen.

    ``outputs``: the nodes that are demanded; None where that is not known (all count).
    """
    for fault in state.faults:
        found = _happens(state, fault, outputs)
        if found is not None:
            words, condition = found
            diagnostic = fault.make(words)
            state.report(diagnostic)
            if condition is not None:
                state.happened.append((diagnostic, condition))
    state.faults.clear()


def _happens(state: State, fault: FaultRecord, outputs: Sequence[int] | None) -> tuple[str, Guard | None] | None:
    """The words for an architecture that shows the fault, and the condition for one, if it is known; None where there
    is no such architecture."""
    try:
        demanded: Guard = True if outputs is None else _demand(state, fault.node, outputs)
        condition = state.diagrams.both(demanded, fault.condition)
        condition = state.diagrams.both(condition, state.valid(condition))
        answers = witness(condition)
        if answers is None:
            return None
        # The condition alone names the decisions that matter; those on the way to the node do not explain anything.
        own = witness(state.diagrams.both(fault.condition, state.valid(fault.condition))) or {}
        if any(answers.get(index, answer) != answer for index, answer in own.items()):
            own = answers
        return state.witness_words(own), condition
    except DiagramTooLarge:
        return "", None


def demand_of_decisions(state: State, ids: Sequence[int], outputs: Sequence[int]) -> dict[int, Guard]:
    """For each of these decisions, the condition under which evaluating the outputs asks for it.

    Such a condition does not hang on decisions that are not asked for themselves.
    """
    nodes, diagrams = state.builder.nodes, state.diagrams
    demand: dict[int, Guard] = dict.fromkeys(outputs, True)
    wanted: dict[int, Guard] = dict.fromkeys(ids, False)
    for node in reversed(nodes):
        here = demand.pop(node.id, False)
        if here is False:
            continue
        for ask in node.asks:
            if ask.decision in wanted:
                wanted[ask.decision] = diagrams.either(wanted[ask.decision], diagrams.both(here, ask.guard))
        for edge in node.edges:
            through = diagrams.both(here, edge.guard)
            demand[edge.source] = diagrams.either(demand.get(edge.source, False), through)
    return wanted


def _demand(state: State, target: int, outputs: Sequence[int]) -> Guard:
    """The condition under which some output demands ``target``."""
    nodes = state.builder.nodes
    leads = {target}
    for node in nodes[target + 1 :]:
        if any(e.source in leads and e.guard is not False for e in node.edges):
            leads.add(node.id)
    demand: dict[int, Guard] = {id: id in outputs for id in leads}
    for id in sorted(leads, reverse=True):
        here = demand[id]
        if here is False:
            continue
        for edge in nodes[id].edges:
            if edge.source in leads:
                through = state.diagrams.both(here, edge.guard)
                demand[edge.source] = state.diagrams.either(demand[edge.source], through)
    return demand[target]
