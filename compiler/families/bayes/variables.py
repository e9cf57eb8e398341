"""What there is to decide in a search by a model: open settings, and the decisions of the space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb

from ...analysis.few import at_most
from ...analysis.values import NotAllowed, Value, encode
from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ...schemas.hyper import IntegerRange, Options
from ...schemas.hyper import Value as Setting
from .settings import BayesConfig

VALUES = 256
"""A decision of more values than this is none that a model of categories learns anything of."""


def too_many(decision: Decision) -> bool:
    """Whether a decision has more values than a model is made of."""
    if decision.kind != "keep":
        return len(decision.options) > VALUES
    low, high = decision.sizes or (0, len(decision.options))
    return sum(comb(len(decision.options), size) for size in range(low, high + 1)) > VALUES


def ordered(decision: Decision) -> bool:
    """Whether neighbours among the values of a decision are alike: those of a count."""
    return decision.kind == "count"


def values_of(decision: Decision) -> Sequence[Value]:
    """All values of a decision that has not :func:`too_many`, in a fixed order."""
    match decision.kind:
        case "choose":
            return decision.options
        case "gate":
            return (False, True)
        case "count":
            return tuple(int(value) for value in decision.values)
        case "keep":
            low, high = decision.sizes or (0, len(decision.options))
            places = range(1, len(decision.options) + 1)
            sets = (kept for size in range(low, high + 1) for kept in combinations(places, size))
            return tuple(kept for kept in sets if _allowed(decision, kept))


def _allowed(decision: Decision, value: Value) -> bool:
    try:
        encode(decision, value)
    except NotAllowed:
        return False
    return True


def candidates(strategy: BayesConfig, graph: SpaceGraph, asked: int) -> int:
    """``asked``, or where there are known to be fewer candidates of architectures and open settings together, how many
    at most."""
    settings = _settings(strategy, {}, asked)
    return min(asked, settings * at_most(graph, asked)) if settings < asked else asked


def _settings(strategy: BayesConfig, values: Mapping[str, Setting], enough: int) -> int:
    """In how many ways what is open beside ``values`` can be set, or ``enough`` where there are as many."""
    key = next((key for key in strategy.active(values) if key not in values), None)
    if key is None:
        return 1
    hyper = strategy.open[key]
    if isinstance(hyper, IntegerRange):
        return min(enough, (hyper.high - hyper.low + 1) * _settings(strategy, {**values, key: hyper.low}, enough))
    if not isinstance(hyper, Options):
        return enough if hyper.low < hyper.high else _settings(strategy, {**values, key: hyper.low}, enough)
    found = 0
    for name in hyper.values:
        if found < enough:
            found += _settings(strategy, {**values, key: name}, enough)
    return min(enough, found)
