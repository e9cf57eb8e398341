"""What one architecture costs: exact, by the operator library's cost rules, without a tensor library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...ir.graph import CostConstraint, SpaceGraph
from ...ir.network import Network
from ...ir.operation import Primitive
from ..specialise import reaching, specialise


@dataclass(frozen=True, slots=True)
class Costs:
    """``params``: learnt scalars. ``flops``: multiply-adds of convolutions, linear and matrix products in one sample's
    forward pass. ``depth``: the most of those operations on one path. ``activations``: their output elements."""

    params: int
    flops: int
    depth: int
    activations: int

    def within(self, constraint: CostConstraint) -> bool:
        value: int = getattr(self, constraint.metric)
        return (constraint.low is None or value >= constraint.low) and (
            constraint.high is None or value <= constraint.high
        )


def costs(graph: SpaceGraph, arch: Mapping[str, Any], primitives: Mapping[str, Primitive] | None = None) -> Costs:
    """The costs of an architecture of ``graph``."""
    return network_costs(specialise(graph, arch, primitives))


def network_costs(network: Network) -> Costs:
    """The costs of everything on a path to the first output: other outputs serve losses alone."""
    needed = sorted(reaching(network, [network.outputs[0][1]]))
    params = flops = activations = 0
    depth: dict[int, int] = {}
    for id in needed:
        layer = network.layers[id]
        params += layer.cost.params
        flops += layer.cost.flops
        activations += layer.cost.activations
        depth[id] = layer.cost.layers + max((depth[i] for i in layer.inputs), default=0)
    return Costs(params, flops, depth[network.outputs[0][1]], activations)


def cost_constraints(graph: SpaceGraph) -> tuple[CostConstraint, ...]:
    return tuple(c for c in graph.constraints if isinstance(c, CostConstraint))


def unknown_costs(graph: SpaceGraph) -> frozenset[str]:
    """The costs that some extern operator of the graph does not state; it counts as 0 in them."""
    externs = (primitive.extern for primitive in graph.externs.values())
    return frozenset(cost for extern in externs if extern is not None for cost in extern.unknown)
