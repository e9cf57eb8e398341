"""Looking for an architecture within `where`, and for what is to blame where there is none."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from ...analysis.architecture import of_answers
from ...analysis.circuits.of_space import circuits
from ...analysis.circuits.patience import VERDICT
from ...analysis.costs.of_architecture import cost_constraints
from ...analysis.derivation.descent import Landed
from ...analysis.derivation.walk import Walk
from ...analysis.feasible import feasible
from ...analysis.memo import once_per_graph
from ...analysis.sums.nearly import Nearly
from ...analysis.sums.within import proposals
from ...diagnostics.budgets import NothingWithin, UnknownWithin
from ...diagnostics.model import Label, SpaceError
from ...diagnostics.source import Span
from ...ir.decisions import Decision
from ...ir.graph import CostConstraint, DecisionConstraint, SpaceGraph
from .depth_bounds import unreachable
from .nearest import Constraint
from .together import between, together
from .verdict import Satisfiable

STEPS = 10_000
"""Looking for an architecture gives up after so many answers: about a second."""

FIRST_STEPS = 1_000
"""After so many, budgets of several costs are weighed together, which takes as long as some ten thousand."""

SECOND_STEPS = 1_000
"""After so many, architectures are proposed that are nearly within the constraints, before it goes on."""

PAIRED = 5
"""Of up to so many constraints it is looked for two that exclude each other."""

COUNTED = 2
"""Of so many parts of a space's constraints it is counted, where nothing else tells, whether they leave anything."""

PROPOSED = 300
"""So many of these are looked at: about a second."""

EXCLUDED = "its constraints exclude each other"
"""What is said where a search has gone through everything."""

BROKEN = "every architecture breaks this one"
"""And where that is one constraint."""

DECISIONS = 2
OPTIONS = 8
"""So many decisions, and alternatives of each, are named."""


def looked_for(graph: SpaceGraph) -> Satisfiable:
    """What a search says, or counting, or architectures that are nearly within the constraints."""
    try:
        walk = Walk(graph, weighed=False)
        landed = walk.find(random.Random(0), limit=FIRST_STEPS)
        if landed.answers is None and not landed.all:
            walk.weigh()
            landed = walk.find(random.Random(0), limit=SECOND_STEPS)
        if landed.answers is None and not landed.all:
            nearly = _nearly(graph)
            if nearly is not None and nearly.empty:
                return Satisfiable(None, _blamed(graph, NothingWithin(_place(graph), graph.name, EXCLUDED)))
            proposed = None if nearly is None else nearly.first(random.Random(0), PROPOSED)
            if proposed is not None:
                return Satisfiable(of_answers(graph, proposed))
            landed = walk.find(random.Random(0), limit=STEPS)
    except SpaceError as error:
        (found,) = error.diagnostics
        assert isinstance(found, NothingWithin)
        return Satisfiable(None, _blamed(graph, found))
    if landed.answers is not None:
        return Satisfiable(of_answers(graph, landed.answers))
    span = _place(graph)
    if landed.all:
        return Satisfiable(None, _blamed(graph, NothingWithin(span, graph.name, EXCLUDED)))
    within, whole = feasible(graph, VERDICT), circuits(graph).whole
    if within is not None and whole is not None:
        if within.count:
            return Satisfiable(of_answers(graph, within.unrank(0)))
        reason = f"each of the {whole.count:,} that there are without them breaks one"
        return Satisfiable(None, _blamed(graph, NothingWithin(span, graph.name, reason)))
    others = tuple(dict.fromkeys(c.span for c in cost_constraints(graph) if c.span != span))
    related = tuple(Label(other, "together with this") for other in others)
    return Satisfiable(None, UnknownWithin(span, graph.name, landed.steps, related))


def _place(graph: SpaceGraph) -> Span:
    return next((c.span for c in cost_constraints(graph)), graph.span)


@once_per_graph
def _nearly(graph: SpaceGraph) -> Nearly | None:
    return proposals(graph, cost_constraints(graph))


def _landed(graph: SpaceGraph, steps: int = STEPS) -> Landed:
    """Raises SpaceError where bounds exclude that there is an architecture."""
    return Walk(graph).find(random.Random(0), limit=steps)


def _blamed(graph: SpaceGraph, found: NothingWithin) -> NothingWithin:
    """The same at the constraints that exclude each other: as few of them as are known to, of which the last one in
    the text is the place. Where one of them is excluded by itself, it is the place, and what is told is of it alone."""
    groups: dict[Span, list[Constraint]] = {}
    for constraint in graph.constraints:
        groups.setdefault(constraint.span, []).append(constraint)
    needed = _tightest(groups)
    if found.span in needed and found.reason != EXCLUDED and len(needed) > 1:
        alone, _ = _excluded(graph, groups[found.span], False)
        needed = [found.span] if alone else needed
    needed = _two(graph, groups, needed)
    left = COUNTED
    if len(needed) > 1:
        for span in list(needed):
            rest = [s for s in needed if s != span]
            excluded, counted = _excluded(graph, [c for s in rest for c in groups[s]], left > 0)
            left -= counted
            if excluded:
                needed = rest
    place, others = needed[-1], needed[:-1]
    if others:
        return together(graph, groups, needed)
    reason = found.reason
    if isinstance(groups[place][0], DecisionConstraint):
        reason = BROKEN
    elif len(groups) > 1:
        reason = _excluded(graph, groups[place], False)[0] or BROKEN
    if reason in (BROKEN, EXCLUDED):
        first, *more = groups[place]
        known = between(graph, first) if isinstance(first, CostConstraint) and not more else ""
        reason = f"{BROKEN}; {known}" if known else BROKEN
    return NothingWithin(place, graph.name, reason, advice=_advice(graph, groups[place]))


def _two(graph: SpaceGraph, groups: Mapping[Span, Sequence[Constraint]], places: list[Span]) -> list[Span]:
    """Two of these places whose constraints exclude each other, where bounds or few steps tell; else all of them. (Of
    three, leaving one after the other out finds two as well.)"""
    if not 3 < len(places) <= PAIRED:
        return places
    for pair in combinations(places, 2):
        if _excluded(graph, [c for span in pair for c in groups[span]], False, FIRST_STEPS)[0]:
            return list(pair)
    return places


def _tightest(groups: Mapping[Span, Sequence[Constraint]]) -> list[Span]:
    """The places of constraints without those that another one implies, a tighter budget of the same cost; of equal
    ones the first stays."""
    kept: list[Span] = []
    for span, own in groups.items():
        if not any(_implies(groups[other], own) for other in kept):
            kept = [other for other in kept if not _implies(own, groups[other])] + [span]
    return kept


def _implies(tight: Sequence[Constraint], loose: Sequence[Constraint]) -> bool:
    """Whether what is within one budget is within the other."""
    if len(tight) != 1 or len(loose) != 1:
        return False
    (one,), (other,) = tight, loose
    if not isinstance(one, CostConstraint) or not isinstance(other, CostConstraint):
        return False
    if (one.metric, one.other) != (other.metric, other.other):
        return False
    (low, high), (least, most) = _range(one), _range(other)
    return low >= least and high <= most


def _range(constraint: CostConstraint) -> tuple[float, float]:
    low = -math.inf if constraint.low is None else constraint.low
    return low, math.inf if constraint.high is None else constraint.high


def _advice(graph: SpaceGraph, instances: Sequence[Constraint]) -> str:
    """What to do about a constraint that every architecture breaks by itself."""
    ids = sorted({id for c in instances if isinstance(c, DecisionConstraint) for id in c.needs})
    if ids:
        own = [_values(decision) for decision in (graph.decisions[id] for id in ids) if not decision.trivial]
        shown = ", ".join(dict.fromkeys(own[:DECISIONS])) + (", …" if len(own) > DECISIONS else "")
        return f"relax the constraint: {shown}" if shown else "relax the constraint"
    first = instances[0]
    if isinstance(first, CostConstraint) and first.low is not None and first.low == first.high:
        return f"few costs come out at exactly one number: write a range, `{first.metric} in LEAST..MOST`"
    return ""


def _values(decision: Decision) -> str:
    """What a decision may be, in words."""
    if decision.kind == "keep":
        return f"`{decision.path}` is a keep of {len(decision.options)} elements"
    names = ", ".join(decision.options[:OPTIONS]) + (", …" if len(decision.options) > OPTIONS else "")
    return f"`{decision.path}` takes {names}"


def _excluded(
    graph: SpaceGraph, constraints: Sequence[Constraint], count: bool, steps: int = STEPS
) -> tuple[str, bool]:
    """Why constraints leave nothing, "" where they are not known to, and whether that was counted, which is done with
    ``count`` alone."""
    part = replace(graph, constraints=tuple(constraints))
    deep = unreachable(part)
    if deep is not None:
        return deep.reason, False
    try:
        landed = _landed(part, steps)
    except SpaceError as error:
        (found,) = error.diagnostics
        assert isinstance(found, NothingWithin)
        return found.reason, False
    if landed.answers is not None or landed.all or not count:
        return EXCLUDED if landed.all else "", False
    within = feasible(part, VERDICT)
    return EXCLUDED if within is not None and within.count == 0 else "", True
