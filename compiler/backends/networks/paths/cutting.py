"""The weights of one architecture, cut out of those of a network that computes one path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ....analysis.specialise import specialise
from ....ir.graph import SpaceGraph
from ....ir.names import Names
from ...kernels.slices import sliced
from ...lowering.paths import Application, Places


def weights_of(
    graph: SpaceGraph, places: Places, arch: Mapping[str, Any], weights: Mapping[str, Tensor], own: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """What the discrete network of ``arch`` has of ``weights``, those of a path network of ``graph``, by the network's
    own names. ``own``: tensors of the network, of which names and shapes count. Slices are views."""
    moved = _moved(graph, places, arch)
    found = {}
    for name, tensor in own.items():
        module, _, kind = name.rpartition(".")
        there = weights.get(f"{moved.get(module, module)}.{kind}")
        if there is not None:
            found[name] = sliced(there, tensor.shape, 2 if there.dim() > 2 else there.dim())
    return found


def _moved(graph: SpaceGraph, places: Places, arch: Mapping[str, Any]) -> dict[str, str]:
    """The modules of an architecture's network that have another name in the path network, by their own."""
    names = Names(graph)
    network = specialise(graph, arch)
    moved: dict[str, str] = {}
    for layer in network.layers:
        cases = places.get(layer.node)
        if not cases:
            continue
        node = graph.nodes[layer.node]
        attributes = tuple(layer.attrs[name] for name, _ in node.attrs)
        inputs = tuple(network.layers[i].shape for i in layer.inputs)
        called = cases.get(Application(attributes, inputs, layer.shape))
        if called is not None:
            prefix = names.prefix(layer.scope)
            start = f"{prefix}." if prefix else ""
            moved[start + names.local(node, layer.attrs)] = start + called
    return moved
