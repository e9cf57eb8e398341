"""One architecture of a space: the graph with every decision taken, in plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ..diagnostics.source import Span
from ..record import record
from .operation import Cost, TensorShape

NO_COST = Cost()


@record(eq=False)
class Layer:
    """An application of a primitive, or a reduce. ``inputs`` are ids of layers before this one.

    ``op``: `input` (then ``attrs["name"]`` is the input's), a primitive, or `sum`, `mean`, `concat` (channels).
    ``node`` is the id of the node of the space
    graph that it comes from, ``scope`` the id of the scope it stands in. ``frozen``: weights are loaded and never
    trained.
    """

    id: int
    op: str
    inputs: tuple[int, ...]
    attrs: Mapping[str, Any]
    shape: TensorShape
    node: int
    scope: int
    span: Span
    cost: Cost = NO_COST
    frozen: bool = False


@record(eq=False)
class Network:
    """Layers in topological order. Switches, gates and identities are spliced out, exact zeros are dropped from sums
    where that is exact (a `zero` that is the only thing left stays, as the layer `zero`), and every layer is on a
    path to an output."""

    layers: tuple[Layer, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[str, int], ...]

    def layer(self, id: int) -> Layer:
        return self.layers[id]


def total(layers: Iterable[Layer], figure: Literal["params", "flops", "activations"]) -> int | None:
    """What layers cost together; None where one of them does not say."""
    costs = [layer.cost for layer in layers]
    return None if any(figure in cost.unknown for cost in costs) else sum(getattr(cost, figure) for cost in costs)
