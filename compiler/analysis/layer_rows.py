"""The layers of one network as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ..ir.graph import SpaceGraph
from ..ir.network import Network, total
from ..ops.registry import primitives_of
from ..record import record
from .receptive_field import View, views


@record
class LayerRow:
    """``path``: what the text binds the layer to, from the meta on (`r1.x[2]`, `stem`), or else the scope that it
    stands in (the meta by its own name). ``shape``: of one sample, such as
    `clip(16, 8, 12, 12)`. ``flops``: multiply-adds of one sample; ``activations``: output elements of convolutions,
    linear and matrix products. None is what an extern operator does not state. ``frames``: how many frames of a clip
    that enters the network one instant of the layer sees, over ways that pass nothing which sees all of them; None
    where there is no such way, or an extern operator stands on it."""

    path: str
    op: str
    shape: str
    params: int | None
    flops: int | None
    activations: int | None
    frames: int | None = None

    @property
    def is_input(self) -> bool:
        return self.op.startswith("input ")

    def document(self) -> dict[str, Any]:
        """The row for JSON."""
        return asdict(self)


def layer_rows(graph: SpaceGraph, network: Network, seen: Sequence[View] | None = None) -> tuple[LayerRow, ...]:
    """The rows of ``network``, an architecture of ``graph``, in the order of evaluation. ``seen``: what its layers see,
    where that is known."""
    rows = []
    known = views(network, primitives_of(graph)) if seen is None else seen
    for layer, view in zip(network.layers, known, strict=True):
        op = f"input {layer.attrs['name']}" if layer.op == "input" else layer.op
        figures = (total([layer], "params"), total([layer], "flops"), total([layer], "activations"))
        scope = graph.scopes[layer.scope]
        path = layer.attrs["name"] if layer.op == "input" else graph.nodes[layer.node].name or scope.path
        rows.append(LayerRow(path or scope.callee, op, str(layer.shape), *figures, view.most))
    return tuple(rows)
