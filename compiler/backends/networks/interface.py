"""What a built network takes and gives, kept with it so that exports can describe themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...ir.graph import SpaceGraph
from ...ir.network import Network
from ...record import record

DECISIONS: Final = "decision_parameters"
"""The attribute of a supernet that holds the parameters of decisions: what names of weights are told by."""
BATCH_AXES: Mapping[str, str] = {"image": "N,C,H,W", "clip": "N,C,T,H,W", "tokens": "N,L,C", "features": "N,C"}
"""The axes of a batch of each layout."""


@record
class Port:
    """One input or output; ``shape`` is without the batch axis."""

    name: str
    layout: str
    shape: tuple[int, ...]


@record
class Interface:
    """``outputs[0]`` is the prediction. ``architecture`` is the hash (hex), "" where it is unknown."""

    space: str
    parameters: tuple[tuple[str, Any], ...]
    architecture: str
    values: tuple[tuple[str, Any], ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def interface_of(graph: SpaceGraph, network: Network, arch: Mapping[str, Any]) -> Interface:
    """The interface of the network of ``arch``, an architecture of ``graph``."""

    def port(name: str, id: int) -> Port:
        shape = network.layers[id].shape
        return Port(name, shape.layout, shape.dims)

    return Interface(
        graph.name,
        graph.parameters,
        getattr(arch, "hash", ""),
        tuple(arch.items()),
        tuple(port(network.layers[id].attrs["name"], id) for id in network.inputs),
        tuple(port(name, id) for name, id in network.outputs),
    )
