"""Whether `where` can be satisfied: yes, with an architecture; no, by bounds; or not known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..analysis.architecture import Architecture, of_answers
from ..analysis.circuits.of_space import circuits
from ..analysis.costs.depth import depth_bounds
from ..analysis.costs.limits import Limits
from ..analysis.costs.of_architecture import cost_constraints
from ..analysis.derivation.derive import derive
from ..analysis.feasible import feasible
from ..diagnostics.budgets import NotFoundWithin, NothingWithin, UnknownWithin
from ..diagnostics.model import Diagnostic, Label, SpaceError
from ..diagnostics.source import Span
from ..ir.graph import CostConstraint, DecisionConstraint, SpaceGraph

STEPS = 300
"""The most steps of the search in order of how near architectures come."""
DRAWN = 100
"""How many architectures are drawn where that search found none."""

Constraint = CostConstraint | DecisionConstraint


@dataclass(frozen=True)
class Satisfiable:
    """An architecture within the constraints, or else what is wrong: an error (there is none) or a warning."""

    architecture: Architecture | None
    diagnostic: Diagnostic | None = None


def satisfiable(graph: SpaceGraph) -> Satisfiable:
    """Whether some architecture of ``graph`` is within its constraints."""
    known = _depths(graph)
    if known is not None:
        return Satisfiable(None, known)
    try:
        return Satisfiable(derive(graph, {}, limit=STEPS))
    except SpaceError as error:
        (found,) = error.diagnostics
    if isinstance(found, NothingWithin):
        return Satisfiable(None, _blamed(graph, found))
    assert isinstance(found, NotFoundWithin)
    within, whole = feasible(graph), circuits(graph).whole
    span = next((c.span for c in cost_constraints(graph)), graph.span)
    if within is not None and whole is not None:
        if within.count:
            return Satisfiable(of_answers(graph, within.unrank(0)))
        reason = f"each of the {whole.count} that there are without them breaks one"
        return Satisfiable(None, _blamed(graph, NothingWithin(span, graph.name, reason)))
    if whole is not None:
        limits, generator = Limits(graph, cost_constraints(graph)), random.Random(0)
        drawn = (whole.draw(generator) for _ in range(DRAWN))
        arch_answers = next((answers for answers in drawn if limits.admit(answers)), None)
        if arch_answers is not None:
            return Satisfiable(of_answers(graph, arch_answers))
    return Satisfiable(None, UnknownWithin(span, graph.name, STEPS + DRAWN))


def _depths(graph: SpaceGraph) -> NothingWithin | None:
    for constraint in cost_constraints(graph):
        if constraint.metric != "depth":
            continue
        low, high = depth_bounds(graph)
        if constraint.high is not None and low > constraint.high:
            return NothingWithin(constraint.span, graph.name, f"the shallowest has a depth of {low} or more")
        if constraint.low is not None and high < constraint.low:
            return NothingWithin(constraint.span, graph.name, f"the deepest has a depth of {high} or less")
    return None


def _blamed(graph: SpaceGraph, found: NothingWithin) -> NothingWithin:
    """The same at the constraints that exclude each other: a smallest set of them, of which the last one in the text
    is the place."""
    groups: dict[Span, list[Constraint]] = {}
    for constraint in graph.constraints:
        groups.setdefault(constraint.span, []).append(constraint)
    needed = list(groups)
    if len(needed) > 1:
        for span in list(groups):
            rest = [s for s in needed if s != span]
            if _excluded(graph, [c for s in rest for c in groups[s]]):
                needed = rest
    place, others = needed[-1], needed[:-1]
    related = tuple(Label(span, "together with this") for span in others)
    reason = found.reason
    if len(needed) == 1 and isinstance(groups[place][0], DecisionConstraint):
        reason = "every architecture breaks this one"
    elif others:
        reason = "they exclude each other"
    return NothingWithin(place, graph.name, reason, related)


def _excluded(graph: SpaceGraph, constraints: Sequence[Constraint]) -> bool:
    part = replace(graph, constraints=tuple(constraints))
    if _depths(part) is not None:
        return True
    within = feasible(part)
    if within is not None:
        return within.count == 0
    try:
        derive(part, {}, limit=STEPS)
    except SpaceError as error:
        return any(isinstance(d, NothingWithin) for d in error.diagnostics)
    return False
