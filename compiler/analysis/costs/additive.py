"""Costs as sums of small functions of a few decisions each, for all architectures at once.

A node costs what its operation costs, under the condition that the output is computed from it. Both are decision
diagrams, so a cost of the space is a constant plus a list of products of diagrams with numbers as leaves; their sum is
the cost of an architecture.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Literal

from ...ir.diagram import Case, Diagram, DiagramTooLarge, Guard, Variable, leaves, support, witness
from ...ir.graph import Node, SpaceGraph, TensorType
from ...ir.operation import Cost, OpFault, Primitive, TensorShape
from ...ops.registry import primitives_of
from ...record import record
from ..conditions import Conditions
from ..diagrams.arithmetic import Arithmetic
from ..diagrams.products import FactoredConditions, Product, SumOfProducts
from ..memo import once_per_graph

AdditiveMetric = Literal["flops", "params", "activations"]
ADDITIVE: tuple[AdditiveMetric, ...] = ("flops", "params", "activations")


@record
class AdditiveCost:
    """The cost of an architecture is ``constant`` plus the values of ``terms`` under its answers, plus at most
    ``slack``.

    ``slack`` is what nodes cost whose conditions are too large; ``defaults``: an answer to every variable of the space.
    """

    constant: int
    terms: tuple[Product, ...]
    slack: int
    defaults: Mapping[int, int]

    @property
    def exact(self) -> bool:
        return self.slack == 0

    def of(self, answers: Mapping[int, int]) -> int:
        """The cost under the answers to all active decisions (without the slack)."""
        # A term may depend on a decision that is not active; then it is the same whatever the (allowed) answer is.
        settled = {**self.defaults, **answers}
        total = self.constant
        for term in self.terms:
            value = 1
            for factor in term:
                case: Case = factor
                while type(case) is Diagram:
                    case = case.children[settled[case.variable.index]]
                if case == 0:
                    break  # most terms end here, at a condition; what comes after it may be impossible
                value *= case
            else:
                total += value
        return total


@once_per_graph
def default_answers(graph: SpaceGraph) -> Mapping[int, int]:
    """An allowed answer to every variable: the first alternative, the first elements that a keep may keep."""
    answers = {v.index: 0 for v in graph.diagrams.variables}
    for decision in graph.open:
        answers |= witness(decision.valid) or {}
    return answers


@once_per_graph
def default_row(graph: SpaceGraph) -> tuple[int, ...]:
    """:func:`default_answers` in the order of the variables' indices, which count from 0."""
    answers = default_answers(graph)
    return tuple(answers[v.index] for v in graph.diagrams.variables)


def settled(graph: SpaceGraph, answers: Mapping[int, int]) -> list[int]:
    """An answer to every variable of the space, by index: an allowed one where ``answers`` has none."""
    found = list(default_row(graph))
    for variable, answer in answers.items():
        found[variable] = answer
    return found


def additive_cost(graph: SpaceGraph, metric: AdditiveMetric) -> AdditiveCost:
    """FLOPs, parameters or activations of the space as a sum, by the rules of the operator library."""
    return _adder(graph).figure(metric)


def times_not_stated(graph: SpaceGraph, figure: str) -> AdditiveCost:
    """How many applications of extern operators do not state a figure (`depth` is one, too), as a sum."""
    return _adder(graph).times_not_stated(figure)


def node_cost(graph: SpaceGraph, node: Node) -> Case:
    """What an application costs (:class:`Cost`), which may depend on decisions, given that it is demanded."""
    return _adder(graph).cost(node)


@once_per_graph
def _adder(graph: SpaceGraph) -> _Adder:
    return _Adder(graph, primitives_of(graph))


class _Adder:
    def __init__(self, graph: SpaceGraph, primitives: Mapping[str, Primitive]) -> None:
        self.graph, self.primitives = graph, primitives
        self.diagrams = graph.diagrams
        self.arithmetic = Arithmetic(graph.diagrams)
        self._costs: dict[Hashable, Case] = {}
        self._seen: dict[Hashable, Case] = {}
        """The same by what is one object in the graph: copies of a cell have their attributes and types in common."""
        self._figures: dict[AdditiveMetric, AdditiveCost] = {}
        self._factored = FactoredConditions(graph.diagrams, self.arithmetic)
        self._due = self._totals()

    def figure(self, metric: AdditiveMetric) -> AdditiveCost:
        if metric not in self._figures:
            self._figures[metric] = self._sum(attrgetter(metric))
        return self._figures[metric]

    def times_not_stated(self, figure: str) -> AdditiveCost:
        return self._sum(lambda cost: int(figure in cost.unknown))

    def _sum(self, figure: Callable[[Cost], int]) -> AdditiveCost:
        figures: dict[Hashable, Case] = {}
        total = SumOfProducts(self._factored)
        slack = 0
        for condition, due in self._due:
            values = []
            for cost in due:
                key = _named(cost)
                if key not in figures:
                    figures[key] = self.diagrams.apply(figure, cost)
                values.append(figures[key])
            for value in self._by_support(values):
                if condition is None:
                    slack += max(leaves(value))
                else:
                    total.add(condition, value)
        constant, terms = total.finish()
        return AdditiveCost(int(constant), terms, slack, default_answers(self.graph))

    def _by_support(self, values: Iterable[Case]) -> list[Case]:
        """The values added up where one depends on no other decisions than another; the sum of all would have as many
        cases as there are different sums."""
        sums: list[tuple[frozenset[Variable], Case]] = []
        for variables, value in sorted(((support(v), v) for v in values), key=lambda pair: -len(pair[0])):
            for i, (others, before) in enumerate(sums):
                if variables <= others:
                    try:
                        sums[i] = (others, self.arithmetic.plus(before, value))
                        break
                    except DiagramTooLarge:
                        continue
            else:
                sums.append((variables, value))
        return [value for _, value in sums]

    def _totals(self) -> list[tuple[Guard | None, list[Case]]]:
        """What there is to pay (:class:`Cost`) under which condition, if that is known; each condition once."""
        conditions = Conditions(self.graph, self.primitives, live=True)
        totals: dict[int, tuple[Guard | None, list[Case]]] = {}
        for id, condition in conditions.of.items():
            node = self.graph.nodes[id]
            if condition is False or node.kind != "apply":
                continue
            cost = self.cost(node)
            if cost == Cost():
                continue
            key = -2 if condition is None else condition.uid if isinstance(condition, Diagram) else -1
            totals.setdefault(key, (condition, []))[1].append(cost)
        return list(totals.values())

    def cost(self, node: Node) -> Case:
        if not node.type.dims:
            # Refused whatever is chosen, it has neither shape nor settings; the check found that `where` leaves it out.
            return Cost()
        primitive = self.primitives[node.op]
        types = [self.graph.nodes[e.source].type for e in node.edges]
        one = (node.op, id(node.attrs), *map(id, types))
        if one not in self._seen:
            self._seen[one] = self._cost(primitive, node, types)
        return self._seen[one]

    def _cost(self, primitive: Primitive, node: Node, types: Sequence[TensorType]) -> Case:
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
    try:
        return primitive.cost(inputs, attrs, primitive.shape(inputs, attrs))
    except OpFault:
        # The check found no such architecture, so `where` leaves none.
        return Cost()


def _named(case: Case) -> Hashable:
    return case.uid if isinstance(case, Diagram) else (type(case).__name__, case)
