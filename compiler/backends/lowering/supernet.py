"""Lowers a space graph to the statements of a supernet: every switch, gate and keep becomes a weighted sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ...ir.decisions import Decision
from ...ir.diagram import Variable
from ...ir.graph import Edge, Node, SpaceGraph
from ...ir.names import Names, identifier
from ...ops.torch.expressions import (
    Expression,
    Operation,
    Slice,
    Slot,
    Subscript,
    indexed,
    method,
    product,
    total,
)
from ...ops.torch.lowering import X, batch_of_zeros, emit, reduce_call
from ...passes.chains import Part
from ...passes.hints import hints_of, without_hints
from ...passes.merge_targets import Mixture
from ...passes.mixtures import decision_of, options_of
from ...passes.partial_channels import INTERLEAVE, PART
from ..codegen.kernel_table import kernel
from ..codegen.program import Program, Statement
from .expectation import ALWAYS, NEVER, Turns, expectation
from .externs import Externs
from .layouts import plain_layouts
from .merged import hinted, mixture_call
from .network import REDUCES, Emit

KeepWeights = Literal["sigmoid", "softmax", "concrete", "none"]


@dataclass(slots=True)
class Lowered:
    """``used``: the decisions and sites whose weights the program reads, by id."""

    program: Program
    used: list[Decision]


def lower_supernet(graph: SpaceGraph, keep: KeepWeights, emit: Emit = emit) -> Lowered:
    """The statements of the supernet of ``graph``, which must have been through the required passes and be relaxable.

    ``keep``: what weights the elements of a keep and of a site; with `none` a keep is the plain reduce of all its
    elements.
    """
    lowering = _Lowering(graph, keep, emit)
    program = plain_layouts(lowering.program())
    return Lowered(program, [graph.decisions[id] for id in sorted(lowering.weights)])


@dataclass(slots=True)
class _Reads:
    """The statements that an expression under construction reads, in the order of its slots."""

    inputs: list[int] = field(default_factory=list)

    def slot(self, statement: int) -> Slot:
        if statement not in self.inputs:
            self.inputs.append(statement)
        return Slot(self.inputs.index(statement))


class _Lowering:
    def __init__(self, graph: SpaceGraph, keep: KeepWeights, emit: Emit) -> None:
        self.graph, self.keep, self.externs = graph, keep, Externs(graph, emit)
        self.emit = self.externs.emit
        self.names = Names(graph)
        self.root = next(s.id for s in graph.scopes if s.parent is None)
        self.turns = Turns(graph)
        self.statements: list[Statement] = []
        self.values: dict[int, int] = {}
        self.weights: dict[int, int] = {}
        """The statement of each decision's weights."""
        self.held: dict[int, int] = {}
        """The statement of each module that kernels use, by the node that it belonged to."""
        self.layers: dict[str, None] = {}

    def program(self) -> Program:
        for id in self.graph.inputs:
            self.values[id] = self._input(self.graph.nodes[id])
        for node in self.graph.nodes:
            if node.kind == "apply":
                self.values[node.id] = self._apply(node)
            elif node.kind == "merged":
                self.values[node.id] = self._merged(node)
            elif node.kind != "input":
                self.values[node.id] = self._mixture(node)
        inputs = [self.values[i] for i in self.graph.inputs]
        outputs = [self.values[i] for _, i in self.graph.outputs]
        statements, ids = _read_by(self.statements, [*inputs, *outputs])
        self.weights = {decision: id for decision, id in self.weights.items() if id in ids}
        return Program(
            statements,
            tuple(ids[i] for i in inputs),
            tuple((name, ids[i]) for (name, _), i in zip(self.graph.outputs, outputs, strict=True)),
            self.graph.scopes,
            self.names.scopes,
            tuple(self.layers),
            self.externs.imports,
        )

    def _add(
        self,
        node: Node,
        name: str,
        inputs: list[int],
        value: Expression | None,
        module: Expression | None = None,
        prepared: Expression | None = None,
    ) -> int:
        id = len(self.statements)
        shape = node.type.concrete()
        self.statements.append(
            Statement(
                id,
                name,
                node.scope,
                tuple(inputs),
                value,
                shape,
                module,
                node.frozen and module is not None,
                order=node.place,
                prepared=prepared,
            )
        )
        return id

    def _input(self, node: Node) -> int:
        return self._add(node, identifier(node.op), [], None)

    def _apply(self, node: Node) -> int:
        sources = [edge.source for edge in node.edges]
        shapes = tuple(self.graph.nodes[s].type.concrete() for s in sources)
        emission = self.emit(node.op, shapes, without_hints(node).attributes, node.type.concrete())
        self.layers.update(dict.fromkeys(emission.layers))
        name = node.key if emission.module is not None else identifier(node.op)
        applied = hinted(node, emission.call) if hints_of(node) else emission.call
        return self._add(node, name, [self.values[s] for s in sources], applied, emission.module)

    # -- merged nodes

    def _hold(self, part: Part) -> int:
        """The statement of a module that a kernel uses."""
        node = part.node
        if node.id not in self.held:
            emission = self.emit(node.op, (part.input,), without_hints(node).attributes, node.type.concrete())
            id = len(self.statements)
            self.statements.append(
                Statement(id, node.key, node.scope, (), None, None, emission.module, kind="held", order=node.place)
            )
            self.held[node.id] = id
        return self.held[node.id]

    def _merged(self, node: Node) -> int:
        reads = _Reads()
        attributes = node.attributes

        def hold(part: Part) -> Expression:
            return reads.slot(self._hold(part))

        sources = [edge.source for edge in node.edges]
        if node.op == PART:
            x = self.values[sources[0]]
            channels = Slice(attributes["first"], attributes["last"])
            return self._add(node, "part", [x], Subscript(X, (Slice(), channels)))
        if node.op == INTERLEAVE:
            x = self.values[sources[0]]
            return self._add(node, "interleaved", [x], kernel("interleave", X, attributes["groups"]))
        mixture: Mixture = attributes["mixture"]
        decision = self.graph.decisions[node.decision] if node.decision is not None else None
        name = REDUCES.get(node.op, "mixed") if decision is None else self._called(decision, node)
        weights = reads.slot(self._edge_weights(node, mixture, name))
        plain = [reads.slot(self.values[s]) for s in sources[: len(mixture.plain)]]
        groups: list[list[Expression]] = []
        start = len(mixture.plain)
        for group in mixture.groups:
            members = sources[start : start + len(group.places)]
            groups.append([reads.slot(self.values[s]) for s in members])
            start += len(members)
        sizes = [len(self.graph.decisions[id].options) for id in mixture.inner]
        mixed, terms = mixture_call(mixture, plain, groups, sizes, weights, hold)
        return self._add(node, name, reads.inputs, mixed, prepared=terms)

    def _edge_weights(self, node: Node, mixture: Mixture, name: str) -> int:
        """The statement of the weights of all options of all edges into a node."""
        reads = _Reads()
        outer: Expression | None = None
        if mixture.outer is not None and self.keep != "none":
            outer = self._weight(self.graph.decisions[mixture.outer], reads)
            if mixture.order != tuple(range(len(self.graph.decisions[mixture.outer].options))):
                outer = indexed(outer, list(mixture.order))
        rows = [self._weight(self.graph.decisions[id], reads) for id in mixture.inner]
        id = len(self.statements)
        weights = kernel("edge_weights", outer, rows)
        self.statements.append(Statement(id, f"{name}_weights", node.scope, tuple(reads.inputs), weights, None))
        return id

    # -- decisions

    def _weight(self, decision: Decision, reads: _Reads) -> Expression:
        """The slot of a decision's weights."""
        if decision.id not in self.weights:
            id = len(self.statements)
            self.statements.append(Statement(id, decision.path, self.root, (), None, None, kind="weights"))
            self.weights[decision.id] = id
        return reads.slot(self.weights[decision.id])

    def _answer(self, variable: Variable, answer: int, reads: _Reads) -> Expression:
        decision = self.graph.deciding[variable.index]
        if variable.element is not None and self.keep == "none":
            return ALWAYS if answer else NEVER
        weight = self._weight(decision, reads)
        if variable.element is not None:
            weight = indexed(weight, variable.element)
        elif decision.kind != "gate":
            return indexed(weight, answer)
        return weight if answer else Operation("-", (ALWAYS, weight))

    def _mixture(self, node: Node) -> int:
        decision = decision_of(self.graph, node)
        name = REDUCES.get(node.op, "mixed") if decision is None else self._called(decision, node)
        if node.kind == "reduce" and node.op == "concat":
            assert all(edge.guard is True for edge in node.edges), "an open concat cannot be relaxed"
            decision = None
        unweighted = decision is not None and decision.kind == "keep" and self.keep == "none"
        options = None if unweighted else options_of(node, decision)
        reads = _Reads()
        # A mean divides by the weights of those elements alone that are left.
        whole = decision is not None and (node.op != "mean" or len(options or ()) == len(decision.options))
        if options is not None and decision is not None and whole:
            weights = self._weight(decision, reads)
            values = [
                reads.slot(self.values[options[i]]) if i in options else NEVER for i in range(len(decision.options))
            ]
            mixed = kernel("mix", weights, *values)
            if node.op == "mean":
                mixed = kernel("averaged", mixed, method(weights, "sum"))
            return self._add(node, name, reads.inputs, mixed)
        is_site = decision is not None and decision.kind == "keep" and decision.trivial and not unweighted
        site = decision if is_site else None
        turns = self.turns.of(node)
        terms = [(self._expected(edge, site, reads, turns), edge) for edge in node.edges]
        terms = [(weight, edge) for weight, edge in terms if weight != NEVER]
        if not terms:
            return self._zeros(node)
        if node.kind == "reduce" and all(weight == ALWAYS for weight, _ in terms):
            return self._plain(node, name, [edge for _, edge in terms])
        weighed = []
        for weight, edge in terms:
            value = reads.slot(self.values[edge.source])
            weighed.append(value if weight == ALWAYS else product(weight, value))
        added = total(*weighed)
        if node.op == "mean":
            added = kernel("averaged", added, total(*(weight for weight, _ in terms)))
        if len(terms) == 1 and terms[0][0] == ALWAYS:
            return self.values[terms[0][1].source]
        return self._add(node, name, reads.inputs, added)

    def _expected(self, edge: Edge, site: Decision | None, reads: _Reads, turns: Mapping[int, int]) -> Expression:
        """The probability that an edge is there, times its weight in a site."""
        present = expectation(edge.guard, lambda v, a: self._answer(v, a, reads), turns, self.graph.diagrams)
        if site is None or present == NEVER:
            return present
        weight = indexed(self._weight(site, reads), edge.option)
        return weight if present == ALWAYS else product(weight, present)

    def _called(self, decision: Decision, node: Node) -> str:
        """What the variable of a mixture is called: the last two names of the decision's path."""
        path = decision.path.removeprefix(f"{self.graph.scopes[node.scope].path}.")
        return identifier(".".join(path.split(".")[-2:]))

    def _plain(self, node: Node, name: str, edges: Sequence[Edge]) -> int:
        reads = _Reads()
        values = [reads.slot(self.values[edge.source]) for edge in edges]
        if len(values) == 1:
            return self.values[edges[0].source]
        return self._add(node, name, reads.inputs, reduce_call(node.op, values, node.type.concrete()))

    def _zeros(self, node: Node) -> int:
        """A sum of none: zeros for as many samples as the first input has."""
        first = self.values[self.graph.inputs[0]]
        return self._add(node, "zeros", [first], batch_of_zeros(X, node.type.concrete().dims))


def _read_by(statements: Sequence[Statement], ends: Sequence[int]) -> tuple[tuple[Statement, ...], dict[int, int]]:
    """The statements that ``ends`` read, with new ids, and these by the old ones. What no output reads was left out of
    a sum for its weight, which is 0."""
    found, todo = set(ends), list(ends)
    while todo:
        new = [id for id in statements[todo.pop()].inputs if id not in found]
        found.update(new)
        todo += new
    ids = {old: i for i, old in enumerate(sorted(found))}
    read = [
        replace(statements[old], id=i, inputs=tuple(ids[n] for n in statements[old].inputs)) for old, i in ids.items()
    ]
    return tuple(read), ids
