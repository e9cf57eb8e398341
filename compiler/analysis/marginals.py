"""How probable each answer is when every architecture has the same probability."""

from __future__ import annotations

from fractions import Fraction

from ..ir.graph import SpaceGraph
from ..record import record
from .feasible import Feasible, feasible
from .sums.tables import TooMuch


@record
class Marginal:
    """``active``: the probability that a decision is active. ``options``: for each option that it is active and comes
    out so; for each element of a keep, that it is kept. Exact fractions where all architectures are alike."""

    active: Fraction | float
    options: tuple[Fraction | float, ...]


def marginals(graph: SpaceGraph) -> dict[str, Marginal] | None:
    """The marginal of every decision by path, within all constraints; exact. None without an exact count."""
    whole = feasible(graph)
    return None if whole is None or whole.count == 0 else marginals_of(graph, whole)


def marginals_of(graph: SpaceGraph, whole: Feasible) -> dict[str, Marginal] | None:
    """The marginal of every decision by path, over some architectures of a space; None where that takes too much."""
    try:
        answered = whole.answered
    except TooMuch:
        return None
    found = {}
    for decision in graph.open:
        rows = [answered.get(v.index, {}) for v in decision.variables]
        active = Fraction(sum(rows[0].values()), whole.count)
        if decision.kind == "keep":
            options = tuple(Fraction(row.get(1, 0), whole.count) for row in rows)
        else:
            options = tuple(Fraction(rows[0].get(a, 0), whole.count) for a in range(len(decision.options)))
        found[decision.path] = Marginal(active, options)
    return found
