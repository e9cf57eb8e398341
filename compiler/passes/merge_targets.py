"""Computes all operations of one kind that meet in a node at once, weighted, with batch-norm folded into the weights.

A sum of mixtures Σ_e β_e Σ_o α_eo · o(x_e) becomes one node, `mixture`, that reads the sources themselves. Candidates
that are depthwise and pointwise convolutions with batch-norm are gathered over the edges: the sources are concatenated,
one depthwise convolution goes over them, and one matrix product leads into the node. ``merged_forward.py`` and
``moments.py`` in ``backends/kernels/`` have the mathematics. Weights stay where they are, one tensor per operation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Final

from ..ir.graph import Edge, Node, SpaceGraph
from ..record import record
from .base import Pass, Rewriter
from .chains import Chain, Stage, chain_to
from .mixtures import options_of
from .share_common import common_scope

MIXTURE = "mixture"
"""The operation of merged nodes: it reads the plain terms, then for each :class:`Group` what its operations read."""


@record
class Place:
    """An option of an edge: which weight multiplies a term."""

    edge: int
    option: int

    def __str__(self) -> str:
        return f"{self.edge}.{self.option}"


@record
class Group:
    """Operations side by side, in the order of ``places``. Each is one of ``chains``, and reads one edge."""

    places: tuple[Place, ...]
    chains: tuple[tuple[Stage, ...], ...]

    @property
    def stages(self) -> tuple[tuple[Stage, ...], ...]:
        """First the first stage of each operation, then the second, and so on."""
        return tuple(zip(*self.chains, strict=True))

    def __str__(self) -> str:
        operations = " ".join(part.node.op for stage in self.chains[0] for part in stage.parts)
        return f"({operations}) {' '.join(map(str, self.places))}"


@record(eq=False)
class Mixture:
    """What a `mixture` node adds up. ``outer``: the decision (or site) whose weights multiply edges, or None;
    ``inner``: for every edge, in the order of the node before, the decision over its options. ``order``: which of
    ``outer``'s elements an edge is. ``again``: set by a pass, to compute it again in the backward pass."""

    outer: int | None
    order: tuple[int, ...]
    inner: tuple[int, ...]
    plain: tuple[Place, ...]
    groups: tuple[Group, ...]
    again: bool = False

    def __str__(self) -> str:
        """As the graph is printed: the decisions of the edges, then what is added up, places as ``edge.option``."""
        outer = f" in d{self.outer}" if self.outer is not None else ""
        parts = [f"edges {', '.join(f'd{id}' for id in self.inner)}{outer}"]
        if self.plain:
            parts.append(f"plain {' '.join(map(str, self.plain))}")
        parts += map(str, self.groups)
        return f"{{{'; '.join([*parts, 'again'] if self.again else parts)}}}"


@dataclass(slots=True)
class _Target:
    outer: int | None
    order: list[int] = field(default_factory=list)
    inner: list[int] = field(default_factory=list)
    terms: list[tuple[Place, int, Chain | None]] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)


def merge_targets(graph: SpaceGraph) -> SpaceGraph:
    """The graph with merged nodes. What a chain shares with others, or holds frozen, is left as it is."""
    targets: dict[int, _Target] = {}
    inside: set[int] = set()
    for node in reversed(graph.nodes):
        if node.id not in inside:
            target = _target(graph, node)
            if target is not None:
                targets[node.id] = target
                inside |= target.inside
    rewriter = Rewriter(graph)
    for node in graph.nodes:
        if node.id in targets:
            rewriter.ids[node.id] = _write(graph, node, targets[node.id], rewriter)
        elif node.id not in inside:
            rewriter.copy(node)
    return rewriter.finish()


def _target(graph: SpaceGraph, node: Node) -> _Target | None:
    """``node`` as a sum of mixtures of which some candidate can be merged."""
    if node.type.layout not in ("image", "clip") or not node.type.fixed:
        return None
    if node.kind == "switch":
        switches, found = [(0, node)], _Target(None)
    elif node.kind == "reduce" and node.op == "sum" and len(node.edges) > 0:
        decision = graph.decisions[node.decision] if node.decision is not None else None
        if decision is None and all(edge.guard is True for edge in node.edges):
            elements: dict[int, int] | None = {i: edge.source for i, edge in enumerate(node.edges)}
        else:
            elements = options_of(node, decision)
        if elements is None:
            return None
        switches, found = [(i, graph.nodes[s]) for i, s in elements.items()], _Target(node.decision)
        outputs = {id for _, id in graph.outputs}
        if any(graph.consumers[s.id] != (node.id,) or s.id in outputs for _, s in switches):
            return None
        found.inside.update(s.id for _, s in switches)
    else:
        return None
    for edge, (element, switch) in enumerate(switches):
        if switch.kind != "switch" or switch.decision is None or graph.decisions[switch.decision].kind == "keep":
            return None
        options = options_of(switch, graph.decisions[switch.decision])
        if options is None:
            return None
        found.order.append(element)
        found.inner.append(switch.decision)
        for option, source in options.items():
            chain = chain_to(graph, source, switch.id)
            if chain is not None and not _below(graph, chain, node.scope):
                chain = None
            found.terms.append((Place(edge, option), source, chain))
    # What stands in several places is computed once, or its batch statistics would count it twice.
    times = Counter(source for _, source, _ in found.terms)
    found.terms = [(place, source, chain if times[source] == 1 else None) for place, source, chain in found.terms]
    found.inside.update(*(chain.inside for _, _, chain in found.terms if chain is not None))
    return found if any(chain for _, _, chain in found.terms) else None


def _below(graph: SpaceGraph, chain: Chain, scope: int) -> bool:
    """Whether all weights of a chain stand in (or below) a scope."""
    parts = [part.node for stage in chain.stages for part in stage.parts]
    return all(common_scope(graph, part.scope, scope) == scope for part in parts)


def _write(graph: SpaceGraph, node: Node, target: _Target, rewriter: Rewriter) -> int:
    groups: dict[Hashable, list[tuple[Place, Chain]]] = {}
    plain: list[tuple[Place, int]] = []
    for place, source, chain in target.terms:
        if chain is None:
            plain.append((place, rewriter.ids[source]))
        else:
            groups.setdefault(chain.signature, []).append((place, chain))
    edges = [Edge(source) for _, source in plain]
    written = []
    for members in groups.values():
        edges += [Edge(_source(graph, node, chain.source, rewriter)) for _, chain in members]
        written.append(Group(tuple(place for place, _ in members), tuple(chain.stages for _, chain in members)))
    mixture = Mixture(
        target.outer, tuple(target.order), tuple(target.inner), tuple(place for place, _ in plain), tuple(written)
    )
    new = replace(node, kind="merged", op=MIXTURE, edges=tuple(edges), attrs=(("mixture", mixture),))
    return rewriter.add(new)


def _source(graph: SpaceGraph, node: Node, source: int, rewriter: Rewriter) -> int:
    """The source of a chain. A ReLU that stood in the operation moves out: operations only hold weights now."""
    here = rewriter.nodes[rewriter.ids[source]]
    if here.kind == "apply" and here.op == "relu" and common_scope(graph, here.scope, node.scope) == node.scope:
        rewriter.nodes[here.id] = replace(here, scope=node.scope)
    return here.id


EXAMPLE: Final = """stdsl 1

ops candidates = {
  none: zero,
  skip: identity,
  sep: relu -> depthwise(3) -> pointwise(same) -> bn,
}

meta net on x: image(2, 4, 4) {
  y[1] = x -> relu
  y[2] = x -> gelu
  return y -> each choose candidates as kind -> sum
}

space s = net
"""
PASS = Pass(
    "merge_targets",
    "one convolution and one product for all operations of a kind into a node",
    merge_targets,
    example=EXAMPLE,
)
