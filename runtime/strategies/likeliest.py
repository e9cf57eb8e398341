"""What the weights of one decision prefer, and by how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stdsl.compiler.analysis.derivation.preferences import keep_scores
from stdsl.compiler.analysis.derivation.reading import Reading
from stdsl.compiler.analysis.derivation.zeros import zeros_on_kept_edges
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph


@dataclass(frozen=True, slots=True)
class Likeliest:
    """``value``: as architectures have it. ``margin``: how far it is ahead of the next best. ``weights``: of the
    alternatives that come into question, of off and on of a gate, of a keep's elements."""

    value: Any
    margin: float
    weights: tuple[float, ...]


def likeliest(
    graph: SpaceGraph, decision: Decision, scores: Mapping[str, Sequence[float]], reading: Reading
) -> Likeliest:
    """Of one decision by itself. Without weights the first value is preferred. A choose on an edge that may be kept
    has no zero where none is to be derived there, whether or not its edge will be kept: it may be asked before."""
    if decision.kind == "keep":
        return _kept(decision, keep_scores(graph, decision, scores, reading.score), reading.gate)
    row = [float(s) for s in scores.get(decision.path, ())] or [1.0] + [0.0] * (len(decision.options) - 1)
    if decision.kind == "gate":
        return Likeliest(row[1] > reading.gate, abs(row[1] - reading.gate), tuple(row))
    zeros = zeros_on_kept_edges(graph).get(decision.id) if reading.zeros == "never" else None
    left = [i for i in range(len(row)) if zeros is None or i not in zeros.options]
    order = sorted(left, key=lambda i: (-row[i], i))
    best = decision.options[order[0]] if decision.kind == "choose" else int(decision.values[order[0]])
    margin = row[order[0]] - row[order[1]] if len(order) > 1 else 1.0
    return Likeliest(best, margin, tuple(row[i] for i in left))


def likeliest_by_logits(decision: Decision, row: Sequence[float]) -> Any:
    """The same value where ``row`` has log-odds or logits (:func:`compiler.analysis.policies.rows.log_rows`): of
    elements that are nearly sure, weights would be the same."""
    if decision.kind == "keep":
        return _kept(decision, row, 0.0).value
    if decision.kind == "gate":
        return row[0] > 0
    best = max(range(len(row)), key=lambda i: (row[i], -i))
    return decision.options[best] if decision.kind == "choose" else int(decision.values[best])


def _kept(decision: Decision, row: Sequence[float], gate: float) -> Likeliest:
    low, high = decision.sizes or (0, len(row))
    order = sorted(range(len(row)), key=lambda i: (-row[i], i))
    size = low if low == high else min(max(sum(s > gate for s in row), low), high)
    ahead = row[order[size - 1]] if size else 1.0
    behind = row[order[size]] if size < len(row) else 0.0
    margin = ahead - behind if low == high else min(abs(s - gate) for s in row)
    return Likeliest(tuple(sorted(i + 1 for i in order[:size])), margin, tuple(row))
