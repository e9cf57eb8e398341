"""Weights of decisions as logarithms for the answers of their variables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph

NEVER = -math.inf

LogRows = Mapping[int, Sequence[float]]
"""By variable index: the logarithm of the weight of each answer."""


def even_rows(graph: SpaceGraph) -> dict[int, list[float]]:
    """Every decision by itself evenly: each alternative, each number, each allowed set of elements of a keep alike."""
    return log_rows(graph, {})


def log_rows(graph: SpaceGraph, weights: Mapping[str, Sequence[float]]) -> dict[int, list[float]]:
    """``weights`` by path: of a choose, a count or a gate the probability of each option (of a gate that of `on` will
    do); of a keep the probability of each element, as if it were alone. A keep's elements are independent of each
    other but for its sizes: their distribution is conditioned on those. Decisions without weights come out evenly.

    Of each decision the weights of all its values add up to one. Raises ValueError for weights of another number, or
    outside of 0 to 1, or that leave a decision nothing.
    """
    rows: dict[int, list[float]] = {}
    for decision in graph.open:
        given = [float(w) for w in weights.get(decision.path, ())]
        if decision.kind == "keep":
            rows |= _keep(decision, given or [0.5] * len(decision.options))
            continue
        if decision.kind == "gate" and len(given) == 1:
            given = [1 - given[0], given[0]]
        given = given or [1.0] * len(decision.options)
        _check(decision, given)
        total = math.fsum(given)
        if total <= 0:
            raise ValueError(f"`{decision.path}` has no weight on any option")
        rows[decision.variables[0].index] = [_log(w / total) for w in given]
    return rows


def _keep(decision: Decision, given: Sequence[float]) -> dict[int, list[float]]:
    _check(decision, given)
    low, high = decision.sizes or (0, len(given))
    total = math.fsum(_sizes(given)[low : high + 1])
    if total <= 0:
        raise ValueError(f"`{decision.path}` has no weight on any number of elements from {low} to {high}")
    found = {v.index: [_log(1 - w), _log(w)] for v, w in zip(decision.variables, given, strict=True)}
    first = found[decision.variables[0].index]
    found[decision.variables[0].index] = [weight - math.log(total) for weight in first]
    return found


def _sizes(given: Sequence[float]) -> list[float]:
    """The probability of each number of elements, from none to all, when each is there independently."""
    sizes = [1.0]
    for weight in given:
        without = [p * (1 - weight) for p in sizes] + [0.0]
        for k, p in enumerate(sizes):
            without[k + 1] += p * weight
        sizes = without
    return sizes


def _check(decision: Decision, given: Sequence[float]) -> None:
    if len(given) != len(decision.options) or not all(0 <= w <= 1 for w in given):
        raise ValueError(f"`{decision.path}` needs {len(decision.options)} weights from 0 to 1, got {list(given)}")


def _log(weight: float) -> float:
    return math.log(weight) if weight > 0 else NEVER
