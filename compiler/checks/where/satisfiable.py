"""Whether `where` can be satisfied: yes, with an architecture; no, by bounds; or not known."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ...analysis.architecture import of_answers, violations
from ...analysis.circuits.of_space import circuits
from ...analysis.costs.additive import default_answers
from ...analysis.costs.limits import Limits
from ...analysis.costs.measures import figures
from ...analysis.costs.of_architecture import cost_constraints
from ...analysis.costs.space_bounds import known_within
from ...analysis.demand import active
from ...analysis.memo import once_per_graph
from ...ir.graph import SpaceGraph
from .depth_bounds import unreachable
from .verdict import Satisfiable

DRAWN = 20
"""So many architectures at random are looked at before a search."""


@once_per_graph
def satisfiable(graph: SpaceGraph) -> Satisfiable:
    """Whether some architecture of ``graph`` is within its constraints."""
    found = _satisfiable(graph)
    if found.architecture is not None:
        known_within(graph).append(found.architecture)
    return found


def _satisfiable(graph: SpaceGraph) -> Satisfiable:
    known = unreachable(graph)
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
    from .looking import looked_for  # with all that budgets are computed with, which few spaces need so far

    return looked_for(graph)


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
