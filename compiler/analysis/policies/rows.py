"""Weights of decisions as logarithms for the answers of their variables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ..values import encode

NEVER = -math.inf

LogRows = Mapping[int, Sequence[float]]
"""By variable index: the logarithm of the weight of each answer."""


def even_rows(graph: SpaceGraph) -> dict[int, list[float]]:
    """Every decision by itself evenly: each alternative, each number, each allowed set of elements of a keep alike."""
    return log_rows(graph, {})


def log_rows(
    graph: SpaceGraph, weights: Mapping[str, Sequence[float]], logits: Mapping[str, Sequence[float]] | None = None
) -> dict[int, list[float]]:
    """``weights`` by path: of a choose, a count or a gate the probability of each option (of a gate that of `on` will
    do); of a keep the probability of each element, as if it were alone. A keep's elements are independent of each
    other but for its sizes: their distribution is conditioned on those. Decisions without weights come out evenly.

    ``logits`` by path, instead of weights: of a choose or a count a logarithm for each option, of a gate the log-odds
    of `on`, of a keep those of each element. Probabilities that round to 0 or 1 differ here still: of a keep of two
    elements that are both nearly sure, only the difference of their log-odds says which one stays alone.

    Of each decision the weights of all its values add up to one. Raises ValueError for weights of another number, or
    outside of 0 to 1, or that leave a decision nothing, and for logits that are not finite.
    """
    rows: dict[int, list[float]] = {}
    for decision in graph.open:
        if logits is not None and decision.path in logits:
            rows |= _of_logits(decision, [float(x) for x in logits[decision.path]])
            continue
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


def chances_of(graph: SpaceGraph, logits: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """The probabilities that such logits stand for: of a gate those of off and on, of the elements of a keep that each
    is there, as if it were alone."""
    found: dict[str, list[float]] = {}
    for path, given in logits.items():
        kind = graph.by_path[path].kind
        if kind == "keep":
            found[path] = [math.exp(log_chances(x)[1]) for x in given]
        else:
            total = log_sum(given)
            found[path] = [
                math.exp(x) for x in (log_chances(given[0]) if kind == "gate" else [x - total for x in given])
            ]
    return found


def _keep(decision: Decision, given: Sequence[float]) -> dict[int, list[float]]:
    _check(decision, given)
    return _within_sizes(decision, [[_log(1 - w), _log(w)] for w in given])


def _of_logits(decision: Decision, given: Sequence[float]) -> dict[int, list[float]]:
    many = 1 if decision.kind == "gate" else len(decision.options)
    if len(given) != many or not all(map(math.isfinite, given)):
        raise ValueError(f"`{decision.path}` needs {many} finite logits, got {list(given)}")
    if decision.kind == "keep":
        return _within_sizes(decision, [log_chances(x) for x in given])
    if decision.kind == "gate":
        return {decision.variables[0].index: log_chances(given[0])}
    total = log_sum(given)
    return {decision.variables[0].index: [x - total for x in given]}


def _within_sizes(decision: Decision, given: Sequence[Sequence[float]]) -> dict[int, list[float]]:
    """``given``: for each element the logarithms of the weights of being gone and there."""
    low, high = decision.sizes or (0, len(given))
    total = log_sum(_log_sizes(given)[low : high + 1])
    if total == NEVER:
        raise ValueError(f"`{decision.path}` has no weight on any number of elements from {low} to {high}")
    found = {v.index: list(row) for v, row in zip(decision.variables, given, strict=True)}
    first = found[decision.variables[0].index]
    found[decision.variables[0].index] = [weight - total for weight in first]
    return found


def _log_sizes(given: Sequence[Sequence[float]]) -> list[float]:
    """The logarithm of the probability of each number of elements, from none to all, when each is there
    independently."""
    sizes = [0.0]
    for gone, there in given:
        sizes = [log_sum((s + gone, t + there)) for s, t in zip([*sizes, NEVER], [NEVER, *sizes], strict=True)]
    return sizes


def log_chances(log_odds: float) -> list[float]:
    """The logarithms of the probabilities of off and on."""
    rest = math.log1p(math.exp(-abs(log_odds)))
    return [-max(log_odds, 0.0) - rest, min(log_odds, 0.0) - rest]


def log_sum(weights: Sequence[float]) -> float:
    """The logarithm of the sum of what ``weights`` are logarithms of."""
    most = max(weights, default=NEVER)
    return most if most == NEVER else most + math.log(math.fsum(math.exp(w - most) for w in weights))


def _check(decision: Decision, given: Sequence[float]) -> None:
    if len(given) != len(decision.options) or not all(0 <= w <= 1 for w in given):
        raise ValueError(f"`{decision.path}` needs {len(decision.options)} weights from 0 to 1, got {list(given)}")


def _log(weight: float) -> float:
    return math.log(weight) if weight > 0 else NEVER


def certain(graph: SpaceGraph, values: Mapping[str, Any]) -> dict[str, list[float]]:
    """Probabilities of decisions that have these values: ones and zeros."""
    rows: dict[str, list[float]] = {}
    for path, value in values.items():
        decision = graph.by_path[path]
        answers = encode(decision, value)
        if decision.kind == "keep":
            rows[path] = [float(answers[variable.index]) for variable in decision.variables]
        else:
            (variable,) = decision.variables
            rows[path] = [float(answers[variable.index] == answer) for answer in range(variable.arity)]
    return rows
