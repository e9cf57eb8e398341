"""Answers made whole: what is asked for and not answered is drawn, what is not asked for any more goes."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...diagnostics.model import SpaceError
from ...ir.decisions import Decision
from ...ir.diagram import Diagram, Guard, evaluate
from ...ir.graph import DecisionConstraint, SpaceGraph
from ...ops.registry import primitives_of
from ..architecture import Architecture, answers_of, table_of
from ..conditions import Conditions
from ..costs.limits import Limits
from ..costs.of_architecture import cost_constraints
from ..demand import active, next_question
from ..memo import once_per_graph
from ..values import decode

if TYPE_CHECKING:  # drawing within budgets is much to import, and checks of searches only ask what may be changed
    from ..policies.completing import How

TRIES = 64
"""So many times what is newly asked for is drawn before what is within `where` is looked for in another way."""

Answers = Mapping[int, int]
"""Answers by the indices of variables; of architectures those to the active decisions, and no others."""


class Completion:
    """Does for answers what :func:`..policies.completing.complete` does for values, with the same probabilities, many
    thousand times a second where little is newly asked for.

    With budgets whose sums are not known, what is not found in :data:`TRIES` draws counts as not there.
    """

    def __init__(self, graph: SpaceGraph, how: How) -> None:
        self.graph, self.how = graph, how
        self._asked = asked(graph)
        self._limits = Limits(graph, cost_constraints(graph))
        self._conditions = [
            ([v.index for id in c.needs for v in graph.decisions[id].variables[:1]], c.condition)
            for c in graph.constraints
            if isinstance(c, DecisionConstraint) and not any(graph.decisions[id].trivial for id in c.needs)
        ]
        """For each constraint over decisions the variables that tell whether these are active, and what must hold."""
        self._table = table_of(graph)

    def architecture(self, answers: Answers) -> Architecture:
        """The architecture behind the answers to its active decisions."""
        decisions = self.graph.decisions
        ids = dict.fromkeys(self.graph.deciding[variable].id for variable in sorted(answers))
        values = {decisions[id].path: decode(decisions[id], answers) for id in sorted(ids)}
        return Architecture(values, self._table)

    def answers(self, arch: Architecture) -> dict[int, int]:
        return answers_of(self.graph, arch)

    def complete(self, answers: Answers, generator: random.Random) -> dict[int, int] | None:
        """The answers of an architecture within `where` that has these wherever it asks for them. None where there is
        no such architecture."""
        found, fresh = self._answered(answers, generator if self.how == "even" else None)
        if not fresh:
            return found if self._admits(found) else None
        if self.how == "even":
            if self._admits(found):
                return found
            for _ in range(TRIES - 1):
                found, _ = self._answered(answers, generator)
                if self._admits(found):
                    return found
            if self._limits.constraints and not _in_order(self.graph):
                return None
        return self._exactly(answers, generator)

    def _exactly(self, answers: Answers, generator: random.Random) -> dict[int, int] | None:
        from ..policies.completing import policy

        deciding = self.graph.deciding
        decisions = {deciding[variable].id: deciding[variable] for variable in answers}
        held = {decision.path: decode(decision, answers) for decision in decisions.values()}
        try:
            drawn = policy(self.graph, self.how, held).draw(generator.getrandbits(63))
        except SpaceError:
            return None
        return answers_of(self.graph, drawn)

    def _answered(self, given: Answers, generator: random.Random | None) -> tuple[dict[int, int], bool]:
        """The answers to what is asked for, and whether one had to be drawn; without a generator none is."""
        answers, fresh = dict(given), False
        if self._asked is None:
            while (decision := next_question(self.graph, answers)) is not None:
                fresh = True
                if generator is None:
                    return answers, fresh
                answers.update(evenly(decision, generator))
            found = active(self.graph, answers).decisions
            own = {v.index for id in found for v in self.graph.decisions[id].variables}
            return {variable: answer for variable, answer in answers.items() if variable in own}, fresh
        kept: dict[int, int] = {}
        waiting = self._asked
        while waiting:
            later = []
            for condition, decisions in waiting:
                try:
                    here = condition is True or evaluate(condition, answers) is True
                except KeyError:
                    later.append((condition, decisions))
                    continue
                if not here:
                    continue
                for decision in decisions:
                    if decision.variables[0].index not in answers:
                        fresh = True
                        if generator is None:
                            return answers, fresh
                        answers.update(evenly(decision, generator))
                    for variable in decision.variables:
                        kept[variable.index] = answers[variable.index]
            assert len(later) < len(waiting), "decisions are asked for in some order"
            waiting = later
        return kept, fresh

    def _admits(self, answers: Answers) -> bool:
        """Whether an architecture is within `where`."""
        for needed, condition in self._conditions:
            if all(variable in answers for variable in needed) and evaluate(condition, answers) is not True:
                return False
        return not self._limits.constraints or self._limits.admit(answers)


def _in_order(graph: SpaceGraph) -> bool:
    """Whether what is within all constraints is known by a circuit or a list."""
    from ..circuits.circuit import Circuit
    from ..circuits.patience import SOME_TENTHS
    from ..costs.listing import Listing
    from ..feasible import feasible

    return isinstance(feasible(graph, SOME_TENTHS), (Circuit, Listing))


def evenly(decision: Decision, generator: random.Random) -> dict[int, int]:
    """Answers to a decision by itself: each alternative, each number, each allowed set of elements alike."""
    if decision.kind != "keep":
        (variable,) = decision.variables
        return {variable.index: generator.randrange(variable.arity)}
    elements = len(decision.variables)
    low, high = decision.sizes or (0, elements)
    sizes = range(low, high + 1)
    (size,) = generator.choices(sizes, [math.comb(elements, size) for size in sizes])
    kept = set(generator.sample(range(elements), size))
    return {v.index: int(place in kept) for place, v in enumerate(decision.variables)}


@once_per_graph
def asked(graph: SpaceGraph) -> list[tuple[Guard, tuple[Decision, ...]]] | None:
    """The decisions of a space by the conditions under which they are active, in an order in which few have to wait
    for others; None where one of these is not known."""
    conditions = Conditions(graph, primitives_of(graph), live=False)
    found: dict[object, tuple[Guard, list[Decision]]] = {}
    for decision in graph.open:
        condition = conditions.active(decision.id)
        if condition is None:
            return None
        key = condition.uid if isinstance(condition, Diagram) else str(condition)
        found.setdefault(key, (condition, []))[1].append(decision)
    return [(condition, tuple(decisions)) for condition, decisions in found.values()]
