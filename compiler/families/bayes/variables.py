"""What there is to decide in a search by a model: open settings, and the decisions of the space."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

from ...analysis.values import NotAllowed, Value, encode
from ...ir.decisions import Decision

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
