"""Scheduled discretization: decisions and sites are fixed one after the other while a search runs.

Z. Qiu, T. Yao, Y. Zhang, Y. Zhang, T. Mei, "Scheduled Differentiable Architecture Search for Visual Recognition",
section 3.2 and Algorithm 1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, values_of
from stdsl.compiler.analysis.derivation.derive import derive
from stdsl.compiler.analysis.derivation.incident import incident
from stdsl.compiler.analysis.derivation.reading import Reading
from stdsl.compiler.analysis.derivation.walk import Walk
from stdsl.compiler.analysis.remaining import remaining
from stdsl.compiler.analysis.values import encode
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.families.gradient.settings import Discretize
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.passes.fix_decisions import fix_decisions, settled_names

from ...training.formulas import value_of
from ..likeliest import likeliest

Scores = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Fixed:
    """One step: the decision at ``path`` got ``value`` (as architectures have it; None for a site, which has nothing
    to decide), ahead of its next best by ``margin`` (infinite for a site). ``remaining``: how many architectures are
    left, ``exact`` unless it is the upper end of an interval."""

    path: str
    value: Any
    margin: float
    remaining: int
    exact: bool

    def document(self) -> dict[str, Any]:
        """For the journal, where numbers of any size are texts."""
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        margin = None if math.isinf(self.margin) else round(self.margin, 6)
        facts = {"path": self.path, "value": value, "margin": margin, "remaining": str(self.remaining)}
        return facts if self.exact else facts | {"exact": False}


class Discretization:
    """Which decisions of ``graph`` are fixed so far, and which go next.

    ``fixed``: values by path in the order of fixing, None for sites. ``affine``: batch-norms of alternatives have a
    scale and a bias. ``network``: the graph of what is left, for lowering.
    """

    def __init__(self, graph: SpaceGraph, settings: Discretize, reading: Reading, affine: bool = True) -> None:
        self.graph, self.settings, self.reading = graph, settings, reading
        self.fixed: dict[str, Any] = {}
        self.network = settled_names(graph, affine)
        self.all = tuple(d for d in graph.decisions if d.demanded)
        self._incident = {d.id: incident(graph, d) for d in self.all if d.kind == "keep"}

    @property
    def total(self) -> int:
        """M: decisions and sites in all."""
        return len(self.all)

    @property
    def values(self) -> dict[str, Any]:
        """The decisions among what is fixed, without sites."""
        return {path: value for path, value in self.fixed.items() if not self.graph.by_path[path].trivial}

    @property
    def resolved(self) -> int:
        """How many are fixed, or are gone because nothing asks for them any more."""
        return len(self.all) - len(self._open())

    def due(self, t: int, steps: int) -> int:
        """M_t: how many are to be fixed after mini-batch ``t`` (from 1) of ``steps``."""
        if t >= steps:
            return self.total
        count = value_of("count", self.settings.count, M=self.total, t=t, T=steps)
        return min(self.total, max(0, math.floor(count + 1e-9)))

    def advance(self, target: int, scores: Scores) -> list[Fixed]:
        """Fix one after the other until ``target`` are; what could only be fixed to a value that leaves no
        architecture waits for others."""
        steps: list[Fixed] = []
        while self.resolved < target:
            step = self._next(scores)
            if step is None:
                break
            steps.append(step)
        return steps

    def restore(self, fixed: Mapping[str, Any]) -> None:
        """Take up what :attr:`fixed` was."""
        self.fixed = values_of(fixed)
        self._shrink(self.fixed)

    def _open(self) -> list[Decision]:
        """The decisions and sites that still make a difference."""
        alive = {ask.decision for node in self.network.nodes for ask in node.asks}
        alive |= {node.decision for node in self.network.nodes if node.decision is not None}
        return [d for d in self.all if d.id in alive and d.path not in self.fixed]

    def _next(self, scores: Scores) -> Fixed | None:
        candidates = sorted(self._candidates(scores), key=lambda c: (-c[1], c[0].path))
        for decision, _, value, margin in candidates:
            if value is None or self._possible({decision.path: value}):
                return self._fix(decision, value, margin)
        for decision, *_ in candidates:
            # All that is wished for breaks `where`: then what the best architecture within it has.
            value = self._derived(self.values, scores).get(decision.path)
            if value is not None:
                return self._fix(decision, value, 0.0)
        return None

    def _fix(self, decision: Decision, value: Any, margin: float) -> Fixed:
        self.fixed[decision.path] = value
        self._shrink([decision.path])
        left = remaining(self.graph, self.values)
        return Fixed(decision.path, value, margin, left.high, left.low == left.high)

    def _shrink(self, paths: Collection[str]) -> None:
        answers: dict[int, int] = {}
        for path in paths:
            decision = self.graph.by_path[path]
            answers |= {} if decision.trivial else encode(decision, self.fixed[path])
        self.network = fix_decisions(self.network, answers, {self.graph.by_path[path].id for path in paths})

    def _possible(self, value: Mapping[str, Any]) -> bool:
        """Whether an architecture within `where` is found that has this value beside those that are fixed."""
        if not self.graph.constraints:
            return True
        held: dict[int, int] = {}
        for path, fixed in {**self.values, **value}.items():
            held |= encode(self.graph.by_path[path], fixed)
        try:
            return Walk(self.graph, held=held).find(random.Random(0)).answers is not None
        except SpaceError:
            return False

    def _candidates(self, scores: Scores) -> Iterator[tuple[Decision, float, Any, float]]:
        """What may go next: a decision, its priority, the value it would get, and the margin of that. Keeps and sites
        may once the decisions on their edges are fixed."""
        undecided = self._open()
        waiting = {d.id for d in undecided}
        for decision in undecided:
            if decision.kind == "keep" and self._incident[decision.id] & waiting:
                continue
            if decision.trivial:
                yield decision, math.inf, None, math.inf
                continue
            best = likeliest(self.graph, decision, scores, self.reading)
            match self.settings.priority:
                case "margin":
                    priority = best.margin
                case "entropy":
                    priority = -_entropy(best.weights)
                case "path":
                    priority = 0.0
            yield decision, priority, best.value, best.margin

    def _derived(self, held: Mapping[str, Any], scores: Scores) -> Architecture:
        return derive(self.graph, scores, self.reading.score, held, zeros=self.reading.zeros)


def _entropy(row: Sequence[float]) -> float:
    """Of the weights as a distribution, as a share of the greatest possible."""
    total = sum(row)
    if total <= 0 or len(row) < 2:
        return 0.0
    return -sum(p / total * math.log(p / total) for p in row if p > 0) / math.log(len(row))
