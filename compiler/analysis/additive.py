"""Costs as sums of small functions of a few decisions each, for all architectures at once.

A node costs what its operation costs, under the condition that the output is computed from it. Both are decision
diagrams, so a cost of the space is a constant plus a list of diagrams with numbers as leaves; their sum is the cost
of an architecture.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Literal

from ..ir.diagram import Case, Diagram, DiagramTooLarge, Guard, evaluate, leaves, support, witness
from ..ir.graph import Node, SpaceGraph
from ..ops.base import Cost, Primitive, TensorShape
from ..ops.registry import PRIMITIVES
from .arithmetic import Arithmetic
from .conditions import Conditions
from .memo import once_per_graph

AdditiveMetric = Literal["flops", "params", "activations"]
ADDITIVE: tuple[AdditiveMetric, ...] = ("flops", "params", "activations")


@dataclass(frozen=True, slots=True)
class AdditiveCost:
    """The cost of an architecture is ``constant`` plus the values of ``terms`` under its answers, plus at most
    ``slack``.

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


def additive_cost(graph: SpaceGraph, metric: AdditiveMetric) -> AdditiveCost:
    """FLOPs, parameters or activations of the space as a sum, by the rules of the operator library."""
    return _adder(graph).figure(metric)


@once_per_graph
def _adder(graph: SpaceGraph) -> _Adder:
    return _Adder(graph, PRIMITIVES)


class _Adder:
    def __init__(self, graph: SpaceGraph, primitives: Mapping[str, Primitive]) -> None:
        self.graph, self.primitives = graph, primitives
        self.diagrams = graph.diagrams
        self.arithmetic = Arithmetic(graph.diagrams)
        self._costs: dict[Hashable, Case] = {}
        self._figures: dict[AdditiveMetric, AdditiveCost] = {}
        self._due = self._totals()

    def figure(self, metric: AdditiveMetric) -> AdditiveCost:
        if metric not in self._figures:
            self._figures[metric] = self._sum(metric)
        return self._figures[metric]

    def _sum(self, metric: AdditiveMetric) -> AdditiveCost:
        figure = attrgetter(metric)
        constant = slack = 0
        terms: dict[frozenset[int], Case] = {}
        for cost, times in self._due:
            value = self.diagrams.apply(figure, cost)
            if isinstance(times, _Unknown):
                slack += times.at_most * max(leaves(value))
                continue
            try:
                term = self.arithmetic.times(times, value)
                key = frozenset(v.index for v in support(term))
                terms[key] = self.arithmetic.plus(terms.get(key, 0), term)
            except DiagramTooLarge:
                slack += max(leaves(times)) * max(leaves(value))
        constant += sum(term for term in terms.values() if not isinstance(term, Diagram))
        diagrams = tuple(term for term in terms.values() if isinstance(term, Diagram))
        return AdditiveCost(constant, diagrams, slack, default_answers(self.graph))

    def _totals(self) -> list[tuple[Case, Case]]:
        """What there is to pay, and how many times: cases of costs and of whole numbers (or :class:`_Unknown`)."""
        conditions = Conditions(self.graph, self.primitives, live=True)
        named: dict[int, Guard | None] = {}
        totals: dict[int, Case] = {}
        for id, condition in conditions.of.items():
            node = self.graph.nodes[id]
            if condition is False or node.kind != "apply":
                continue
            cost = self._cost(node)
            if cost == Cost():
                continue
            key = -2 if condition is None else _uid(condition)
            named[key] = condition
            totals[key] = self.diagrams.apply(_plus, totals[key], cost) if key in totals else cost
        # What repeats itself (iterations, instances of a cell) costs the same under several conditions.
        groups: dict[Hashable, tuple[Case, Case]] = {}
        for key, total in totals.items():
            condition = named[key]
            if condition is None:
                groups[_named(total), None] = (total, _Unknown(1))
                continue
            once = self.diagrams.ite(condition, 1, 0)
            group = (_named(total), frozenset(v.index for v in support(once)))
            before = groups.get(group, (total, 0))[1]
            groups[group] = (total, self.arithmetic.plus(before, once))
        return list(groups.values())

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


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Not known how many times, but no more than this."""

    at_most: int


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
