"""Drop-path layers in a discrete network, for its training: what an operation adds to a node may be left out.

G. Larsson, M. Maire, G. Shakhnarovich, "FractalNet", ICLR 2017; B. Zoph et al., "Learning Transferable Architectures
for Scalable Image Recognition", CVPR 2018 (scheduled); on the non-identity edges into a cell's node as in the
evaluation of DARTS (H. Liu et al., ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...analysis.demand import holds
from ...ir.graph import Node, SpaceGraph
from ...ir.network import Layer, Network
from ...ir.operation import Primitive
from ...ops.registry import primitives_of

OP = "drop path"
"""What such a layer is called in a network, no name that an operator of the user's could have; its class is
``DropPath``."""


def with_drop_paths(graph: SpaceGraph, network: Network, answers: Mapping[int, int]) -> Network:
    """``network``, the architecture of ``graph`` with these answers, with a drop-path layer on every path of an
    operation into a sum (`+` too) or mean of several tensors.

    Not on an identity, nor on a tensor that something else reads too: these lead past operations. Names of weights
    stay.
    """
    consumers = [0] * len(network.layers)
    for id in (*(i for layer in network.layers for i in layer.inputs), *(id for _, id in network.outputs)):
        consumers[id] += 1
    primitives = primitives_of(graph)
    layers: list[Layer] = []
    places: dict[int, int] = {}

    def add(layer: Layer) -> int:
        layers.append(replace(layer, id=len(layers)))
        return len(layers) - 1

    for layer in network.layers:
        inputs = tuple(places[i] for i in layer.inputs)
        if _adds(primitives, layer) and len(inputs) > 1:
            identities = _identities(graph, graph.nodes[layer.node], answers)
            found = []
            for number, (old, new) in enumerate(zip(layer.inputs, inputs, strict=True), 1):
                source = network.layers[old]
                primitive = primitives.get(source.op)
                operation = primitive is not None and not (primitive.adds or primitive.zero or source.frozen)
                if operation and consumers[old] == 1 and source.node not in identities:
                    place = replace(layer, op=OP, inputs=(new,), attrs={"number": number}, shape=source.shape)
                    new = add(place)
                found.append(new)
            inputs = tuple(found)
        places[layer.id] = add(replace(layer, inputs=inputs))
    outputs = tuple((name, places[id]) for name, id in network.outputs)
    return Network(tuple(layers), tuple(places[id] for id in network.inputs), outputs)


def _adds(primitives: Mapping[str, Primitive], layer: Layer) -> bool:
    """Whether paths meet in a layer."""
    return layer.op in ("sum", "mean") or (layer.op in primitives and primitives[layer.op].adds)


def _identities(graph: SpaceGraph, node: Node, answers: Mapping[int, int]) -> set[int]:
    """The nodes whose value reaches ``node`` through an identity alone."""
    found, primitives = set[int](), primitives_of(graph)
    for edge in node.edges:
        if not holds(edge.guard, answers):
            continue
        source, identity = graph.nodes[edge.source], False
        while source.kind in ("switch", "gate") or (source.kind == "apply" and primitives[source.op].identity):
            identity |= source.kind == "apply"
            following = [e.source for e in source.edges if holds(e.guard, answers)]
            if not following:
                break
            source = graph.nodes[following[0]]
        if identity:
            found.add(source.id)
    return found
