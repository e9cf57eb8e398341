"""A space with its decisions open, as a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.graph import Node, SpaceGraph
from ...ops.registry import primitives_of
from . import labels
from .nesting import Nesting
from .picture import Box, Item, Link, Picture

LARGE = 100
"""Spaces of more symbols are drawn with their cells closed, and one cell of each kind beside them."""


def space_picture(graph: SpaceGraph, closed: bool | None = None) -> Picture:
    """The picture of a space. A choose whose alternatives are plain operations on one tensor is one symbol that lists
    them.

    ``closed``: draw cells as symbols, and one of each kind opened below; None does so for large spaces.
    """
    whole = _Drawing(graph, Nesting(graph.scopes))
    box, links = whole.root(), whole.links()
    if closed or (closed is None and sum(1 for _ in box.everything()) > LARGE and _cells(graph)):
        drawing = _Drawing(graph, Nesting(graph.scopes, closed=True))
        overview, links = drawing.root(), drawing.links()
        overview.title = "overview"
        box = Box("all", "", boxes=[overview])
        for scope in _cells(graph):
            inner = _Drawing(graph, Nesting(graph.scopes, within=scope), f"in{scope}_")
            part = inner.root()
            part.title = f"{graph.scopes[scope].callee}, as in {graph.scopes[scope].path}"
            box.boxes.append(part)
            links += inner.links()
    parameters = ", ".join(f"{name} = {labels.value(v)}" for name, v in graph.parameters)
    facts = (f"{len(graph.open)} decisions", *([parameters] if parameters else []))
    box.prune()
    return Picture(graph.name, facts, box, tuple(links))


def _cells(graph: SpaceGraph) -> list[int]:
    """The last outermost cell of each kind: the first ones often have the same tensor as several inputs."""
    found: dict[str, int] = {}
    for scope in graph.scopes:
        if scope.kind == "cell":
            parent = scope.parent
            while parent is not None and graph.scopes[parent].kind != "cell":
                parent = graph.scopes[parent].parent
            if parent is None:
                found[scope.callee] = scope.id
    return list(found.values())


@dataclass(slots=True)
class _Unit:
    """The nodes behind one symbol. ``key``: ("leaf", scope) or ("node", id)."""

    id: str
    box: int
    leaf: int | None
    nodes: list[Node] = field(default_factory=list)
    absorbed: bool = False


class _Drawing:
    def __init__(self, graph: SpaceGraph, nesting: Nesting, prefix: str = "") -> None:
        self.graph, self.nesting, self.prefix = graph, nesting, prefix
        self.units: dict[str, _Unit] = {}
        self.unit_of: dict[int, _Unit] = {}
        reached = self._reached()
        for node in graph.nodes:
            place = nesting.place(node.scope)
            if place is None or node.id not in reached:
                continue
            id = f"{prefix}l{place.leaf}" if place.leaf is not None else f"{prefix}n{node.id}"
            unit = self.units.setdefault(id, _Unit(id, place.box, place.leaf))
            unit.nodes.append(node)
            self.unit_of[node.id] = unit
        self.collapsed: dict[str, tuple[int, ...]] = {}
        """Chooses drawn as one symbol, with the nodes that they read."""
        for unit in self.units.values():
            if unit.leaf is None and unit.nodes[0].kind == "switch":
                self._collapse(unit)

    def _reached(self) -> set[int]:
        reached = {id for _, id in self.graph.outputs} | set(self.graph.inputs)
        for node in reversed(self.graph.nodes):
            if node.id in reached:
                reached.update(e.source for e in node.edges if e.guard is not False)
        return reached

    def _decides(self, unit: _Unit) -> bool:
        return any(n.asks or n.decision is not None or n.kind in ("switch", "gate") for n in unit.nodes)

    def _collapse(self, unit: _Unit) -> None:
        """Absorb the alternatives of a choose if each reads the same tensors and holds no decision of its own."""
        switch = unit.nodes[0]
        decision = self.graph.decisions[switch.decision] if switch.decision is not None else None
        if decision is None or decision.kind != "choose" or any(e.option is None for e in switch.edges):
            return
        absorbed: list[_Unit] = []
        reads: set[frozenset[int]] = set()
        direct: set[int] = set()
        for edge in switch.edges:
            mine, sources = self._alternative(switch, edge.source)
            if mine is None:
                return
            if mine:
                absorbed += mine
                reads.add(frozenset(sources))
            else:
                direct.add(edge.source)
        if len(reads) != 1 or not direct <= next(iter(reads)):
            return
        for other in absorbed:
            other.absorbed = True
        self.collapsed[unit.id] = tuple(sorted(next(iter(reads))))

    def _alternative(self, switch: Node, source: int) -> tuple[list[_Unit] | None, set[int]]:
        """The symbols that serve this alternative alone, and the nodes that they read; None if one of them decides
        something.
        """
        end = self.unit_of.get(source)
        if end is None or end.nodes[0].kind == "input":
            return [], {source}
        consumers = {c for n in end.nodes for c in self.graph.consumers[n.id] if c in self.unit_of}
        if {self.unit_of[c].id for c in consumers} - {end.id} != {self.unit_of[switch.id].id}:
            return [], {source}
        if self._decides(end) or self._options(switch, source) > 1:
            return None, set()
        mine, ids = [end], {end.id}
        sources: set[int] = set()
        stack = [end]
        while stack:
            for s in {e.source for n in stack.pop().nodes for e in n.edges}:
                before = self.unit_of.get(s)
                if before is not None and before.id in ids:
                    continue
                only = before is not None and {self.unit_of[c].id for c in self._readers(before)} <= ids
                if before is None or not only or before.box != end.box or before.nodes[0].kind == "input":
                    sources.add(s)
                    continue
                if self._decides(before):
                    return None, set()
                mine.append(before)
                ids.add(before.id)
                stack.append(before)
        return mine, sources

    def _options(self, switch: Node, source: int) -> int:
        return sum(e.source == source for e in switch.edges)

    def _readers(self, unit: _Unit) -> set[int]:
        inside = {n.id for n in unit.nodes}
        return {c for n in unit.nodes for c in self.graph.consumers[n.id] if c in self.unit_of} - inside

    # -- symbols

    def root(self) -> Box:
        boxes = self.nesting.boxes()
        for unit in self.units.values():
            if not unit.absorbed:
                boxes[unit.box].items.append(self._item(unit))
        root = boxes[self.nesting.within] if self.nesting.within is not None else next(iter(boxes.values()))
        if self.nesting.within is None:
            for name, id in self.graph.outputs:
                root.items.append(
                    Item(f"{self.prefix}out_{name}", "output", name, (self._shape(self.graph.nodes[id]),))
                )
        else:
            for source in self._outside():
                node = self.graph.nodes[source]
                root.items.append(Item(f"{self.prefix}x{source}", "input", self._name(node), (self._shape(node),)))
        return root

    def _outside(self) -> list[int]:
        """Nodes outside the drawn scope that something inside reads."""
        found = {
            e.source for u in self.units.values() for n in u.nodes for e in n.edges if e.source not in self.unit_of
        }
        return sorted(found)

    def _name(self, node: Node) -> str:
        scope = self.graph.scopes[node.scope]
        return scope.path or node.op or node.kind

    def _shape(self, node: Node) -> str:
        return labels.shape_text(node.type.dims)

    def _item(self, unit: _Unit) -> Item:
        last = unit.nodes[-1]
        hint = f"{last.type.layout} {self._shape(last)}"
        if unit.leaf is not None:
            scope = self.graph.scopes[unit.leaf]
            name = self.nesting.local(scope)
            ids = {a.decision for n in unit.nodes for a in n.asks} | {n.decision for n in unit.nodes} - {None}
            # Of what its numbers depend on, only what is decided in it; tied paths are not those of scopes.
            own = f".{name}."
            inside = [d for d in self.graph.decisions if d.id in ids and not d.trivial]
            if scope.kind == "op":
                inside = [d for d in inside if own in f".{d.path}."]
            if scope.kind == "cell":
                lines: tuple[str, ...] = (scope.callee, *([f"{len(inside)} decisions"] if inside else []))
                return Item(unit.id, "cell", name, lines, hint)
            lines = tuple(labels.decision_line(d) for d in inside)
            return Item(unit.id, "choose" if lines else "op", scope.callee, lines, f"{scope.path}: {hint}")
        return self._single(unit, last, hint)

    def _single(self, unit: _Unit, node: Node, hint: str) -> Item:
        decision = self.graph.decisions[node.decision] if node.decision is not None else None
        title = labels.decision_title(decision, self.graph.scopes[node.scope]) if decision else ""
        hint = f"{decision.path}: {hint}" if decision else hint
        match node.kind:
            case "input":
                return Item(unit.id, "input", node.op, (self._shape(node),), hint)
            case "switch":
                lines = labels.options(decision.options) if decision and unit.id in self.collapsed else ()
                return Item(unit.id, "choose", title or "if", lines, hint)
            case "gate":
                return Item(unit.id, "gate", f"maybe {title}".strip(), (), hint)
            case "reduce":
                sign = labels.REDUCE.get(node.op, node.op)
                if decision is not None and not decision.trivial:
                    return Item(unit.id, "keep", f"{sign}  {labels.keep_text(decision)}", (title,), hint)
                return Item(unit.id, "reduce", sign, (), hint)
            case "apply":
                asked = [labels.decision_line(self.graph.decisions[a.decision]) for a in node.asks]
                shown = labels.attributes(primitives_of(self.graph)[node.op], node.attributes)
                lines = (*([shown] if shown else []), *asked)
                return Item(unit.id, "choose" if asked else "op", node.op, lines, hint)
            case "merged":
                raise AssertionError("merged nodes are made by passes alone")

    # -- links

    def links(self) -> list[Link]:
        found: dict[Link, None] = {}
        for unit in self.units.values():
            if unit.absorbed:
                continue
            if unit.id in self.collapsed:
                for source in self.collapsed[unit.id]:
                    found.setdefault(Link(self._source(source), unit.id))
                continue
            for node in unit.nodes:
                for edge in node.edges:
                    if edge.guard is False:
                        continue
                    begin = self._source(edge.source)
                    if begin != unit.id:
                        label = self._label(node, edge.option) if node.kind == "switch" else ""
                        found.setdefault(Link(begin, unit.id, label, edge.guard is not True))
        if self.nesting.within is None:
            for name, id in self.graph.outputs:
                found.setdefault(Link(self._source(id), f"{self.prefix}out_{name}"))
        return list(found)

    def _source(self, node: int) -> str:
        unit = self.unit_of.get(node)
        return unit.id if unit is not None else f"{self.prefix}x{node}"

    def _label(self, node: Node, option: int | None) -> str:
        if node.decision is None or option is None:
            return ""
        return self.graph.decisions[node.decision].options[option]
