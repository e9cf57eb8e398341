"""Smallest architectures for which a condition holds: those that messages name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice

from ..analysis.architecture import Architecture, answers_of, of_answers
from ..analysis.conditions import Conditions
from ..analysis.costs.additive import default_answers
from ..analysis.costs.limits import Limits
from ..analysis.costs.of_architecture import cost_constraints
from ..analysis.diagrams.elimination import INFINITE, Function, eliminate, ordering
from ..analysis.memo import once_per_graph
from ..analysis.validity import validity
from ..ir.diagram import Case, Guard, evaluate, inner_nodes, witness
from ..ir.graph import DecisionConstraint, SpaceGraph
from ..ops.registry import primitives_of
from .where.satisfiable import satisfiable

LATER = 1e-4
"""What an answer that is not the first one counts beside an active decision."""
LARGE = 5_000
"""Of conditions of so many nodes no smallest architecture is looked for by :func:`smallest_within`."""


def smallest(graph: SpaceGraph, condition: Guard) -> Architecture:
    """The smallest architecture for which a condition holds that some architecture meets.

    Constraints of the space are honoured where that is possible.
    """
    for allowed in (validity(graph)[0], _keeps(graph)):
        answers = _least(graph, condition, allowed)
        if answers is not None:
            return of_answers(graph, answers)
    # Too entangled for the smallest one: the first one.
    return of_answers(graph, {**default_answers(graph), **(witness(condition) or {})})


def smallest_within(graph: SpaceGraph, condition: Guard) -> tuple[Architecture, dict[int, int]] | None:
    """An architecture within the constraints of the space for which a condition holds, with answers to all variables:
    a smallest one, if constraints over costs allow that. None where there is none, or none is found."""
    allowed, complete = validity(graph)
    if not complete:
        return None
    nodes = chain.from_iterable(inner_nodes(case) for case in (*allowed, condition))
    answers = _least(graph, condition, allowed) if sum(1 for _ in islice(nodes, LARGE)) < LARGE else None
    if answers is None:  # there is none, or it is not known: the first one may do
        answers = {**default_answers(graph), **(witness(condition) or {})}
        if any(evaluate(function, answers) != 0 for function in allowed):
            return None
    if not Limits(graph, cost_constraints(graph)).admit(answers):
        holds = DecisionConstraint(frozenset(), condition, graph.span)
        found = satisfiable(replace(graph, constraints=(*graph.constraints, holds))).architecture
        if found is None:
            return None
        answers = {**default_answers(graph), **answers_of(graph, found)}
    return of_answers(graph, answers), answers


def _least(graph: SpaceGraph, condition: Guard, allowed: Sequence[Case]) -> dict[int, int] | None:
    """Answers to all variables that make the smallest architecture, or where that is too entangled, one with the fewest
    answers other than the first; None where none is allowed, or it is not known."""
    diagrams = graph.diagrams
    fixed = (*allowed, diagrams.ite(condition, 0, INFINITE))
    for sizes in (_sizes(graph), ()):
        functions = (*sizes, *_later(graph), *fixed)
        found = eliminate(diagrams, functions, ordering(diagrams, functions))
        answers = found.witness()
        if found.least == INFINITE:
            return None
        if answers is not None:
            return {**default_answers(graph), **answers}
    return None


@once_per_graph
def _sizes(graph: SpaceGraph) -> tuple[Function, ...]:
    """What the decisions add to the size of an architecture."""
    diagrams = graph.diagrams
    sizes: list[Function] = []
    conditions = Conditions(graph, primitives_of(graph), live=False)
    for decision in graph.open:
        active = conditions.active(decision.id)
        if active is not None:
            sizes.append(diagrams.ite(active, 1, 0))
    return tuple(sizes)


def _later(graph: SpaceGraph) -> list[Function]:
    """What answers other than the first add to the size of an architecture."""
    variables = [v for decision in graph.open for v in decision.variables]
    return [graph.diagrams.case(v, [LATER * (answer > 0) for answer in range(v.arity)]) for v in variables]


def _keeps(graph: SpaceGraph) -> list[Case]:
    return [graph.diagrams.ite(d.valid, 0, INFINITE) for d in graph.open if d.kind == "keep"]
