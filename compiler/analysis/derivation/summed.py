"""What a search prefers as a score that adds up over the answers of an architecture to what it asks for.

The score is minus the regret (:mod:`.preferences`), but for a constant. All ways of reading an architecture off add up
so: what ranks an element of a keep does not depend on what its edge becomes. A zero that is not to be derived on an
edge that is kept, but may be where the same choose is asked for elsewhere, makes a term of several variables.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...ir.decisions import Decision
from ...ir.diagram import Case, Diagram
from ...ir.graph import SpaceGraph
from ..diagrams.products import Product
from ..policies.rows import NEVER
from ..sums.bests import UNIT, Preference
from ..values import encode
from .preferences import Regret, each_regret
from .reading import Score, Zeros


def summed(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    score: Score = "beta",
    held: Mapping[str, Any] | None = None,
    zeros: Zeros = "allowed",
    logits: Mapping[str, Sequence[float]] | None = None,
) -> Preference:
    """Arguments as those of :func:`.derive.derived`. What disagrees with ``held`` has a score of -∞."""
    rows: dict[int, list[float]] = {}
    terms: list[Product] = []
    keeps: dict[int, list[Regret]] = {}
    for path, value in (held or {}).items():
        for index, answer in encode(graph.by_path[path], value).items():
            arity = graph.diagrams.variables[index].arity
            rows[index] = [0.0 if a == answer else NEVER for a in range(arity)]
    for regret in each_regret(graph, scores, score, set(held or ()), zeros, logits):
        alone = regret.kept if regret.when is True else regret.usual
        rows[regret.variable.index] = [-r for r in alone]
        if regret.kept and regret.when is not True:
            term = _where_kept(graph, regret)
            terms += [(term,)] if isinstance(term, Diagram) else []
        if regret.decision.kind == "keep":
            keeps.setdefault(regret.decision.id, []).append(regret)
    for own in keeps.values():
        # One that is not asked for keeps what it likes best, as if that were free.
        first = own[0].variable.index
        least = _least(own[0].decision, own)
        rows[first] = [s + least for s in rows[first]]
    return Preference(rows, tuple(terms))


def _where_kept(graph: SpaceGraph, regret: Regret) -> Case:
    """By how much the regrets are greater on edges that are kept, in parts of a unit."""
    more = [round((kept - usual) * UNIT) for kept, usual in zip(regret.kept, regret.usual, strict=True)]
    return graph.diagrams.ite(regret.when, graph.diagrams.case(regret.variable, more), 0)


def _least(decision: Decision, own: Sequence[Regret]) -> float:
    """The least regret of a keep."""
    low, high = decision.sizes or (0, len(own))
    by_gain = sorted(r.usual[1] - r.usual[0] for r in own)
    gain = min(math.fsum(by_gain[:k]) for k in range(max(low, 0), min(high, len(own)) + 1))
    return math.fsum(r.usual[0] for r in own) + gain
