"""The architectures that a search prefers most within constraints over costs, exactly, for many constraints at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...ir.graph import CostConstraint, SpaceGraph
from ..circuits.circuit import Circuit
from ..circuits.of_space import circuits
from ..costs.additive import AdditiveCost, default_answers
from ..costs.limits import Limits
from ..costs.listing import LISTED
from ..costs.measures import measure_of, place_of
from ..costs.of_architecture import cost_constraints
from ..costs.space_bounds import binding
from ..costs.table import Table
from ..policies.rows import NEVER
from ..sums.bests import UNIT, Preference, bests, near_bests
from ..sums.within import exactly_summed

Known = Mapping[int, Mapping[int, int] | None]
"""By place of what was asked: the answers, None where there is nothing. What is missing is not known."""


def exactly(
    graph: SpaceGraph,
    preference: Preference,
    each: Sequence[Sequence[CostConstraint]] = ((),),
    combined: bool = True,
) -> Known:
    """For each of some further constraints over costs the answers of the architecture with the greatest score within
    them and within all constraints of the space. ``combined``: see :func:`..sums.bests.bests`; without it, each cost is
    looked at by itself, and several that all matter together for about half a second."""
    whole, own = circuits(graph).whole, cost_constraints(graph)
    if whole is None:
        return {}
    if not whole.count:
        return dict.fromkeys(range(len(each)))
    asked = [(*own, *further) for further in each]
    if _listed(graph, whole, [c for constraints in asked for c in constraints]):
        return _one_by_one(graph, whole, preference, asked)
    found: dict[int, Mapping[int, int] | None] = {}
    left: dict[int, tuple[CostConstraint, ...]] = {}
    for place, constraints in enumerate(asked):
        bound = binding(graph, constraints)
        if bound is None:
            found[place] = None
        else:
            left[place] = bound
    known = bests(graph, list(left.values()), preference, combined)
    for at, place in enumerate(left):
        if at in known:
            best = known[at]
            found[place] = None if best is None else best.answers
    return found


def nearly(
    graph: SpaceGraph, preference: Preference, each: Sequence[Sequence[CostConstraint]]
) -> Mapping[int, tuple[Mapping[int, int] | None, bool]]:
    """The same where :func:`exactly` does not know, since one cost has too many different sums: answers within the
    constraints, None where none were found, and whether that is certainly what there is. In some seconds."""
    found = {}
    own = cost_constraints(graph)
    left = {
        place: bound
        for place, further in enumerate(each)
        if circuits(graph).whole is not None and (bound := binding(graph, (*own, *further)))
    }
    for at, (best, certain) in near_bests(graph, list(left.values()), preference).items():
        found[list(left)[at]] = (None if best is None else best.answers, certain)
    return found


def in_the_way(graph: SpaceGraph) -> str:
    """Why the best architecture within `where` certainly cannot be computed exactly; "" where nothing is known to be in
    the way. (That costs have too many different sums shows when it is tried.)"""
    whole, own = circuits(graph).whole, cost_constraints(graph)
    if whole is None:
        return "very many decisions depend on each other in every combination"
    if not own or _listed(graph, whole, own):
        return ""
    for constraint in binding(graph, own) or ():
        measure = measure_of(graph, constraint)
        if measure is None:
            return f"`where` bounds the depth{place_of(constraint)}, a longest path that is not known as a sum"
        if not exactly_summed(graph, measure):
            return f"{constraint.metric}{place_of(constraint)} are not known as a sum over the decisions"
    return ""


def _listed(graph: SpaceGraph, whole: Circuit, constraints: Sequence[CostConstraint]) -> bool:
    """Whether there are so few architectures that each is looked at."""
    return whole.count <= LISTED and Limits(graph, constraints).in_columns


def _one_by_one(
    graph: SpaceGraph, whole: Circuit, preference: Preference, asked: Sequence[Sequence[CostConstraint]]
) -> Known:
    import numpy as np

    table = Table.of_circuit(graph, whole)
    scores = np.zeros(table.rows)
    for variable, column in table.answers.items():
        scores += np.array([*preference.rows[variable], 0.0])[column]  # the last one where it is not asked for
    if preference.terms:
        terms = table.summed(AdditiveCost(0, preference.terms, 0, default_answers(graph)))
        scores -= terms.astype(np.float64) / UNIT
    found: dict[int, Mapping[int, int] | None] = {}
    for place, constraints in enumerate(asked):
        within = np.where(Limits(graph, constraints).admitted(table), scores, NEVER)
        best = int(np.argmax(within))
        found[place] = None if within[best] == NEVER else whole.unrank(best)
    return found
