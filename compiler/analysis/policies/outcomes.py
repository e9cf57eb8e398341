"""How a few decisions come out together, under weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from ..circuits.circuit import ONE, ZERO, Branch
from .rows import log_sum
from .weighing import Weighing

Outcome = tuple[int | None, ...]
"""The answer to each of some variables, None where it is not asked for."""


def outcomes_of(weighing: Weighing, variables: Sequence[int]) -> dict[Outcome, float]:
    """The probability of each way in which some variables come out. The work grows with the number of ways."""
    places = {variable: place for place, variable in enumerate(variables)}
    nothing: Outcome = (None,) * len(variables)
    tables: list[dict[Outcome, float]] = []
    """Of each node the logarithms of what its assignments weigh, by how they come out."""
    touched: list[bool] = []
    for id, node in enumerate(weighing.circuit.nodes):
        own = isinstance(node, Branch) and node.variable in places
        touched.append(own or any(touched[kid] for kid in node.children))
        if id == ZERO:
            tables.append({})
        elif id == ONE or not touched[id]:
            tables.append({nothing: weighing.totals[id]} if weighing.totals[id] > -math.inf else {})
        elif isinstance(node, Branch):
            row, place = weighing.rows[node.variable], places.get(node.variable)
            found = (
                (outcome if place is None else _with(outcome, place, answer), weight + row[answer])
                for answer, kid in enumerate(node.children)
                for outcome, weight in tables[kid].items()
            )
            tables.append(_added(found))
        else:
            table = {nothing: 0.0}
            for kid in node.children:
                table = _added(
                    (_joined(a, b), own_weight + weight)
                    for a, own_weight in table.items()
                    for b, weight in tables[kid].items()
                )
            tables.append(table)
    whole = tables[weighing.circuit.root]
    return {outcome: math.exp(weight - weighing.total) for outcome, weight in whole.items() if weight > -math.inf}


def listed_outcomes(
    assignments: Iterable[tuple[Mapping[int, int], float]], variables: Sequence[int]
) -> dict[Outcome, float]:
    """The same of assignments with their probabilities, one by one."""
    found: dict[Outcome, float] = {}
    for answers, chance in assignments:
        outcome = tuple(answers.get(variable) for variable in variables)
        found[outcome] = found.get(outcome, 0.0) + chance
    return found


def _with(outcome: Outcome, place: int, answer: int) -> Outcome:
    return (*outcome[:place], answer, *outcome[place + 1 :])


def _joined(a: Outcome, b: Outcome) -> Outcome:
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def _added(weights: Iterable[tuple[Outcome, float]]) -> dict[Outcome, float]:
    by_outcome: dict[Outcome, list[float]] = {}
    for outcome, weight in weights:
        by_outcome.setdefault(outcome, []).append(weight)
    return {outcome: log_sum(own) for outcome, own in by_outcome.items()}
