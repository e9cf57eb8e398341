"""One architecture as a network: every decision taken, everything that is left out gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..ir.diagram import evaluate
from ..ir.graph import Node, SpaceGraph
from ..ir.network import Layer, Network
from ..ir.operation import Cost, Primitive, TensorShape
from ..ops.registry import primitives_of
from ..record import record
from .architecture import answers_of
from .demand import active, holds


@record
class _Zero:
    """An exact zero, which no layer computes until something other than a sum needs it."""

    shape: TensorShape


def specialise(
    graph: SpaceGraph, arch: Mapping[str, Any], primitives: Mapping[str, Primitive] | None = None
) -> Network:
    """The network of an architecture of ``graph``.

    Switches, gates that are on, identities, and sums, means and concats of one are spliced. Exact zeros (`zero`, a gate
    that is off, a sum or mean of none) are dropped from sums; one that something else needs is the layer `zero`, whose
    single input is the network's first input (it gives the size of the batch) and whose ``shape`` is that of the zeros.
    All inputs of the space stay, used or not: they are the network's interface; every other layer is on a path to an
    output.
    """
    return _Specialiser(graph, answers_of(graph, arch), primitives or primitives_of(graph)).network()


class _Specialiser:
    def __init__(self, graph: SpaceGraph, answers: Mapping[int, int], primitives: Mapping[str, Primitive]) -> None:
        self.graph, self.answers, self.primitives = graph, answers, primitives
        self.layers: list[Layer] = []
        self.values: dict[int, int | _Zero] = {}
        self.zeros: dict[TensorShape, int] = {}

    def network(self) -> Network:
        demanded = active(self.graph, self.answers).nodes | set(self.graph.inputs)
        for id in sorted(demanded):
            self.values[id] = self._value(self.graph.nodes[id])
        outputs = []
        for name, id in self.graph.outputs:
            outputs.append((name, self._layer(self.values[id], self.graph.nodes[id])))
        inputs = [self.values[id] for id in self.graph.inputs]
        return _pruned(Network(tuple(self.layers), tuple(v for v in inputs if isinstance(v, int)), tuple(outputs)))

    def _value(self, node: Node) -> int | _Zero:
        sources = [(e.source, self.values[e.source]) for e in node.edges if holds(e.guard, self.answers)]
        match node.kind:
            case "input":
                return self._add(node, "input", (), {"name": node.op}, self._shape(node))
            case "switch":
                assert len(sources) == 1, f"node {node.id}: {len(sources)} of the edges of a switch hold"
                return sources[0][1]
            case "gate":
                return sources[0][1] if sources else _Zero(self._shape(node))
            case "reduce":
                return self._reduce(node, sources)
            case "apply":
                return self._apply(node, sources)
            case "merged":
                raise AssertionError("merged nodes are made by passes alone")

    def _reduce(self, node: Node, sources: list[tuple[int, int | _Zero]]) -> int | _Zero:
        shape = self._shape(node)
        if all(isinstance(value, _Zero) for _, value in sources):
            return _Zero(shape)
        if node.op == "sum":
            sources = [(id, value) for id, value in sources if not isinstance(value, _Zero)]
        if len(sources) == 1:
            return sources[0][1]
        inputs = tuple(self._layer(value, self.graph.nodes[id]) for id, value in sources)
        return self._add(node, node.op, inputs, self._attributes(node), shape)

    def _apply(self, node: Node, sources: list[tuple[int, int | _Zero]]) -> int | _Zero:
        primitive = self.primitives[node.op]
        if primitive.identity:
            return sources[0][1]
        if primitive.zero:
            return _Zero(self._shape(node))
        inputs = tuple(self._layer(value, self.graph.nodes[id]) for id, value in sources)
        shapes = tuple(self.layers[id].shape for id in inputs)
        attrs = self._attributes(node)
        shape = primitive.shape(shapes, attrs)
        if primitive.adds:
            # A zero summand goes unless it is what broadcasts the other one.
            rest = [(v, i) for (_, v), i in zip(sources, inputs, strict=True) if not isinstance(v, _Zero)]
            if not rest:
                return _Zero(shape)
            if len(rest) == 1 and self.layers[rest[0][1]].shape == shape:
                return rest[0][1]
        return self._add(node, node.op, inputs, attrs, shape, primitive.cost(shapes, attrs, shape))

    def _attributes(self, node: Node) -> dict[str, Any]:
        return {name: evaluate(case, self.answers) for name, case in node.attrs}

    def _shape(self, node: Node) -> TensorShape:
        return TensorShape(node.type.layout, tuple(evaluate(d, self.answers) for d in node.type.dims))

    def _layer(self, value: int | _Zero, node: Node) -> int:
        """The layer that computes a value; ``node`` is where an exact zero that needs one comes from."""
        if not isinstance(value, _Zero):
            return value
        if value.shape not in self.zeros:
            first = self.values[self.graph.inputs[0]]
            assert isinstance(first, int)
            self.zeros[value.shape] = self._add(node, "zero", (first,), {}, value.shape)
        return self.zeros[value.shape]

    def _add(
        self,
        node: Node,
        op: str,
        inputs: tuple[int, ...],
        attrs: Mapping[str, Any],
        shape: TensorShape,
        cost: Cost | None = None,
    ) -> int:
        id = len(self.layers)
        self.layers.append(
            Layer(id, op, inputs, attrs, shape, node.id, node.scope, node.span, cost or Cost(), node.frozen)
        )
        return id


def _pruned(network: Network) -> Network:
    """Without the layers that no output needs, and with ids that count from 0 again."""
    needed = set(network.inputs) | reaching(network, [id for _, id in network.outputs])
    number = {old: new for new, old in enumerate(sorted(needed))}
    layers = [
        replace(layer, id=number[layer.id], inputs=tuple(number[i] for i in layer.inputs))
        for layer in network.layers
        if layer.id in needed
    ]
    outputs = tuple((name, number[id]) for name, id in network.outputs)
    return Network(tuple(layers), tuple(number[id] for id in network.inputs), outputs)


def reaching(network: Network, ends: list[int]) -> set[int]:
    """The layers on a path to one of ``ends``, these included."""
    found, stack = set(ends), list(ends)
    while stack:
        for source in network.layers[stack.pop()].inputs:
            if source not in found:
                found.add(source)
                stack.append(source)
    return found
