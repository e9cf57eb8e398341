"""Whether a space has as many architectures as are asked for, told without counting where that can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice

from ..ir.graph import SpaceGraph
from .architecture import violations
from .circuits.of_space import alternatives
from .circuits.patience import A_QUARTER
from .costs.additive import default_answers
from .costs.measures import figures
from .costs.of_architecture import cost_constraints
from .count import count
from .demand import active, holds

LOOKS = 12
"""So many architectures are looked at before all are counted: each takes some thousandths of a second."""


def at_most(graph: SpaceGraph, asked: int) -> int:
    """``asked``, or where the space is known to have fewer architectures within `where`, how many at most."""
    return asked if _surely(graph, asked) else min(asked, count(graph, A_QUARTER).high)


def _surely(graph: SpaceGraph, asked: int) -> bool:
    """Whether there are so many architectures as is seen without counting: the first alternatives, and all that answer
    one of the decisions that these ask otherwise. Under constraints some of them are looked at."""
    first = default_answers(graph)
    open_ = [graph.decisions[id] for id in active(graph, first).decisions]
    if not graph.constraints:
        return 1 + sum(alternatives(decision) - 1 for decision in open_) >= asked
    if asked > LOOKS:
        return False
    single = [decision.variables[0] for decision in open_ if len(decision.variables) == 1]
    others = ({**first, v.index: answer} for v in single for answer in range(v.arity) if answer != first[v.index])
    found = 0
    for answers in islice(chain([first], others), LOOKS):
        found += _within(graph, answers)
        if found >= asked:
            return True
    return False


def _within(graph: SpaceGraph, answers: Mapping[int, int]) -> bool:
    """Whether answers to all that could be asked are an architecture within the constraints."""
    decisions = active(graph, answers).decisions
    return (
        all(holds(graph.decisions[id].valid, answers) for id in decisions)
        and not violations(graph, answers, decisions)
        and all(figures(graph, c, answers).within(c) for c in cost_constraints(graph))
    )
