"""The space graph: a flat DAG of tensors with its decisions open.

Everything that an architecture can leave out or change stands in *guards*, conditions over decision variables:

- an **edge** with a guard is there only where the guard holds;
- a **switch** takes the value of the one edge whose guard holds (`choose` over tensors or operators, `repeat choose`,
  a slot of a `keep`);
- a **gate** (`maybe`) is its single edge where the guard holds, else an exact zero of its shape;
- a **reduce** (`sum`, `mean`, `concat`) takes the edges whose guards hold, in order; a `sum` or `mean` of none is a
  zero of its shape;
- an attribute of an **apply** node, or a dimension of a shape, may be a decision diagram.

Demand: the outputs are demanded; a demanded node demands, in order, the decisions in ``asks`` whose guards hold, then
the sources of the
edges whose guards hold. A decision is active when some demanded node asks for it. That is all there is to laziness:
everything else
(counting, sampling, costs, specialising) follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..diagnostics.source import Span
from ..record import record
from .decisions import Decision
from .diagram import Case, Diagram, Diagrams, Guard, evaluate
from .operation import CHANNEL_AXIS, Extern, Layout, Primitive, TensorShape

if TYPE_CHECKING:
    import networkx

    from .sibling import Sibling

_OF_A_SEARCH = "run:"

NodeKind = Literal["input", "apply", "switch", "gate", "reduce", "merged"]
"""`merged` nodes are made by passes alone: several applications computed at once, by a kernel (``compiler/passes``)."""


@record
class TensorType:
    """A shape that may depend on decisions: the dims of :class:`TensorShape`, each a plain int or a diagram of ints."""

    layout: Layout
    dims: tuple[Case, ...]

    @property
    def channels(self) -> Case:
        return self.dims[CHANNEL_AXIS[self.layout]]

    @property
    def fixed(self) -> bool:
        """Whether all architectures agree on the shape."""
        return Diagram not in map(type, self.dims)

    def agrees(self, other: TensorType) -> bool:
        """Whether the shapes are equal as far as no decision changes them."""
        if self.layout != other.layout or len(self.dims) != len(other.dims):
            return False
        if self.dims == other.dims:
            return True
        return all(
            type(a) is Diagram or type(b) is Diagram or a == b for a, b in zip(self.dims, other.dims, strict=True)
        )

    def concrete(self, answers: dict[int, int] | None = None) -> TensorShape:
        """The shape under answers to the variables that it depends on (variable index → answer)."""
        return TensorShape(self.layout, tuple(evaluate(d, answers or {}) for d in self.dims))


@record
class Edge:
    """``source`` is a node id. ``option``: which alternative of the node's decision (from 0) or which element of its
    keep the edge is."""

    source: int
    guard: Guard = True
    option: int | None = None


@record
class Ask:
    """``decision`` (an id) is asked for where ``guard`` holds; the guard depends only on decisions asked for before."""

    decision: int
    guard: Guard = True


@record(eq=False)
class Scope:
    """An instance of a declared op or cell, of the meta, or an iteration of a repeat: the boxes that nodes stand in.

    ``name`` is the segment that names the instance in its parent (`x[2]`, `m1`), ``callee`` the declaration, ``path``
    all names from the meta.
    ``weights``: what gives everything inside its weights (a file, or `run:` and a search that is needed), or None.
    ``recompute``: set by a pass, to compute it again in backward.
    """

    id: int
    parent: int | None
    name: str
    callee: str
    kind: Literal["meta", "cell", "op", "iteration"]
    path: str
    span: Span | None = None
    weights: str | None = None
    recompute: bool = False

    @property
    def weights_search(self) -> str | None:
        """NAME of a call with `weights = "run:NAME"`: the search that trains them."""
        if self.weights is None or not self.weights.startswith(_OF_A_SEARCH):
            return None
        return self.weights.removeprefix(_OF_A_SEARCH)

    @property
    def weights_file(self) -> str | None:
        """The file that a call with `weights = "…"` names, by its path from the folder of the text on."""
        return None if self.weights_search is not None else self.weights


@record(eq=False)
class Node:
    """``op``: the name of the primitive, `sum`/`mean`/`concat` of a reduce, the name of an input, else "".

    ``decision``: the id of the choose, keep, gate, count or site that the node realises (``Edge.option`` indexes its
    options), or None.
    A switch whose guards are not simply `decision == option` (slots of a keep, an `if`) has None.
    ``key``: the name of its weights within its scope, ``place``: its id in the graph of the space; both are set when
    a graph is lowered,
    so that passes change neither names nor the order in which weights are initialised.
    """

    id: int
    kind: NodeKind
    op: str
    edges: tuple[Edge, ...]
    type: TensorType
    scope: int
    span: Span
    attrs: tuple[tuple[str, Case], ...] = ()
    asks: tuple[Ask, ...] = ()
    decision: int | None = None
    frozen: bool = False
    key: str = ""
    place: int = -1
    name: str = ""
    """The names that the text binds what stands here to, from the meta (`r1.x[2]`); "" for the result of the meta."""

    @property
    def attributes(self) -> dict[str, Case]:
        return dict(self.attrs)


def remade(node: Node, id: int, edges: tuple[Edge, ...], type: TensorType, asks: tuple[Ask, ...]) -> Node:
    """A node with these parts in the place of its own: several times as fast as `dataclasses.replace`."""
    return Node(
        id,
        node.kind,
        node.op,
        edges,
        type,
        node.scope,
        node.span,
        node.attrs,
        asks,
        node.decision,
        node.frozen,
        node.key,
        node.place,
        node.name,
    )


@record
class CostConstraint:
    """``low <= metric <= high`` in a `where`; None is open. ``other``: None for what architectures cost in the space
    itself, else the sibling in which it is measured what they cost."""

    metric: Literal["flops", "params", "depth", "activations"]
    low: float | None
    high: float | None
    span: Span
    other: Sibling | None = None


@record
class DecisionConstraint:
    """A condition that must hold in every architecture in which all the decisions ``needs`` (ids) are active."""

    needs: frozenset[int]
    condition: Guard
    span: Span


@record(eq=False, slots=False)
class SpaceGraph:
    """A space with its decisions open. Node ids count from 0, and every edge leads from a smaller id to a greater."""

    name: str
    parameters: tuple[tuple[str, Any], ...]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[str, int], ...]
    """Name and node of each output; the first is the prediction. A meta that returns one tensor has the single output
    `output`."""
    decisions: tuple[Decision, ...]
    """All decisions and sites by id."""
    scopes: tuple[Scope, ...]
    diagrams: Diagrams
    span: Span
    constraints: tuple[CostConstraint | DecisionConstraint, ...] = ()
    meta: str = ""
    externs: Mapping[str, Primitive] = field(default_factory=dict)
    """The user's operators by the name that nodes call them (``Node.op``)."""
    allow_extern: bool = False
    """Whether their code may be loaded."""
    remembered: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    """What analyses found out about this graph, by function."""

    def __getstate__(self) -> dict[str, Any]:
        """What is remembered is found out again where a graph is unpickled."""
        return {**self.__dict__, "remembered": {}}

    @cached_property
    def open(self) -> tuple[Decision, ...]:
        """The decisions proper (without sites and dead text), in order of id."""
        return tuple(d for d in self.decisions if d.demanded and not d.trivial)

    @cached_property
    def by_path(self) -> dict[str, Decision]:
        return {d.path: d for d in self.decisions}

    def not_stated(self, metric: str) -> tuple[Extern, ...]:
        """The extern operators that do not state a cost: it is unknown wherever one of them is applied."""
        externs = (primitive.extern for primitive in self.externs.values())
        return tuple(extern for extern in externs if extern is not None and metric in extern.unknown)

    @cached_property
    def deciding(self) -> Mapping[int, Decision]:
        """The decision of each variable, by the variable's index."""
        return {v.index: d for d in self.decisions for v in d.variables}

    @cached_property
    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each node the ids of the nodes that it feeds, once each, ascending."""
        found: list[list[int]] = [[] for _ in self.nodes]
        for node in self.nodes:
            for source in {edge.source for edge in node.edges}:
                found[source].append(node.id)
        return tuple(tuple(ids) for ids in found)

    @cached_property
    def nx(self) -> networkx.MultiDiGraph[int]:
        """The same graph for networkx: nodes carry ``node=Node``, edges ``edge=Edge``."""
        import networkx

        graph: networkx.MultiDiGraph[int] = networkx.MultiDiGraph(name=self.name)
        graph.add_nodes_from((node.id, {"node": node}) for node in self.nodes)
        graph.add_edges_from((e.source, node.id, {"edge": e}) for node in self.nodes for e in node.edges)
        return graph
