"""One architecture's network as a picture."""

from __future__ import annotations

from ...ir.graph import SpaceGraph
from ...ir.network import Layer, Network, total
from ...ops.registry import primitives_of
from ...text.figures import counted, figure
from . import labels
from .nesting import Nesting
from .picture import Box, Item, Link, Picture
from .space import LARGE


def network_picture(graph: SpaceGraph, network: Network, closed: bool | None = None) -> Picture:
    """The picture of ``network``, an architecture of ``graph``, with the shapes that leave each symbol.

    ``closed``: draw cells as symbols, and one of each kind and structure opened below; None does so for large networks.
    """
    drawing = _Drawing(graph, network, Nesting(graph.scopes))
    box, links = drawing.root(), drawing.links()
    if closed or (closed is None and sum(1 for _ in box.everything()) > LARGE):
        drawing = _Drawing(graph, network, Nesting(graph.scopes, closed=True))
        overview, links = drawing.root(), drawing.links()
        overview.title = "overview"
        box = Box("all", "", boxes=[overview])
        for scope in _cells(graph, network):
            inner = _Drawing(graph, network, Nesting(graph.scopes, within=scope), f"in{scope}_")
            part = inner.root()
            part.title = f"{graph.scopes[scope].callee}, as in {graph.scopes[scope].path}"
            box.boxes.append(part)
            links += inner.links()
    params, flops = total(network.layers, "params"), total(network.layers, "flops")
    box.prune()
    facts = (counted(params, "parameters"), counted(flops, "multiply-adds"), f"depth {figure(_depth(network))}")
    return Picture(graph.name, facts, box, tuple(links))


def _depth(network: Network) -> int | None:
    if any("depth" in layer.cost.unknown for layer in network.layers):
        return None
    depth: list[int] = []
    for layer in network.layers:
        depth.append(layer.cost.layers + max((depth[i] for i in layer.inputs), default=0))
    return max((depth[id] for _, id in network.outputs), default=0)


def _cells(graph: SpaceGraph, network: Network) -> list[int]:
    """The first outermost cell of each kind and structure."""
    nesting = Nesting(graph.scopes, closed=True)
    members: dict[int, list[str]] = {}
    for layer in network.layers:
        place = nesting.place(layer.scope)
        if place is not None and place.leaf is not None and graph.scopes[place.leaf].kind == "cell":
            members.setdefault(place.leaf, []).append(layer.op)
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    for scope, ops in members.items():
        found.setdefault((graph.scopes[scope].callee, tuple(sorted(ops))), scope)
    by_callee: dict[str, int] = {}
    for (callee, _), scope in found.items():
        # Cells next to a change of resolution differ a little; the last variant is the usual one.
        by_callee[callee] = scope
    return list(by_callee.values())


class _Drawing:
    def __init__(self, graph: SpaceGraph, network: Network, nesting: Nesting, prefix: str = "") -> None:
        self.graph, self.network, self.nesting, self.prefix = graph, network, nesting, prefix
        self.primitives = primitives_of(graph)
        self.ids: dict[int, str] = {}
        self.groups: dict[str, list[Layer]] = {}
        self.boxes: dict[str, int] = {}
        self.leaves: dict[str, int | None] = {}
        for layer in network.layers:
            place = nesting.place(layer.scope)
            if place is None:
                continue
            id = f"{prefix}l{place.leaf}" if place.leaf is not None else f"{prefix}n{layer.id}"
            self.ids[layer.id] = id
            self.groups.setdefault(id, []).append(layer)
            self.boxes[id], self.leaves[id] = place.box, place.leaf

    def root(self) -> Box:
        boxes = self.nesting.boxes()
        for id, layers in self.groups.items():
            boxes[self.boxes[id]].items.append(self._item(id, layers))
        if self.nesting.within is not None:
            root = boxes[self.nesting.within]
            for source in self._outside():
                layer = self.network.layers[source]
                name = self.graph.scopes[layer.scope].path or layer.op
                root.items.append(
                    Item(f"{self.prefix}x{source}", "input", name, (labels.shape_text(layer.shape.dims),))
                )
            return root
        root = next(iter(boxes.values()))
        for name, output in self.network.outputs:
            shape = labels.shape_text(self.network.layers[output].shape.dims)
            root.items.append(Item(f"{self.prefix}out_{name}", "output", name, (shape,)))
        return root

    def _outside(self) -> list[int]:
        inside = [layer for layers in self.groups.values() for layer in layers]
        return sorted({i for layer in inside for i in layer.inputs if i not in self.ids})

    def _item(self, id: str, layers: list[Layer]) -> Item:
        last = layers[-1]
        shape = labels.shape_text(last.shape.dims)
        params, flops = total(layers, "params"), total(layers, "flops")
        hint = f"{last.shape}, {counted(params, 'parameters')}, {counted(flops, 'multiply-adds')}"
        leaf = self.leaves[id]
        if leaf is not None:
            scope = self.graph.scopes[leaf]
            if scope.kind == "cell":
                return Item(id, "cell", self.nesting.local(scope), (scope.callee, shape), hint)
            windows = [self._attributes(x) for x in layers if "k" in x.attrs and self.primitives[x.op].stateful]
            return Item(id, "op", scope.callee, (*windows[:3], shape), f"{scope.path}: {hint}")
        if last.op == "input":
            return Item(id, "input", str(last.attrs["name"]), (shape,), hint)
        if last.op in labels.REDUCE:
            return Item(id, "reduce", labels.REDUCE[last.op], (shape,) if last.op == "concat" else (), hint)
        shown = self._attributes(last)
        return Item(id, "op", last.op, (*([shown] if shown else []), shape), hint)

    def _attributes(self, layer: Layer) -> str:
        return labels.attributes(self.primitives[layer.op], layer.attrs)

    def links(self) -> list[Link]:
        found: dict[Link, None] = {}
        for id, layers in self.groups.items():
            for layer in layers:
                for i in layer.inputs:
                    source = self.ids.get(i, f"{self.prefix}x{i}")
                    if source != id:
                        found.setdefault(Link(source, id))
        if self.nesting.within is None:
            for name, i in self.network.outputs:
                found.setdefault(Link(self.ids[i], f"{self.prefix}out_{name}"))
        return list(found)
