"""Costs as sums of small functions of a few decisions each, for all architectures at once.

A node costs what its operation costs, under the condition that the output is computed from it. Both are decision diagrams,
so a cost of the space is a constant plus a list of diagrams with numbers as leaves; their sum is the cost of an architecture.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import add, attrgetter
from typing import Any, Literal

from ..ir.diagram import Case, Diagram, DiagramTooLarge, Guard, evaluate, leaves, support, witness
from ..ir.graph import Node, SpaceGraph
from ..ops.base import Cost, Primitive, TensorShape
from ..ops.registry import PRIMITIVES
from .conditions import Conditions
from .memo import once_per_graph

AdditiveMetric = Literal["flops", "params", "activations"]
ADDITIVE: tuple[AdditiveMetric, ...] = ("flops", "params", "activations")


@dataclass(frozen=True, slots=True)
class AdditiveCost:
    """The cost of an architecture is ``constant`` plus the values of ``terms`` under its answers, plus at most ``slack``.

    ``slack`` is what nodes cost whose conditions are too large; ``defaults``: an answer to every variable of the space.
    """

    constant: int
    terms: tuple[Diagram, ...]
    slack: int
    defaults: Mapping[int, int]

    @property
    def exact(self) -> bool:
        return self.slack == 0

    def of(self, answers: Mapping[int, int]) -> int:
        """The cost under the answers to all active decisions (without the slack)."""
        # A term may hang on a decision that is not active; then it is the same whatever the (allowed) answer is.
        settled = {**self.defaults, **answers}
        return self.constant + sum(int(evaluate(term, settled)) for term in self.terms)


@once_per_graph
def default_answers(graph: SpaceGraph) -> Mapping[int, int]:
    """An allowed answer to every variable: the first alternative, the first elements that a keep may keep."""
    answers = {v.index: 0 for v in graph.diagrams.variables}
    for decision in graph.open:
        answers |= witness(decision.valid) or {}
    return answers


@once_per_graph
def additive_costs(graph: SpaceGraph) -> dict[AdditiveMetric, AdditiveCost]:
    """FLOPs, parameters and activations of the space as sums, by the rules of the operator library."""
    return _Adder(graph, PRIMITIVES).costs()


class _Adder:
    def __init__(self, graph: SpaceGraph, primitives: Mapping[str, Primitive]) -> None:
        self.graph, self.primitives = graph, primitives
        self.diagrams = graph.diagrams
        self._costs: dict[Hashable, Case] = {}

    def costs(self) -> dict[AdditiveMetric, AdditiveCost]:
        conditions = Conditions(self.graph, self.primitives, live=True)
        # Nodes of the same condition and cost are counted first and computed with once.
        groups: dict[tuple[int, int], list[Any]] = {}
        for id, condition in conditions.of.items():
            node = self.graph.nodes[id]
            if condition is False or node.kind != "apply":
                continue
            cost = self._cost(node)
            if cost == Cost():
                continue
            key = (-2 if condition is None else _uid(condition), _uid(cost))
            if key in groups and not isinstance(cost, Diagram):
                groups[key][1] = _plus(groups[key][1], cost)
            elif key in groups:
                groups[key][2] += 1
            else:
                groups[key] = [condition, cost, 1]
        return {metric: self._sum(metric, list(groups.values())) for metric in ADDITIVE}

    def _sum(self, metric: AdditiveMetric, groups: list[list[Any]]) -> AdditiveCost:
        figure = attrgetter(metric)
        constant = slack = 0
        terms: dict[frozenset[int], Case] = {}
        for condition, cost, times in groups:
            if not isinstance(cost, Diagram) and not figure(cost):
                continue
            term = self._term(condition, cost, times, figure)
            if term is None:
                slack += times * max(figure(c) for c in leaves(cost))
            elif isinstance(term, Diagram):
                key = frozenset(v.index for v in support(term))
                terms[key] = self.diagrams.apply(add, terms.get(key, 0), term)
            else:
                constant += term
        constant += sum(term for term in terms.values() if not isinstance(term, Diagram))
        diagrams = tuple(t for t in terms.values() if isinstance(t, Diagram))
        return AdditiveCost(constant, diagrams, slack, default_answers(self.graph))

    def _term(self, condition: Guard | None, cost: Case, times: int, figure: Any) -> Case | None:
        if condition is None:
            return None
        try:
            value = self.diagrams.apply(lambda c: times * figure(c), cost)
            return self.diagrams.ite(condition, value, 0)
        except DiagramTooLarge:
            return None

    def _cost(self, node: Node) -> Case:
        primitive = self.primitives[node.op]
        types = [self.graph.nodes[e.source].type for e in node.edges]
        values = [case for _, case in node.attrs]
        dims = [d for t in types for d in t.dims]
        key = (
            node.op,
            tuple((t.layout, len(t.dims)) for t in types),
            tuple(name for name, _ in node.attrs),
            tuple(_named(case) for case in (*values, *dims)),
        )
        if key not in self._costs:
            rule = partial(_cost_of, primitive, tuple((t.layout, len(t.dims)) for t in types), key[2])
            self._costs[key] = self.diagrams.apply(rule, *values, *dims)
        return self._costs[key]


def _cost_of(primitive: Primitive, layouts: tuple[tuple[Any, int], ...], names: tuple[str, ...], *values: Any) -> Cost:
    attrs = dict(zip(names, values, strict=False))
    flat = values[len(names) :]
    shapes = []
    at = 0
    for layout, rank in layouts:
        shapes.append(TensorShape(layout, tuple(flat[at : at + rank])))
        at += rank
    inputs = tuple(shapes)
    return primitive.cost(inputs, attrs, primitive.shape(inputs, attrs))


def _plus(a: Cost, b: Cost) -> Cost:
    return Cost(a.params + b.params, a.flops + b.flops, a.layers + b.layers, a.activations + b.activations)


def _uid(case: Case) -> int:
    return case.uid if isinstance(case, Diagram) else -1


def _named(case: Case) -> Hashable:
    return case.uid if isinstance(case, Diagram) else (type(case).__name__, case)
