"""Whether `where` can be satisfied: yes, with an architecture; no, by bounds; or not known."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..analysis.architecture import Architecture, of_answers, violations
from ..analysis.circuits.of_space import circuits
from ..analysis.costs.additive import default_answers
from ..analysis.costs.limits import Limits
from ..analysis.costs.measures import depth_reach, figures, place_of
from ..analysis.costs.of_architecture import cost_constraints
from ..analysis.demand import active
from ..analysis.derivation.descent import Landed
from ..analysis.derivation.walk import Walk
from ..analysis.feasible import feasible
from ..analysis.memo import once_per_graph
from ..analysis.sums.nearly import Nearly
from ..analysis.sums.within import proposals
from ..diagnostics.budgets import NothingWithin, UnknownWithin
from ..diagnostics.model import Diagnostic, Label, SpaceError
from ..diagnostics.source import Span
from ..ir.graph import CostConstraint, DecisionConstraint, SpaceGraph

STEPS = 10_000
"""Looking for an architecture gives up after so many answers: about a second."""

FIRST_STEPS = 1_000
"""After so many, architectures are proposed that are nearly within the constraints, before it goes on."""

DRAWN = 20
"""So many architectures at random are looked at before a search."""

COUNTED = 2
"""Of so many parts of a space's constraints it is counted, where nothing else tells, whether they leave anything. Each
count takes a second or two at most."""

PROPOSED = 300
"""So many of these are looked at: about a second."""

EXCLUDED = "its constraints exclude each other"
"""What is said where a search has gone through everything."""

Constraint = CostConstraint | DecisionConstraint


@dataclass(frozen=True)
class Satisfiable:
    """An architecture within the constraints, or else what is wrong: an error (there is none) or a warning."""

    architecture: Architecture | None
    diagnostic: Diagnostic | None = None


@once_per_graph
def satisfiable(graph: SpaceGraph) -> Satisfiable:
    """Whether some architecture of ``graph`` is within its constraints."""
    known = _depths(graph)
    if known is not None:
        return Satisfiable(None, known)
    first = _first(graph)
    if first is not None and all(figures(graph, c, first).within(c) for c in cost_constraints(graph)):
        return Satisfiable(of_answers(graph, first))
    # What is asked of several is asked of the sums that are bounded, and of no other cost.
    limits = Limits(graph, cost_constraints(graph))
    for answers in _random(graph):
        if limits.admit(answers):
            return Satisfiable(of_answers(graph, answers))
    try:
        walk = Walk(graph)
        landed = walk.find(random.Random(0), limit=FIRST_STEPS)
        if landed.answers is None and not landed.all:
            proposed = _proposed(graph)
            if proposed is not None:
                return Satisfiable(of_answers(graph, proposed))
            landed = walk.find(random.Random(0), limit=STEPS)
    except SpaceError as error:
        (found,) = error.diagnostics
        assert isinstance(found, NothingWithin)
        return Satisfiable(None, _blamed(graph, found))
    if landed.answers is not None:
        return Satisfiable(of_answers(graph, landed.answers))
    span = next((c.span for c in cost_constraints(graph)), graph.span)
    if landed.all:
        return Satisfiable(None, _blamed(graph, NothingWithin(span, graph.name, EXCLUDED)))
    within, whole = feasible(graph, quick=True), circuits(graph).whole
    if within is not None and whole is not None:
        if within.count:
            return Satisfiable(of_answers(graph, within.unrank(0)))
        reason = f"each of the {whole.count} that there are without them breaks one"
        return Satisfiable(None, _blamed(graph, NothingWithin(span, graph.name, reason)))
    nearly = _nearly(graph)
    if nearly is not None and nearly.empty:
        return Satisfiable(None, _blamed(graph, NothingWithin(span, graph.name, EXCLUDED)))
    others = tuple(dict.fromkeys(c.span for c in cost_constraints(graph) if c.span != span))
    related = tuple(Label(other, "together with this") for other in others)
    return Satisfiable(None, UnknownWithin(span, graph.name, landed.steps, related))


@once_per_graph
def _nearly(graph: SpaceGraph) -> Nearly | None:
    return proposals(graph, cost_constraints(graph))


def _proposed(graph: SpaceGraph) -> Mapping[int, int] | None:
    """One of the architectures that are nearly within the constraints, if one of a few hundred is within them."""
    nearly = _nearly(graph)
    if nearly is None or nearly.empty:
        return None
    generator = random.Random(0)
    drawn = (nearly.draw(generator) for _ in range(PROPOSED))
    return next((answers for answers in drawn if answers is not None), None)


def _first(graph: SpaceGraph) -> dict[int, int] | None:
    """The first alternatives, where they are within the constraints over decisions. To see that an architecture is
    within all takes a thousandth of the time that bounds for a search do."""
    answers = default_answers(graph)
    asked = active(graph, answers).decisions
    if violations(graph, answers, asked):
        return None
    own = {v.index for id in asked for v in graph.decisions[id].variables}
    return {variable: answer for variable, answer in answers.items() if variable in own}


def _random(graph: SpaceGraph) -> Iterator[dict[int, int]]:
    """Some architectures at random, which takes no search either."""
    whole = circuits(graph).whole
    if whole is not None and whole.count:
        generator = random.Random(0)
        for _ in range(DRAWN):
            yield whole.draw(generator)


def _looked_for(graph: SpaceGraph) -> Landed:
    """Raises SpaceError where bounds exclude that there is an architecture."""
    return Walk(graph).find(random.Random(0), limit=STEPS)


def _depths(graph: SpaceGraph) -> NothingWithin | None:
    for constraint in cost_constraints(graph):
        if constraint.metric != "depth":
            continue
        low, high = depth_reach(graph, constraint)
        where = place_of(constraint)
        if constraint.high is not None and low > constraint.high:
            return NothingWithin(constraint.span, graph.name, f"the shallowest has a depth of {low} or more{where}")
        if constraint.low is not None and high < constraint.low:
            return NothingWithin(constraint.span, graph.name, f"the deepest has a depth of {high} or less{where}")
    return None


def _blamed(graph: SpaceGraph, found: NothingWithin) -> NothingWithin:
    """The same at the constraints that exclude each other: as few of them as are known to, of which the last one in
    the text is the place."""
    groups: dict[Span, list[Constraint]] = {}
    for constraint in graph.constraints:
        groups.setdefault(constraint.span, []).append(constraint)
    needed = list(groups)
    left = COUNTED
    if len(needed) > 1:
        for span in list(groups):
            rest = [s for s in needed if s != span]
            excluded, counted = _excluded(graph, [c for s in rest for c in groups[s]], left > 0)
            left -= counted
            if excluded:
                needed = rest
    place, others = needed[-1], needed[:-1]
    related = tuple(Label(span, "together with this") for span in others)
    reason = found.reason
    if len(needed) == 1 and (found.reason == EXCLUDED or isinstance(groups[place][0], DecisionConstraint)):
        reason = "every architecture breaks this one"
    elif others:
        reason = "they exclude each other"
    return NothingWithin(place, graph.name, reason, related)


def _excluded(graph: SpaceGraph, constraints: Sequence[Constraint], count: bool) -> tuple[bool, bool]:
    """Whether constraints are known to leave nothing, and whether that was counted, which is done with ``count``
    alone."""
    part = replace(graph, constraints=tuple(constraints))
    if _depths(part) is not None:
        return True, False
    try:
        landed = _looked_for(part)
    except SpaceError:
        return True, False
    if landed.answers is not None or landed.all or not count:
        return landed.all, False
    within = feasible(part, quick=True)
    return within is not None and within.count == 0, True
