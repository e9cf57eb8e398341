"""Predicts what a supernet keeps for the backward pass, from its graph and what operators say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

from ..ir.diagram import Case, Diagram, leaves
from ..ir.graph import Edge, Node, SpaceGraph, TensorType
from ..ir.operation import Application, Primitive, Saved
from ..ops.registry import primitives_of
from ..ops.saving import FLOAT
from ..record import record
from .hints import ATTRIBUTE
from .merge_targets import MIXTURE, Mixture
from .mixtures import weighted_edges
from .partial_channels import PART


def kept_bytes(graph: SpaceGraph, keeps: bool = True) -> int:
    """Bytes per sample, in float32, that training all weights and decisions keeps; ``keeps``: whether elements of keeps
    have weights.

    Not counted: parameters, what a batch has once (moments of batch-norms, weights of decisions), shapes that depend on
    decisions, and what `extern` operators keep, which nobody knows. An attribute that depends on decisions counts as
    its first case. Of merged operations the small matrices are left out, and so are copies of tensors that do not lie
    in memory as PyTorch would have them.
    """
    return _Keeping(graph, keeps).bytes()


class _Keeping:
    def __init__(self, graph: SpaceGraph, keeps: bool) -> None:
        self.graph, self.keeps, self.primitives = graph, keeps, primitives_of(graph)
        self.elements = {v.index: 1 for d in graph.decisions for v in d.variables if v.element is not None}
        self.gradients: list[bool] = []
        """For each node whether its value needs a gradient."""
        self.owners: list[int] = []
        """For each node the one in whose memory its value lies."""

    def bytes(self) -> int:
        kept: set[int] = set()
        beside = 0
        read = self._read()
        for node in self.graph.nodes:
            tensors, more = self._of(node) if node.id in read else self._add(node, False, [])
            inside = _recomputed(self.graph, node.scope)
            if inside is None:
                kept.update(self.owners[id] for id in tensors)
                beside += more
                continue
            # A recomputed cell keeps nothing but what enters it.
            entering = [edge.source for edge in node.edges]
            kept.update(
                self.owners[id] for id in entering if _recomputed(self.graph, self.graph.nodes[id].scope) != inside
            )
        return beside + sum(FLOAT * _elements(self.graph.nodes[id]) for id in kept)

    def _read(self) -> set[int]:
        """The nodes that the outputs are computed from."""
        read = {id for _, id in self.graph.outputs}
        for node in reversed(self.graph.nodes):
            if node.id in read:
                read.update(edge.source for edge in node.edges if self._there(edge))
        return read

    def _there(self, edge: Edge) -> bool:
        """Whether the edge may be there; where keeps have no weights, all of their elements are."""
        return self.keeps or self.graph.diagrams.restrict(edge.guard, self.elements) is not False

    def _of(self, node: Node) -> tuple[list[int], int]:
        """The nodes whose values ``node`` keeps (itself too), and the bytes that it keeps beside them."""
        match node.kind:
            case "input":
                return self._add(node, False, [])
            case "apply":
                return self._apply(node)
            case "merged" if node.op == MIXTURE:
                return self._add(node, True, [e.source for e in node.edges], _of_mixture(node))
            case "merged":
                return self._passed_on(node, view=node.op == PART)
        weighted = [edge.source for edge in weighted_edges(self.graph, node, self.keeps) if self._there(edge)]
        if not weighted:
            return self._passed_on(node, view=len(node.edges) == 1)
        # A weighted mean divides a sum by one of weights, and keeps both.
        return self._add(node, True, weighted, FLOAT * _elements(node) if node.op == "mean" else 0)

    def _apply(self, node: Node) -> tuple[list[int], int]:
        nodes, sources = self.graph.nodes, [edge.source for edge in node.edges]
        types = tuple([nodes[id].type for id in sources])
        gradients = tuple([self.gradients[id] for id in sources])
        kept = _of_application(self.primitives[node.op], types, node.attrs, node.type, gradients, node.frozen)
        tensors = [sources[place] for place in kept.saved.inputs] + ([node.id] if kept.saved.output else [])
        return self._add(node, kept.gradient, tensors, kept.saved.bytes, sources[0] if kept.view else None)

    def _passed_on(self, node: Node, view: bool) -> tuple[list[int], int]:
        """What a node keeps that only adds up, joins or cuts: nothing."""
        sources = [edge.source for edge in node.edges]
        return self._add(node, any(self.gradients[id] for id in sources), [], 0, sources[0] if view else None)

    def _add(
        self, node: Node, gradient: bool, kept: list[int], beside: int = 0, owner: int | None = None
    ) -> tuple[list[int], int]:
        self.gradients.append(gradient)
        self.owners.append(node.id if owner is None else self.owners[owner])
        return kept, beside


@record
class _Kept:
    """What an application keeps, whether its value needs a gradient, and whether it is a view of its first input."""

    saved: Saved
    gradient: bool
    view: bool


@lru_cache(maxsize=10_000)
def _of_application(
    primitive: Primitive,
    inputs: tuple[TensorType, ...],
    attributes: tuple[tuple[str, Case], ...],
    output: TensorType,
    gradients: tuple[bool, ...],
    frozen: bool,
) -> _Kept:
    learns = primitive.stateful and not frozen
    if not output.fixed or not all(type.fixed for type in inputs):
        return _Kept(Saved(), learns or any(gradients), False)
    shapes = tuple(type.concrete() for type in inputs)
    attrs = {name: _first(case) for name, case in attributes if name != ATTRIBUTE}
    shape = output.concrete()
    if frozen and primitive.random:  # as in evaluation, where it is its input
        return _Kept(Saved(), any(gradients), True)
    if learns and primitive.extern is None:
        learns = primitive.cost(shapes, attrs, shape).params > 0
    needed = (learns or any(gradients)) and not primitive.zero
    saved = primitive.saves(Application(shapes, attrs, shape, gradients, learns)) if needed else Saved()
    return _Kept(saved, needed, primitive.view is not None and primitive.view(shapes, attrs))


def _of_mixture(node: Node) -> int:
    """Of merged operations: the centred inputs of pointwise convolutions, and what inner stages give."""
    mixture: Mixture = node.attributes["mixture"]
    if mixture.again:
        return 0
    return sum(_of_chains(mixture))


def _of_chains(mixture: Mixture) -> Iterator[int]:
    for group in mixture.groups:
        for chain in group.chains:
            yield from (FLOAT * stage.pointwise.input.elements for stage in chain)
            yield from (FLOAT * stage.norm.input.elements for stage in chain[:-1])


def _first(case: Case) -> Any:
    return leaves(case)[0] if type(case) is Diagram else case


def _elements(node: Node) -> int:
    return prod(node.type.dims) if node.type.fixed else 0


def _recomputed(graph: SpaceGraph, scope: int | None) -> int | None:
    """The recomputed cell that a scope stands in."""
    while scope is not None:
        if graph.scopes[scope].recompute:
            return scope
        scope = graph.scopes[scope].parent
    return None
