"""How many windows over time a network has, and how long they are, by the operators that bring them.

EvaNet's Table 9 asks this of its networks: so many 3D convolutions of this mean length, so many (2+1)D ones, iTGM
layers and pools.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from ..ir.graph import SpaceGraph
from ..ir.network import Layer, Network
from ..ir.operation import Primitive
from ..record import record
from .receptive_field import reach

LIBRARY = "std."


@record
class Window:
    """``part``: what the meta binds it to, without an index (`m1` of `m1.s[2]`), or the meta. ``operation``: as in a
    :class:`WindowRow`. ``length``: in instants of what enters it."""

    part: str
    operation: str
    length: int


@record
class WindowRow:
    """``operation``: an operator of the library as it is called (`conv2plus1d`), or a primitive (`conv`, `max_pool`)
    that is applied outside of the library. ``number``: of its applications over clips; the lengths are in instants of
    what enters it, 1 where it looks at each by itself."""

    operation: str
    number: int
    mean: Fraction
    least: int
    greatest: int

    def document(self) -> dict[str, Any]:
        """The row for JSON."""
        return asdict(self) | {"mean": float(self.mean)}


def window_rows(graph: SpaceGraph, network: Network, primitives: Mapping[str, Primitive]) -> tuple[WindowRow, ...]:
    """Of ``network``, an architecture of ``graph``, by name. Pointwise convolutions are no windows."""
    lengths: dict[str, list[int]] = {}
    for window in windows(graph, network, primitives):
        lengths.setdefault(window.operation, []).append(window.length)
    return tuple(
        WindowRow(name, len(found), Fraction(sum(found), len(found)), min(found), max(found))
        for name, found in sorted(lengths.items())
    )


def windows(graph: SpaceGraph, network: Network, primitives: Mapping[str, Primitive]) -> Iterator[Window]:
    """Of ``network``, an architecture of ``graph``, in the order of evaluation."""
    found = []
    for name, group in _applications(graph, network):
        if any(_is_window(network, network.layers[id], primitives) for id in group):
            found.append(
                (min(group), Window(_part(graph, network.layers[group[0]]), name, reach(network, group, primitives)))
            )
    return (window for _, window in sorted(found, key=lambda one: one[0]))


def _part(graph: SpaceGraph, layer: Layer) -> str:
    scope = graph.scopes[layer.scope]
    path = graph.nodes[layer.node].name or scope.path or scope.callee
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _applications(graph: SpaceGraph, network: Network) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Layers by what brings them: those of one call of an operator of the library together."""
    calls: dict[int, list[int]] = {}
    for layer in network.layers:
        scope = _call(graph, layer)
        if scope is None:
            yield layer.op, (layer.id,)
        else:
            calls.setdefault(scope, []).append(layer.id)
    for scope, ids in calls.items():
        yield graph.scopes[scope].callee, tuple(ids)


def _call(graph: SpaceGraph, layer: Layer) -> int | None:
    """The scope of the call by which a text outside of the library applies the operator that the layer is of."""
    id: int | None = layer.scope
    if not layer.span.source.name.startswith(LIBRARY):
        return None
    while id is not None:
        scope = graph.scopes[id]
        if scope.kind == "op" and scope.span is not None and not scope.span.source.name.startswith(LIBRARY):
            return id
        id = scope.parent
    return None


def _is_window(network: Network, layer: Layer, primitives: Mapping[str, Primitive]) -> bool:
    if layer.op not in primitives or not layer.inputs or network.layers[layer.inputs[0]].shape.layout != "clip":
        return False
    if primitives[layer.op].instants is None:
        return False
    window = layer.attrs.get("k", layer.attrs.get("length", 1))
    return bool((max(window) if isinstance(window, tuple) else window) > 1)
