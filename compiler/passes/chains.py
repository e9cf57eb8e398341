"""Finds what a candidate operation is made of: depthwise and pointwise convolutions with batch-norm, one after the
other."""

from __future__ import annotations

from collections.abc import Hashable

from ..ir.graph import Node, SpaceGraph
from ..ir.operation import TensorShape
from ..ops.registry import primitives_of
from ..ops.windows import even, paddings
from ..record import record


@record
class Part:
    """An application whose weights a kernel uses. ``input``: what it would have been applied to."""

    node: Node
    input: TensorShape


@record
class Stage:
    """bn(pointwise(Σ depthwise(x))); without ``depthwise``, bn(pointwise(x))."""

    depthwise: tuple[Part, ...]
    pointwise: Part
    norm: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.depthwise, self.pointwise, self.norm)

    @property
    def signature(self) -> Hashable:
        """Stages with equal signatures can be computed side by side."""
        return tuple((p.node.op, p.node.attrs, p.node.type, p.input) for p in self.parts), len(self.depthwise)


@record
class Chain:
    """Stages with a ReLU between each two, applied to the node ``source``. ``inside``: the nodes that it replaces."""

    source: int
    stages: tuple[Stage, ...]
    inside: frozenset[int]

    @property
    def signature(self) -> Hashable:
        return tuple(stage.signature for stage in self.stages)


def chain_to(graph: SpaceGraph, id: int, reader: int) -> Chain | None:
    """The longest chain that ends in node ``id`` and that nothing but ``reader`` depends on; None if there is none."""
    found = _stage(graph, id, {reader})
    if found is None:
        return None
    stage, source, inside, readers = found
    node = graph.nodes[source]
    if node.kind == "apply" and node.op == "relu" and _private(graph, source, readers):
        before = chain_to(graph, node.edges[0].source, source)
        if before is not None:
            return Chain(before.source, (*before.stages, stage), before.inside | inside | {source})
    return Chain(source, (stage,), inside)


def _private(graph: SpaceGraph, id: int, readers: set[int]) -> bool:
    return set(graph.consumers[id]) <= readers and all(id != output for _, output in graph.outputs)


def _stage(graph: SpaceGraph, id: int, readers: set[int]) -> tuple[Stage, int, frozenset[int], set[int]] | None:
    """A stage that ends in ``id``, the node that it reads, the nodes inside, and which of them read it."""
    norm = graph.nodes[id]
    if not _applies(norm, "bn") or not norm.type.fixed or not _private(graph, id, readers):
        return None
    pointwise = graph.nodes[norm.edges[0].source]
    if not _is_pointwise(pointwise) or not _private(graph, pointwise.id, {id}):
        return None
    inside = {id, pointwise.id}
    below = graph.nodes[pointwise.edges[0].source]
    tops = [below]
    if _private(graph, below.id, {pointwise.id}) and _plain_sum(graph, below):
        tops = [graph.nodes[edge.source] for edge in below.edges]
    allowed = {below.id, pointwise.id}
    convolutions: tuple[Node, ...] = ()
    if all(_is_depthwise(graph, top) and _private(graph, top.id, allowed) for top in tops):
        convolutions = tuple(tops)
    sources = {top.edges[0].source for top in convolutions} or {below.id}
    if len(sources) > 1 or len({top.id for top in convolutions}) < len(convolutions):
        convolutions, sources = (), {below.id}
    if convolutions:
        inside |= {top.id for top in convolutions} | ({below.id} if len(tops) > 1 else set())
    source = sources.pop()
    last = {top.id for top in convolutions} or {pointwise.id}
    stage = Stage(tuple(_part(graph, c) for c in convolutions), _part(graph, pointwise), _part(graph, norm))
    return stage, source, frozenset(inside), last


def _part(graph: SpaceGraph, node: Node) -> Part:
    return Part(node, graph.nodes[node.edges[0].source].type.concrete())


def _applies(node: Node, op: str) -> bool:
    return node.kind == "apply" and node.op == op and not node.frozen


def _plain_sum(graph: SpaceGraph, node: Node) -> bool:
    """Whether a node adds up all that it reads, tensors of one shape."""
    if any(graph.nodes[e.source].type != node.type for e in node.edges):
        return False
    if node.kind == "apply":
        return primitives_of(graph)[node.op].adds
    always = node.decision is None and all(e.guard is True for e in node.edges)
    return node.kind == "reduce" and node.op == "sum" and always


def _is_pointwise(node: Node) -> bool:
    if not (_applies(node, "pointwise") or _applies(node, "conv")) or node.type.layout not in ("image", "clip"):
        return False
    attributes = node.attributes
    ones = all(_ones(attributes.get(name, 1)) for name in ("k", "stride", "groups"))
    return ones and not attributes["bias"] and node.type.fixed


def _ones(value: object) -> bool:
    return value == 1 or (isinstance(value, tuple) and set(value) == {1})


def _is_depthwise(graph: SpaceGraph, node: Node) -> bool:
    if not _applies(node, "depthwise") or not node.type.fixed:
        return False
    attributes, x = node.attributes, graph.nodes[node.edges[0].source].type.concrete()
    if attributes["bias"] or x.channels != node.type.channels:
        return False
    pads = paddings(x, attributes["k"], attributes["stride"], attributes["dilation"], attributes["pad"])
    return even(pads)
