"""What a search prefers: weights of alternatives as regrets, numbers that add up.

All decisions together, active or not, have the probability that is the product of their own; the regret of an answer
is how far (in natural logarithms) it falls behind the best answer to its question. An architecture has the
probability of its most probable completion by decisions that are not active, so that a decision that nothing asks for
costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence

from ...ir.decisions import Decision
from ...ir.diagram import Case, Guard, Variable
from ...ir.graph import SpaceGraph
from ...record import record
from ..policies.rows import log_chances
from .reading import Score, Zeros
from .zeros import KeptZeros, is_zero, switch_behind, zeros_on_kept_edges

FLOOR = 1e-30
"""Weights below this count as this much: a weight that underflowed is unlikely, not impossible."""

TIE = 1e-12
"""How much less probable a later alternative counts than an equally probable one before it: the first one wins, and the
search within constraints over costs goes through both."""

LAST_RESORT = 1e6
"""The regret of a zero on a kept edge that is to have none: more than all other regrets together, and less than what
`where` forbids."""


def apart(score: float) -> tuple[float, int]:
    """A sum of regrets, negative, without those of zeros on kept edges, and how many of these there are."""
    zeros = math.floor((1 - score) / LAST_RESORT)
    return score + zeros * LAST_RESORT, zeros


@record
class Regret:
    """Those of the answers to one variable: ``usual``, and ``kept`` under the condition ``when``: where the variable is
    a choose on an edge that is kept, and zeros are not to be derived there."""

    decision: Decision
    variable: Variable
    usual: tuple[float, ...]
    kept: tuple[float, ...] = ()
    when: Guard = False


def each_regret(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    score: Score,
    held: Collection[str],
    zeros: Zeros = "allowed",
    logits: Mapping[str, Sequence[float]] | None = None,
) -> Iterator[Regret]:
    """The regrets of the answers of what is free, which is all but ``held`` (paths).

    ``scores``: by path, a probability per option of a choose or count, one number (the probability of `on`) or two
    (off, on) for a gate, a weight from 0 to 1 per element of a keep. What has no scores has no preference: then the
    first alternative wins, a gate is off, a keep of open size keeps no more than it must. ``logits``: of some decisions
    their weights as :func:`..policies.rows.log_rows` takes them; of these there are no others, and none counts as more
    than it is.
    """
    barred = zeros_on_kept_edges(graph) if zeros == "never" else {}
    for decision in graph.open:
        if decision.path in held:
            continue
        for variable, row in zip(decision.variables, _rows(graph, decision, scores, score, logits or {}), strict=True):
            best = max(row)
            usual = tuple(best - weight for weight in row)
            kept = barred.get(decision.id)
            if kept is None:
                yield Regret(decision, variable, usual)
            else:
                yield Regret(decision, variable, usual, _without(row, kept), kept.when)


def regrets(
    graph: SpaceGraph,
    scores: Mapping[str, Sequence[float]],
    score: Score,
    held: Collection[str],
    zeros: Zeros = "allowed",
    logits: Mapping[str, Sequence[float]] | None = None,
) -> list[Case]:
    """:func:`each_regret` as functions of one variable each, but where a choose with zeros that are not to be derived
    on kept edges is asked for beside these too."""
    case, ite = graph.diagrams.case, graph.diagrams.ite
    return [
        ite(r.when, case(r.variable, r.kept), case(r.variable, r.usual)) if r.kept else case(r.variable, r.usual)
        for r in each_regret(graph, scores, score, held, zeros, logits)
    ]


def _without(row: Sequence[float], kept: KeptZeros) -> tuple[float, ...]:
    """The regrets of the alternatives of a choose on a kept edge."""
    best = max(weight for option, weight in enumerate(row) if option not in kept.options)
    return tuple(LAST_RESORT if option in kept.options else best - weight for option, weight in enumerate(row))


def _rows(
    graph: SpaceGraph,
    decision: Decision,
    scores: Mapping[str, Sequence[float]],
    score: Score,
    logits: Mapping[str, Sequence[float]],
) -> list[list[float]]:
    """For each variable of the decision the logarithm of the weight of each of its answers."""
    if decision.path in logits:
        row = [float(x) for x in logits[decision.path]]
        if decision.kind == "keep":
            return [[gone, there - TIE * i] for i, (gone, there) in enumerate(map(log_chances, row))]
        return [[x - TIE * i for i, x in enumerate(log_chances(row[0]) if decision.kind == "gate" else row)]]
    if decision.kind == "keep":
        elements = keep_scores(graph, decision, scores, score)
        # Of elements with equal scores the first ones are kept.
        return [[_log(1 - s), _log(s) - TIE * i] for i, s in enumerate(elements)]
    given = [float(s) for s in scores.get(decision.path, ())]
    if not given:
        return [[-TIE * i for i in range(decision.variables[0].arity)]]
    if decision.kind == "gate" and len(given) == 1:
        given = [1 - given[0], given[0]]
    _check(decision, given, len(decision.options))
    return [[_log(s) - TIE * i for i, s in enumerate(given)]]


def keep_scores(
    graph: SpaceGraph, decision: Decision, scores: Mapping[str, Sequence[float]], score: Score
) -> list[float]:
    """The scores of a keep's elements. Without weights of its own (`relax { keep = none }`) they are those of its
    edges."""
    own = [float(s) for s in scores.get(decision.path, ())]
    if own:
        _check(decision, own, len(decision.options))
    if own and score == "beta":
        return own
    edges = _edge_scores(graph, decision, scores)
    if score == "product" and own:
        return [a * b for a, b in zip(own, edges, strict=True)]
    return edges


def _edge_scores(graph: SpaceGraph, decision: Decision, scores: Mapping[str, Sequence[float]]) -> list[float]:
    """For each element the greatest weight of an operation of its choose that is not an exact zero; 0.5 where none is
    known."""
    found = [0.5] * len(decision.options)
    node = next((n for n in graph.nodes if n.decision == decision.id and n.kind == "reduce"), None)
    for edge in node.edges if node is not None else ():
        switch = switch_behind(graph, graph.nodes[edge.source])
        if switch is None or edge.option is None or switch.decision is None:
            continue
        given = scores.get(graph.decisions[switch.decision].path)
        options = [e.option for e in switch.edges if e.option is not None and not is_zero(graph, graph.nodes[e.source])]
        if given and options:
            found[edge.option] = max(float(given[o]) for o in options)
    return found


def _log(weight: float) -> float:
    return math.log(max(weight, FLOOR))


def _check(decision: Decision, given: Sequence[float], wanted: int) -> None:
    if len(given) != wanted or any(not 0 <= s <= 1 for s in given):
        raise ValueError(f"`{decision.path}` needs {wanted} scores from 0 to 1, got {list(given)}")
