"""What one architecture costs: exact, by the operator library's cost rules, without a tensor library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...ir.graph import CostConstraint, SpaceGraph
from ...ir.network import Network, total
from ...ir.operation import Primitive
from ...record import record
from ..specialise import reaching, specialise


@record
class Costs:
    """``params``: learnt scalars. ``flops``: multiply-adds of convolutions, linear and matrix products in one sample's
    forward pass. ``depth``: the most of those operations on one path. ``activations``: their output elements. None is
    what an extern operator of the network does not state."""

    params: int | None
    flops: int | None
    depth: int | None
    activations: int | None

    def without(self, figures: Iterable[str]) -> Costs:
        """The same, of which these figures are not known."""
        return replace(self, **dict.fromkeys(figures))

    def within(self, constraint: CostConstraint) -> bool:
        value: int | None = getattr(self, constraint.metric)
        assert value is not None, "a constraint over a cost that is not known is an error of the text"
        return (constraint.low is None or value >= constraint.low) and (
            constraint.high is None or value <= constraint.high
        )


def costs(graph: SpaceGraph, arch: Mapping[str, Any], primitives: Mapping[str, Primitive] | None = None) -> Costs:
    """The costs of an architecture of ``graph``."""
    return network_costs(specialise(graph, arch, primitives))


def network_costs(network: Network) -> Costs:
    """The costs of everything on a path to the first output: other outputs serve losses alone."""
    needed = [network.layers[id] for id in sorted(reaching(network, [network.outputs[0][1]]))]
    depth: dict[int, int] = {}
    for layer in needed:
        depth[layer.id] = layer.cost.layers + max((depth[i] for i in layer.inputs), default=0)
    return Costs(
        total(needed, "params"),
        total(needed, "flops"),
        None if any("depth" in layer.cost.unknown for layer in needed) else depth[network.outputs[0][1]],
        total(needed, "activations"),
    )


def cost_constraints(graph: SpaceGraph) -> tuple[CostConstraint, ...]:
    return tuple(c for c in graph.constraints if isinstance(c, CostConstraint))


def unknown_costs(graph: SpaceGraph) -> frozenset[str]:
    """The costs that some extern operator of the graph does not state."""
    externs = (primitive.extern for primitive in graph.externs.values())
    return frozenset(cost for extern in externs if extern is not None for cost in extern.unknown)
