"""Where an output is computed from no input: what gates that are off and lists of which nothing is there leave of it.

A node is *lost* where its value does not depend on the inputs, and *gone* where it is an exact zero: a gate that is
off, a sum of nothing, what keeps zeros of one of these, a product with one. A zero that the text says (`zero`) is
meant, and counts as if something went through it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from ..ir.diagram import Diagram, DiagramTooLarge, Guard, evaluate, inner_nodes, support
from ..ir.graph import Edge, Node, SpaceGraph
from ..ops.registry import primitives_of
from ..record import record

SIZE_LIMIT = 1_000
"""Conditions of more inner nodes are not followed."""


def may_lose(graph: SpaceGraph) -> bool:
    """Whether an output could lose an input, if all decisions were free of each other: a quick answer, mostly no."""
    primitives = primitives_of(graph)
    lost: set[int] = set()
    for node in graph.nodes:
        if node.kind == "apply":
            if not lost:
                continue
            sources = [edge.source in lost for edge in node.edges]
            vanishing = any(sources) and primitives[node.op].multiplies
            if vanishing and len(graph.inputs) > 1:
                return True
            if vanishing or (sources and all(sources)):
                lost.add(node.id)
        elif node.kind == "gate" or (node.edges and not _something(graph, node, lost)):
            lost.add(node.id)
    return any(id in lost for _, id in graph.outputs)


def _something(graph: SpaceGraph, node: Node, lost: Container[int]) -> bool:
    """Whether a source that is never lost is there in any case: one of a switch is, one that a keep keeps."""
    if any(edge.guard is True and edge.source not in lost for edge in node.edges):
        return True
    if node.kind == "reduce":
        decision = graph.decisions[node.decision] if node.decision is not None else None
        if decision is None or decision.sizes is None or decision.sizes[0] == 0:
            return False
    return not any(edge.source in lost for edge in node.edges)


class Dependence:
    """The conditions under which nodes are ``lost`` and ``gone``; nodes that never are, are left out.

    ``inputs``: the nodes on which something is to depend, other inputs are lost. ``products``: whether a product with
    what is gone is gone; without that, it depends on its other factors.
    ``exact``: whether the conditions are; else some of them were too large, and those here hold where the true ones do,
    but not the other way round.
    """

    def __init__(self, graph: SpaceGraph, inputs: Collection[int], products: bool = True) -> None:
        self.graph, self.diagrams, self.products = graph, graph.diagrams, products
        self.primitives = primitives_of(graph)
        self.lost: dict[int, Guard] = {id: True for id in graph.inputs if id not in inputs}
        self.gone: dict[int, Guard] = {}
        self.vanishing = False
        """Whether a factor of some product can be gone."""
        self.exact = True
        self._known: dict[tuple[object, ...], Guard] = {}
        for node in graph.nodes:
            if node.kind == "apply":
                if self.lost:
                    self._apply(node)
            elif node.kind == "gate" or (node.edges and not _something(graph, node, self.lost)):
                for of in (self.lost, self.gone):
                    self._put(of, node, self._without(node, of))

    def _put(self, of: dict[int, Guard], node: Node, condition: Guard) -> None:
        if condition is not False:
            of[node.id] = condition

    def _apply(self, node: Node) -> None:
        sources = [edge.source for edge in node.edges]
        if not any(source in self.lost for source in sources):
            return
        primitive = self.primitives[node.op]
        lost = self._all([self.lost.get(source, False) for source in sources])
        gone: Guard = False
        if primitive.multiplies:
            gone = self._any([self.gone.get(source, False) for source in sources])
            self.vanishing |= gone is not False
            gone = gone if self.products else False
            lost = self._any([gone, lost])
        elif primitive.keeps_zeros and not primitive.zero:
            biased: Guard = node.attributes.get("bias", False)
            gone = self._all([*(self.gone.get(source, False) for source in sources), self._not(biased)])
        self._put(self.lost, node, lost)
        self._put(self.gone, node, gone)

    def _without(self, node: Node, of: Mapping[int, Guard]) -> Guard:
        """Where each source of a switch, gate or reduce that is there is in ``of``."""
        edges = node.edges
        key = (*(_name(edge.guard) for edge in edges), *(_name(of.get(edge.source, False)) for edge in edges))
        if key not in self._known:
            absent = self._all([self._absent(edge, of) for edge in edges])
            self._known[key] = self._valid(absent, [edge.guard for edge in edges])
        return self._known[key]

    def _absent(self, edge: Edge, of: Mapping[int, Guard]) -> Guard:
        return self._any([self._not(edge.guard), of.get(edge.source, False)])

    def _valid(self, condition: Guard, guards: Sequence[Guard]) -> Guard:
        """``condition`` where the keeps on which the guards depend keep as many as they may."""
        variables = {v for guard in guards if type(guard) is Diagram for v in support(guard)}
        for id in sorted({v.decision for v in variables if v.element is not None}):
            condition = self._all([condition, self.graph.decisions[id].valid])
        return condition

    def _all(self, guards: Sequence[Guard]) -> Guard:
        """The conjunction; False where it is too large."""
        if any(guard is False for guard in guards):
            return False
        result: Guard = guards[-1] if guards else True
        for guard in reversed(guards[:-1]):  # what comes first in the text is asked first: it goes on top in one step
            result = self._made(partial(self.diagrams.both, guard, result), False)
        return result

    def _any(self, guards: Sequence[Guard]) -> Guard:
        """The disjunction, without those that would make it too large."""
        result: Guard = False
        for guard in reversed(guards):
            result = self._made(partial(self.diagrams.either, guard, result), result)
        return result

    def _not(self, guard: Guard) -> Guard:
        return self._made(partial(self.diagrams.negate, guard), False)

    def _made(self, make: Callable[[], Guard], otherwise: Guard) -> Guard:
        try:
            made = make()
            if sum(1 for _ in islice(inner_nodes(made), SIZE_LIMIT + 1)) <= SIZE_LIMIT:
                return made
        except DiagramTooLarge:
            pass
        self.exact = False
        return otherwise

    def holds(self, cause: Cause) -> Guard:
        """Where a cause is there."""
        node = self.graph.nodes[cause.node]
        if cause.parts:
            return self.lost.get(node.id, False)
        return self._valid(self._all([self._not(edge.guard) for edge in node.edges]), [e.guard for e in node.edges])


def _name(guard: Guard) -> object:
    return guard if isinstance(guard, bool) else f"#{guard.uid}"


@record
class Cause:
    """Why something is lost in an architecture: a gate that is off, or a reduce (``parts``: of which nothing is there,
    or each part of which is lost for a reason of its own). ``product``: the product that has it as a factor."""

    node: int
    parts: bool = False
    product: int | None = None


def cause(dependence: Dependence, answers: Mapping[int, int], output: int) -> Cause | None:
    """Why an output is lost in one architecture, whose ``answers`` are whole; None where it is not."""
    graph, primitives = dependence.graph, dependence.primitives
    lost: dict[int, Cause | None] = {id: None for id, condition in dependence.lost.items() if condition is True}
    lost = {id: None for id in lost if graph.nodes[id].kind == "input"}
    gone: dict[int, Cause | None] = {}
    for node in graph.nodes[: output + 1]:
        if node.id not in dependence.lost or node.kind == "input":
            continue
        sources = [edge.source for edge in node.edges if evaluate(edge.guard, answers) is True]
        primitive = primitives[node.op] if node.kind == "apply" else None
        if primitive is not None and primitive.multiplies and dependence.products:
            factor = next((source for source in sources if source in gone), None)
            if factor is not None:
                found = gone[factor]
                lost[node.id] = gone[node.id] = found and replace(found, product=node.id)
                continue
        if all(source in lost for source in sources):
            lost[node.id] = _joined(node, [lost[source] for source in sources])
        keeps = primitive is None or (
            primitive.keeps_zeros and not primitive.zero and not evaluate(node.attributes.get("bias", False), answers)
        )
        if keeps and all(source in gone for source in sources):
            gone[node.id] = _joined(node, [gone[source] for source in sources])
    return lost.get(output)


def _joined(node: Node, causes: list[Cause | None]) -> Cause | None:
    """The one cause of all parts of a node; None where they are of other inputs alone."""
    own = list(dict.fromkeys(c for c in causes if c is not None))
    if len(own) == 1:
        return own[0]
    return None if causes and not own else Cause(node.id, parts=bool(causes))
