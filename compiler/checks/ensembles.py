"""Whether there can be as many architectures as an ensemble has members."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING

from ..diagnostics.ensembles import TooManyMembers
from ..diagnostics.model import Sink
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from .searches import CheckedSearch

LOOKS = 12
"""So many architectures are looked at before all are counted: each takes some thousandths of a second."""


def check_ensemble(search: CheckedSearch, sink: Sink) -> None:
    """Reports more members than the strategy, or the space, can have architectures, as far as that is known before."""
    config, asked = search.config, search.config.members
    if asked < 2:
        return
    from ..families.registry import family

    place = config.place("ensemble")
    if config.strategy is None or not search.graph.open:
        sink.add(TooManyMembers(place, asked, 1, f"`{search.graph.name}`, in which no decision is open,"))
        return
    ranked = family(config.strategy.family).ranked(config.strategy)
    if ranked is not None and ranked < asked:
        sink.add(TooManyMembers(place, asked, ranked, f"a search by this strategy (`{config.strategy.family}`)"))
        return
    if _surely(search.common, asked):
        return
    from ..analysis.circuits.patience import A_QUARTER
    from ..analysis.count import count

    high = count(search.common, A_QUARTER).high
    if high < asked:
        sink.add(TooManyMembers(place, asked, high, f"`{search.graph.name}`"))


def _surely(graph: SpaceGraph, members: int) -> bool:
    """Whether there are so many architectures as is seen without counting: the first alternatives, and all that answer
    one of the decisions that these ask otherwise. Under constraints some of them are looked at."""
    from ..analysis.circuits.of_space import alternatives
    from ..analysis.costs.additive import default_answers
    from ..analysis.demand import active

    first = default_answers(graph)
    asked = [graph.decisions[id] for id in active(graph, first).decisions]
    if not graph.constraints:
        return 1 + sum(alternatives(decision) - 1 for decision in asked) >= members
    if members > LOOKS:
        return False
    single = [decision.variables[0] for decision in asked if len(decision.variables) == 1]
    others = ({**first, v.index: answer} for v in single for answer in range(v.arity) if answer != first[v.index])
    found = 0
    for answers in islice(chain([first], others), LOOKS):
        found += _within(graph, answers)
        if found >= members:
            return True
    return False


def _within(graph: SpaceGraph, answers: Mapping[int, int]) -> bool:
    """Whether answers to all that could be asked are an architecture within the constraints."""
    from ..analysis.architecture import violations
    from ..analysis.costs.measures import figures
    from ..analysis.costs.of_architecture import cost_constraints
    from ..analysis.demand import active, holds

    decisions = active(graph, answers).decisions
    return (
        all(holds(graph.decisions[id].valid, answers) for id in decisions)
        and not violations(graph, answers, decisions)
        and all(figures(graph, c, answers).within(c) for c in cost_constraints(graph))
    )
