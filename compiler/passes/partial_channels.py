"""Partial channels: only a share of the channels goes through a mixture, the rest passes by (Xu et al., PC-DARTS, ICLR
2020, Eq. 1 and Fig. 1).

Of an edge's C channels the first C / K are mixed; the others are joined to the result, max-pooled where the mixture
strides, and channels are interleaved so that the next edges mix others. Weighted sums of such edges are taken before
the channels are joined, which is the same and cheaper.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..ir.graph import Edge, Node, SpaceGraph, TensorType
from ..ir.operation import OpFault, TensorShape
from ..ops.registry import PRIMITIVES
from ..record import record
from .base import Pass, Rewriter
from .plain_norms import candidates
from .share_common import cell_of

PART, INTERLEAVE = "part", "interleave"
"""Merged operations: channels ``first`` to ``last`` of a tensor; the channels of ``groups`` groups taken in turns."""


@record
class _Mixture:
    """A switch whose alternatives all depend on the node ``source`` alone, through the nodes ``inside``, in order."""

    switch: Node
    source: int
    inside: tuple[int, ...]


def partial_channels(graph: SpaceGraph, groups: int) -> SpaceGraph:
    """The graph with 1/``groups`` of the channels going through each `choose` among operators. Mixtures that read
    several tensors, or change the channels, or cannot be narrowed, stay as they are.
    """
    alternatives = candidates(graph)
    mixtures = {}
    for node in graph.nodes:
        found = _mixture(graph, node, groups, alternatives)
        if found is not None:
            mixtures[node.id] = found
    inside = {id for mixture in mixtures.values() for id in mixture.inside}
    joins: dict[int, list[int]] = {}
    for node in graph.nodes:
        sources = [edge.source for edge in node.edges]
        is_sum = node.kind == "reduce" and node.op == "sum" and len(sources) > 0 and node.id not in inside
        if is_sum and all(s in mixtures and graph.consumers[s] == (node.id,) for s in sources):
            joins[node.id] = sources
    joined = {s for sources in joins.values() for s in sources}
    rewriter = Rewriter(graph)
    writer = _Writer(graph, rewriter, groups)
    halves: dict[int, tuple[int, int]] = {}
    for node in graph.nodes:
        if node.id in mixtures:
            mixed, rest = writer.narrow(mixtures[node.id])
            halves[node.id] = mixed, rest
            if node.id not in joined:
                rewriter.ids[node.id] = writer.join(node, mixed, rest)
        elif node.id in joins:
            sums = [
                rewriter.add(
                    replace(
                        node,
                        edges=tuple(replace(e, source=halves[e.source][half]) for e in node.edges),
                        type=rewriter.nodes[halves[node.edges[0].source][half]].type,
                    )
                )
                for half in (0, 1)
            ]
            rewriter.ids[node.id] = writer.join(node, *sums)
        elif node.id not in inside:
            rewriter.copy(node)
    return rewriter.finish()


def unnarrowed(graph: SpaceGraph, groups: int) -> tuple[str, ...]:
    """The paths of the chooses of ``graph``, as it is when :func:`partial_channels` takes it, of which a mixture stays
    as it is."""
    alternatives = candidates(graph)
    found: dict[str, None] = {}
    for node in graph.nodes:
        if node.kind == "switch" and node.decision is not None:
            decision = graph.decisions[node.decision]
            if decision.kind == "choose" and _mixture(graph, node, groups, alternatives) is None:
                found[decision.path] = None
    return tuple(found)


def _mixture(
    graph: SpaceGraph, node: Node, groups: int, alternatives: list[frozenset[tuple[int, int]]]
) -> _Mixture | None:
    """``node`` as a mixture that can be narrowed."""
    if node.kind != "switch" or node.decision is None or graph.decisions[node.decision].kind != "choose":
        return None
    if node.type.layout not in ("image", "clip") or not node.type.fixed or node.type.channels % groups:
        return None
    outputs = {id for _, id in graph.outputs}
    inside = {node.id}
    outside: set[int] = set()
    for id in range(node.id - 1, -1, -1):
        readers = graph.consumers[id]
        if not any(reader in inside for reader in readers):
            continue
        here = graph.nodes[id]
        # What feeds every alternative alike is no part of any.
        private = all(r in inside for r in readers) and any(d == node.decision for d, _ in alternatives[id])
        private = private and here.kind in ("apply", "reduce") and id not in outputs
        if private and here.decision is None and here.edges:
            inside.add(id)
        else:
            outside.add(id)
    inside.discard(node.id)
    source = max(outside, default=-1)
    if len(outside) != 1 or graph.nodes[source].type.layout != node.type.layout or not graph.nodes[source].type.fixed:
        return None
    found = _Mixture(node, source, tuple(sorted(inside)))
    before, after = graph.nodes[source].type.concrete(), node.type.concrete()
    if before.channels != after.channels or _pooled(before, after) is None or _narrowed(graph, found, groups) is None:
        return None
    return found


def _pooled(before: TensorShape, after: TensorShape) -> dict[str, Any] | None:
    """The max-pool that brings what passes by to the size that the mixture gives, {} where it has that; None where no
    pool with windows side by side does, as where a mixture enlarges, or cuts a border off."""
    if before.axes == after.axes:
        return {}
    step = tuple(-(-b // a) for b, a in zip(before.axes, after.axes, strict=True))
    try:
        attrs = dict(PRIMITIVES["max_pool"].normalise((before,), {"k": step, "stride": step}))
        return attrs if PRIMITIVES["max_pool"].shape((before,), attrs).axes == after.axes else None
    except OpFault:
        return None


def _narrowed(
    graph: SpaceGraph, mixture: _Mixture, groups: int
) -> dict[int, tuple[dict[str, Any], TensorShape]] | None:
    """Attributes and shape of every node inside with 1/``groups`` of the channels; None where that cannot be."""
    x = graph.nodes[mixture.source].type.concrete()
    shapes = {mixture.source: x.with_channels(x.channels // groups)}
    found: dict[int, tuple[dict[str, Any], TensorShape]] = {}
    for id in mixture.inside:
        node = graph.nodes[id]
        inputs = tuple(shapes[edge.source] for edge in node.edges)
        attrs: dict[str, Any] = dict(node.attrs)
        whole = node.type.concrete()
        if node.kind == "reduce":
            shape = inputs[0].with_channels(sum(i.channels for i in inputs)) if node.op == "concat" else inputs[0]
        else:
            if node.op in graph.externs:
                return None  # nobody knows which of its parameters are channels
            if "c" in attrs:
                if attrs["c"] % groups:
                    return None
                attrs["c"] //= groups
            try:
                attrs = dict(PRIMITIVES[node.op].normalise(inputs, attrs))
                shape = PRIMITIVES[node.op].shape(inputs, attrs)
            except OpFault:
                return None
        if shape.channels * groups != whole.channels or shape.axes != whole.axes:
            return None
        shapes[id] = shape
        found[id] = attrs, shape
    return found


class _Writer:
    def __init__(self, graph: SpaceGraph, rewriter: Rewriter, groups: int) -> None:
        self.graph, self.rewriter, self.groups = graph, rewriter, groups
        self.parts: dict[tuple[int, int, int], int] = {}

    def narrow(self, mixture: _Mixture) -> tuple[int, int]:
        """The mixture over the first channels, and the others brought to its size."""
        graph, switch = self.graph, mixture.switch
        channels = switch.type.concrete().channels
        cut = channels // self.groups
        shapes = _narrowed(graph, mixture, self.groups)
        assert shapes is not None
        ids = {mixture.source: self.part(mixture.source, switch, 0, cut)}
        for id in mixture.inside:
            node = graph.nodes[id]
            attrs, shape = shapes[id]
            edges = tuple(replace(e, source=ids[e.source]) for e in node.edges)
            type = TensorType(shape.layout, shape.dims)
            ids[id] = self.rewriter.add(replace(node, edges=edges, attrs=tuple(attrs.items()), type=type))
        edges = tuple(replace(e, source=ids[e.source]) for e in switch.edges)
        mixed = self.rewriter.add(replace(switch, edges=edges, type=_channels(switch.type, cut)))
        rest = self.part(mixture.source, switch, cut, channels)
        pool = _pooled(graph.nodes[mixture.source].type.concrete(), switch.type.concrete())
        assert pool is not None
        if pool:
            type = _channels(switch.type, channels - cut)
            rest = self._apply(switch, "max_pool", rest, type, tuple(pool.items()))
        return mixed, rest

    def part(self, source: int, switch: Node, first: int, last: int) -> int:
        """Channels of a node, cut once per cell."""
        scope = cell_of(self.graph, switch.scope)
        key = source, scope, first
        if key not in self.parts:
            type = _channels(self.graph.nodes[source].type, last - first)
            node = replace(switch, kind="merged", op=PART, edges=(Edge(self.rewriter.ids[source]),), type=type, asks=())
            node = replace(node, decision=None, scope=scope, attrs=(("first", first), ("last", last)))
            self.parts[key] = self.rewriter.add(node)
        return self.parts[key]

    def join(self, node: Node, mixed: int, rest: int) -> int:
        """Both sides together, interleaved."""
        plain = replace(node, decision=None, asks=(), attrs=())
        both = replace(plain, kind="reduce", op="concat", edges=(Edge(mixed), Edge(rest)))
        edge = Edge(self.rewriter.add(both))
        attrs = (("groups", self.groups),)
        return self.rewriter.add(replace(plain, kind="merged", op=INTERLEAVE, edges=(edge,), attrs=attrs))

    def _apply(self, like: Node, op: str, source: int, type: TensorType, attrs: tuple[tuple[str, Any], ...]) -> int:
        node = replace(like, kind="apply", op=op, edges=(Edge(source),), type=type, attrs=attrs, decision=None, asks=())
        return self.rewriter.add(replace(node, key=op))


def _channels(type: TensorType, channels: int) -> TensorType:
    return TensorType(type.layout, (channels, *type.dims[1:]))


EXAMPLE: Final = """stdsl 1

meta net on x: image(4, 4, 4) {
  y = x -> choose {skip: identity, change: conv(4, 3) -> bn} as kind
  return [x, y] -> sum
}

space s = net
"""


def partial_channels_pass(groups: int) -> Pass:
    """The pass for a share of 1/``groups``."""
    return Pass(
        "partial_channels",
        f"one in {groups} channels through each mixture",
        lambda graph: partial_channels(graph, groups),
        required=True,
        example=EXAMPLE,
    )
