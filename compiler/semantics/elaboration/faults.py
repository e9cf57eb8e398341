"""Mistakes that count only where some architecture asks for the node that they are in."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from ...diagnostics.model import Diagnostic
from ...ir.diagram import DiagramTooLarge, Guard, TooManySteps, support, witness
from ...ir.graph import CostConstraint, DecisionConstraint
from .state.mistakes import FaultRecord
from .state.state import State


def report_faults(
    state: State, outputs: Sequence[int] | None, where: Sequence[CostConstraint | DecisionConstraint] = ()
) -> None:
    """Reports the recorded faults that can happen.

    ``outputs``: the nodes that are demanded; None where that is not known (all count). ``where``: the constraints of
    the space; an architecture that they exclude is none of the space, and shows no fault.
    """
    met = state.mistakes.faults or state.mistakes.unsettled
    bounds = _Bounds(state, where, outputs) if met and outputs is not None else None
    allowed = bounds.allowed() if bounds is not None else True

    # What such a mistake depends on was asked for where it was met, whether or not an output asks for its place.
    def left(condition: Guard) -> Guard:
        found = bounds.allowed(condition) if bounds is not None else True
        # Keeps in constraints, and on the way to what constraints are about, keep what they may.
        return state.diagrams.both(found, state.decided.valid_where_any(found))

    state.mistakes.settle(left)
    told: set[Hashable] = set()
    for fault in state.mistakes.faults:
        # Once the mistake of a text has been told for a way to it, the other iterations on that way add nothing.
        kind = fault.make("", {})
        way = (kind.code, kind.span, tuple([call.span for call in fault.calls]))
        if way in told:
            continue
        found = _happens(state, fault, outputs, allowed)
        if found is not None:
            told.add(way)
            own, answers, condition = found
            diagnostic = replace(
                fault.make(state.mistakes.witness_words(own), answers), deciders=state.mistakes.deciders(own)
            )
            state.report(diagnostic, fault.calls)
            if condition is not None:
                state.mistakes.happened.append((diagnostic, condition))
    state.mistakes.faults.clear()


class _Bounds:
    """What the constraints over decisions leave; each binds only where all that it is about is asked for."""

    def __init__(
        self, state: State, where: Sequence[CostConstraint | DecisionConstraint], outputs: Sequence[int]
    ) -> None:
        self._diagrams = state.diagrams
        self._bound = [c for c in where if isinstance(c, DecisionConstraint)]
        self._demand: dict[int, Guard] = {}
        if self._bound:
            try:
                needed = sorted({id for c in self._bound for id in c.needs})
                self._demand = demand_of_decisions(state, needed, outputs)
            except DiagramTooLarge:
                self._bound = []

    def allowed(self, asked: Guard = True) -> Guard:
        """``asked``: a condition whose decisions are asked for in any case."""
        diagrams, certain = self._diagrams, {v.decision for v in support(asked)}
        try:
            return diagrams.all(
                diagrams.either(
                    c.condition,
                    diagrams.negate(diagrams.all(self._demand[id] for id in sorted(c.needs - certain))),
                )
                for c in self._bound
            )
        except DiagramTooLarge:
            return True


def _happens(
    state: State, fault: FaultRecord, outputs: Sequence[int] | None, allowed: Guard
) -> tuple[dict[int, int], dict[int, int], Guard | None] | None:
    """Of an architecture that shows the fault: the answers that explain it, all that lead there, and the condition for
    that, if it is known. None where none shows it."""
    try:
        demanded: Guard = True if outputs is None else _demand(state, fault.node, outputs)
        condition = state.diagrams.all((demanded, fault.condition, allowed))
        condition = state.diagrams.both(condition, state.decided.valid(condition))
        answers = witness(condition)
        if answers is None:
            return None
        # The condition alone names the decisions that matter; those on the way to the node do not explain anything.
        own = witness(state.diagrams.both(fault.condition, state.decided.valid(fault.condition))) or {}
        if any(answers.get(index, answer) != answer for index, answer in own.items()):
            own = answers
        elif allowed is not True:
            own = {v.index: answers[v.index] for v in support(fault.condition) if v.index in answers}
        return own, answers, condition
    except TooManySteps:
        raise
    except DiagramTooLarge:
        return {}, {}, None


def demanded(
    state: State, shown: Sequence[tuple[Diagnostic, Guard]], outputs: Sequence[int]
) -> list[tuple[Diagnostic, Guard]]:
    """Mistakes with the conditions for them, where what these depend on is asked for, if that is so anywhere."""
    found = []
    for diagnostic, condition in shown:
        try:
            ids = sorted({v.decision for v in support(condition)})
            asked = state.diagrams.all(demand_of_decisions(state, ids, outputs).values())
            inside = state.diagrams.both(condition, asked)
        except DiagramTooLarge:
            inside = condition
        found.append((diagnostic, condition if witness(inside) is None else inside))
    return found


def demand_of_decisions(state: State, ids: Sequence[int], outputs: Sequence[int]) -> dict[int, Guard]:
    """For each of these decisions, the condition under which evaluating the outputs asks for it.

    Such a condition does not depend on decisions that are not asked for themselves.
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
    """The condition under which some output demands ``target``, or something needs a shape that it is part of."""
    nodes, diagrams = state.builder.nodes, state.diagrams
    read: dict[int | None, list[tuple[int, Guard]]] = {}
    for reader, source, guard in state.mistakes.read:
        read.setdefault(reader, []).append((source, guard))

    def sources(id: int) -> list[tuple[int, Guard]]:
        return [*((e.source, e.guard) for e in nodes[id].edges), *read.get(id, ())]

    leads = {target}
    for node in nodes[target + 1 :]:
        if any(source in leads and guard is not False for source, guard in sources(node.id)):
            leads.add(node.id)
    demand: dict[int, Guard] = {id: id in outputs for id in leads}
    for source, guard in read.get(None, ()):
        if source in leads:
            demand[source] = diagrams.either(demand[source], guard)
    for id in sorted(leads, reverse=True):
        here = demand[id]
        if here is False:
            continue
        for source, guard in sources(id):
            if source in leads:
                demand[source] = diagrams.either(demand[source], diagrams.both(here, guard))
    return demand[target]
