"""Which decisions the weight of an edge is of, where one alternative of each is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ...ir.diagram import Diagram, Guard, case_key, support
from ...ir.graph import SpaceGraph


def counted(
    graph: SpaceGraph, guards: Iterable[Guard], turns: Mapping[int, int], among: Collection[int] | None = None
) -> dict[int, Guard]:
    """By decision (its id, one of ``among`` if that is given), under which condition the weight of what is drawn of it
    is a factor of the weight of that edge whose condition holds. ``guards``: the conditions of edges, which exclude
    each other.

    In a mixture the weight of an edge is the probability of its condition (:mod:`.expectation`), a sum of products over
    the answers in the order of ``turns``. Of this the product along the answers that are drawn is left; an answer on
    which nothing hangs there is no factor. Elements of keeps have no weights.
    """
    diagrams, found = graph.diagrams, dict[int, Guard]()

    def walk(rest: Guard, under: Guard) -> None:
        if type(rest) is not Diagram:
            return
        variable = min(support(rest), key=lambda v: (turns.get(v.index, v.index), v.index))
        behind = [diagrams.restrict(rest, {variable.index: answer}) for answer in range(variable.arity)]
        id = graph.deciding[variable.index].id
        if variable.element is None and len(set(map(case_key, behind))) > 1 and (among is None or id in among):
            found[id] = diagrams.either(found.get(id, False), under)
        for answer, inner in enumerate(behind):
            if inner is not False:
                walk(inner, diagrams.both(under, diagrams.test(variable, answer)))

    for guard in guards:
        walk(guard, guard)
    return found
