"""Lowers a space graph to the statements of a network that draws a path for each pass and weighs what it chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ...ir.decisions import Decision
from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, leaves
from ...ir.graph import Edge, Node, SpaceGraph
from ...ops.torch.expressions import Conditional, Expression, List
from ...ops.torch.expressions import Literal as Plain
from ...ops.torch.lowering import emit as emit_primitive
from ..codegen.conditions import Written
from ..codegen.kernel_table import kernel
from ..codegen.program import Statement
from .counting import counted
from .expectation import Turns
from .network import Emit
from .paths import LoweredPaths, PathLowering, Reads, Sharing

WEIGHT: Final = " weight"
"""Behind the path of a decision: the key of the weight of what is drawn of it."""


def lower_drawn(graph: SpaceGraph, sharing: Sharing, emit: Emit = emit_primitive) -> LoweredPaths:
    """The statements of the network of ``graph`` that computes a path which is drawn for each pass: what a decision
    chooses is multiplied by the weight that the path has for it, where a mixture would weigh the alternatives (but
    behind a norm that alone reads it). Elements of keeps may be there in any number, and have no weights. Raises
    SpaceError (E0823) where conditions would be too long a text."""
    return _DrawnLowering(graph, any_kept(graph), sharing, emit).lowered()


def any_kept(graph: SpaceGraph) -> SpaceGraph:
    """``graph`` as if each keep might keep any number of its elements."""
    free = (
        replace(d, valid=True, sizes=(0, len(d.options))) if d.kind == "keep" and not d.trivial else d
        for d in graph.decisions
    )
    return replace(graph, decisions=tuple(free))


class _DrawnLowering(PathLowering):
    drawn = True

    def __init__(self, space: SpaceGraph, graph: SpaceGraph, sharing: Sharing, emit: Emit) -> None:
        super().__init__(space, graph, sharing, emit)
        self.turns = Turns(self.graph)
        self.weights: dict[int, int] = {}
        """The statement of the weight of what is drawn, by decision."""
        self.behind: dict[int, Mapping[int, Guard]] = {}
        """By norm the weights of what it reads."""
        self.ends = {id for _, id in self.graph.outputs}

    def _apply(self, node: Node) -> int:
        value = super()._apply(node)
        if self.primitives[node.op].identity or self.primitives[node.op].zero:
            return value
        if node.id in self.behind:
            value = self._product(node, value, self.behind[node.id], self._need(node))
        return self._by_numbers(node, value)

    def _reduce(self, node: Node) -> int:
        return self._mean(node) if node.op == "mean" else super()._reduce(node)

    def _chosen(self, node: Node, value: int) -> int:
        """What is chosen of the edges of a node, times its weight."""
        return self._times(node, value, [edge.guard for edge in node.edges])

    def _by_numbers(self, node: Node, value: int) -> int:
        """The result of an application, times the weights of the decisions that the text asks for in its numbers.
        Numbers that follow from those of an input, as the width behind another width, have no further weight."""
        joint = self.diagrams.apply(lambda *plain: plain, *(case for _, case in node.attrs))
        if type(joint) is not Diagram:
            return value
        guards = [self._is(joint, plain) for plain in leaves(joint) if plain is not IMPOSSIBLE]
        return self._times(node, value, guards, [ask.decision for ask in node.asks])

    def _is(self, case: Case, value: Case) -> Guard:
        guard = self.diagrams.apply(lambda found: found == value, case)
        settled: Guard = self.diagrams.ite(self.diagrams.undefined(guard), False, guard)
        return settled

    def _times(self, node: Node, value: int, guards: Sequence[Guard], among: Sequence[int] | None = None) -> int:
        """The value of a node times the weights by which one of ``guards`` holds. ``among``: of these decisions alone,
        None for all. Where a norm alone reads it, which undoes any factor, what the norm gives is multiplied."""
        weights = counted(self.graph, guards, self.turns.of(node), among)
        (reader,) = readers if len(readers := self.graph.consumers[node.id]) == 1 else (None,)
        if reader is not None and self._is_norm(reader) and node.id not in self.ends:
            self.behind[reader] = weights
            return value
        return self._product(node, value, weights, self._need(node))

    def _is_norm(self, id: int) -> bool:
        node = self.graph.nodes[id]
        return node.kind == "apply" and self.primitives[node.op].norm

    def _product(self, node: Node, value: int, weights: Mapping[int, Guard], need: Guard) -> int:
        """A value that is needed under a condition, times weights, of which each counts under one."""
        reads = Reads(self)
        product = [reads.slot(value), *self._factors(weights, need, reads)]
        if len(product) == 1:
            return value
        return self._add(node, "drawn", reads.inputs, kernel("weighed", *product), need=need)

    def _element(self, node: Node, edge: Edge, need: Guard) -> int:
        """An element of a sum or a concat, which is there where ``need`` holds, times its weight."""
        value = self.values[edge.source]
        return self._product(node, value, counted(self.graph, [edge.guard], self.turns.of(node)), need)

    def _mean(self, node: Node) -> int:
        """The sum of the elements times their weights, over the sum of the weights."""
        there = self._there(node)
        some = self.diagrams.any(guard for guard, _ in there)
        none = self._both(node, self.diagrams.negate(some))
        reads = Reads(self)
        written = Written(self.graph, reads.decision)
        elements: list[Expression] = []
        weights: list[Expression] = []
        for guard, edge in there:
            slot = reads.slot(self.values[edge.source])
            always = self.diagrams.constrain(guard, self._need(node)) is True
            elements.append(slot if always else Conditional(slot, written.condition(edge.guard), Plain(None)))
            own = counted(self.graph, [edge.guard], self.turns.of(node))
            weights.append(List(tuple(self._factors(own, guard, reads))))
        mean = kernel("weighed_mean", List(tuple(elements)), List(tuple(weights)))
        cases = [] if some is False else [(some, self._add(node, "mean", reads.inputs, mean, need=some))]
        if none is not False:
            cases.append((none, self._zeros(node, none)))
        return self._choice(node, "mean", cases)

    def _factors(self, weights: Mapping[int, Guard], need: Guard, reads: Reads) -> list[Expression]:
        """Weights of what is drawn, each None where it does not count."""
        found: list[Expression] = []
        written = Written(self.graph, reads.decision)
        for id, under in weights.items():
            inside = self.diagrams.constrain(under, need)
            if inside is not False:
                weight = reads.slot(self._weight(self.graph.decisions[id]))
                found.append(weight if inside is True else Conditional(weight, written.condition(inside), Plain(None)))
        return found

    def _weight(self, decision: Decision) -> int:
        """The statement of the weight of what is drawn of a decision."""
        if decision.id not in self.weights:
            self.weights[decision.id] = len(self.statements)
            name = f"{decision.path}{WEIGHT}"
            self.statements.append(Statement(len(self.statements), name, self.root, (), None, None, kind="weights"))
        return self.weights[decision.id]
