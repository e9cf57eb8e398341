"""Lowers a space graph to the statements of a supernet: every switch, gate and keep becomes a weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...ir.decisions import Decision
from ...ir.diagram import Variable
from ...ir.graph import Edge, Node, SpaceGraph
from ...ir.names import Names, identifier
from ...ops.torch.lowering import emit, reduce_call
from ...passes.chains import Part
from ...passes.hints import ways_of, without_ways
from ...passes.merge_targets import Mixture
from ...passes.mixtures import decision_of, options_of
from ...passes.partial_channels import INTERLEAVE, PART
from ...text.quoting import python_string
from ..codegen.program import Program, Statement
from .expectation import expectation
from .externs import Externs
from .merged import mixture_text, with_ways
from .network import REDUCES, Emit

KeepWeights = Literal["sigmoid", "softmax", "none"]


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
    program = lowering.program()
    return Lowered(program, [graph.decisions[id] for id in sorted(lowering.weights)])


@dataclass(slots=True)
class _Call:
    """An expression under construction: the statements it reads and the text with their places."""

    inputs: list[int] = field(default_factory=list)

    def place(self, statement: int) -> str:
        if statement not in self.inputs:
            self.inputs.append(statement)
        return f"{{{self.inputs.index(statement)}}}"


class _Lowering:
    def __init__(self, graph: SpaceGraph, keep: KeepWeights, emit: Emit) -> None:
        self.graph, self.keep, self.externs = graph, keep, Externs(graph, emit)
        self.emit = self.externs.emit
        self.names = Names(graph)
        self.root = next(s.id for s in graph.scopes if s.parent is None)
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
        return Program(
            tuple(self.statements),
            tuple(self.values[i] for i in self.graph.inputs),
            tuple((name, self.values[i]) for name, i in self.graph.outputs),
            self.graph.scopes,
            self.names.scopes,
            tuple(self.layers),
            self.externs.imports,
        )

    def _add(
        self, node: Node, name: str, inputs: list[int], call: str, module: str | None = None, prepared: str = ""
    ) -> int:
        id = len(self.statements)
        shape = node.type.concrete()
        self.statements.append(
            Statement(
                id,
                name,
                node.scope,
                tuple(inputs),
                call,
                shape,
                module,
                node.frozen and module is not None,
                order=node.place,
                prepared=prepared,
            )
        )
        return id

    def _input(self, node: Node) -> int:
        return self._add(node, identifier(node.op), [], "")

    def _apply(self, node: Node) -> int:
        sources = [edge.source for edge in node.edges]
        shapes = tuple(self.graph.nodes[s].type.concrete() for s in sources)
        emission = self.emit(node.op, shapes, without_ways(node).attributes, node.type.concrete())
        self.layers.update(dict.fromkeys(emission.layers))
        name = node.key if emission.module else identifier(node.op)
        call = emission.call
        if ways_of(node):
            call = with_ways(node, call)
        return self._add(node, name, [self.values[s] for s in sources], call, emission.module)

    # -- merged nodes

    def _hold(self, part: Part) -> int:
        """The statement of a module that a kernel uses."""
        node = part.node
        if node.id not in self.held:
            emission = self.emit(node.op, (part.input,), without_ways(node).attributes, node.type.concrete())
            id = len(self.statements)
            self.statements.append(
                Statement(id, node.key, node.scope, (), "", None, emission.module, kind="held", order=node.place)
            )
            self.held[node.id] = id
        return self.held[node.id]

    def _merged(self, node: Node) -> int:
        call = _Call()
        attributes = node.attributes

        def hold(part: Part) -> str:
            return call.place(self._hold(part))

        sources = [edge.source for edge in node.edges]
        if node.op == PART:
            x = self.values[sources[0]]
            return self._add(node, "part", [x], f"{{0}}[:, {attributes['first']}:{attributes['last']}]")
        if node.op == INTERLEAVE:
            x = self.values[sources[0]]
            return self._add(node, "interleaved", [x], f"interleave({{0}}, {attributes['groups']})")
        mixture: Mixture = attributes["mixture"]
        decision = self.graph.decisions[node.decision] if node.decision is not None else None
        name = REDUCES.get(node.op, "mixed") if decision is None else self._called(decision, node)
        weights = call.place(self._edge_weights(node, mixture, name))
        plain = [call.place(self.values[s]) for s in sources[: len(mixture.plain)]]
        groups, start = [], len(mixture.plain)
        for group in mixture.groups:
            reads = sources[start : start + len(group.places)]
            groups.append([call.place(self.values[s]) for s in reads])
            start += len(reads)
        sizes = [len(self.graph.decisions[id].options) for id in mixture.inner]
        text, prepared = mixture_text(mixture, plain, groups, sizes, weights, hold)
        return self._add(node, name, call.inputs, text, prepared=prepared)

    def _edge_weights(self, node: Node, mixture: Mixture, name: str) -> int:
        """The statement of the weights of all options of all edges into a node."""
        call = _Call()
        outer = "None"
        if mixture.outer is not None and self.keep != "none":
            outer = self._weight(self.graph.decisions[mixture.outer], call)
            if mixture.order != tuple(range(len(self.graph.decisions[mixture.outer].options))):
                outer = f"{outer}[{list(mixture.order)}]"
        rows = ", ".join(self._weight(self.graph.decisions[id], call) for id in mixture.inner)
        id = len(self.statements)
        text = f"edge_weights({outer}, [{rows}])"
        self.statements.append(Statement(id, f"{name}_weights", node.scope, tuple(call.inputs), text, None))
        return id

    # -- decisions

    def _weight(self, decision: Decision, call: _Call) -> str:
        """The place of a decision's weights in ``call``."""
        if decision.id not in self.weights:
            id = len(self.statements)
            text = f"weights[{python_string(decision.path)}]"
            self.statements.append(Statement(id, decision.path, self.root, (), text, None, kind="weights"))
            self.weights[decision.id] = id
        return call.place(self.weights[decision.id])

    def _answer(self, variable: Variable, answer: int, call: _Call) -> str:
        decision = self.graph.deciding[variable.index]
        if variable.element is not None:
            if self.keep == "none":
                return "1" if answer else "0"
            text = f"{self._weight(decision, call)}[{variable.element}]"
            return text if answer else f"(1 - {text})"
        text = self._weight(decision, call)
        if decision.kind == "gate":
            return text if answer else f"(1 - {text})"
        return f"{text}[{answer}]"

    def _mixture(self, node: Node) -> int:
        decision = decision_of(self.graph, node)
        name = REDUCES.get(node.op, "mixed") if decision is None else self._called(decision, node)
        if node.kind == "reduce" and node.op == "concat":
            assert all(edge.guard is True for edge in node.edges), "an open concat cannot be relaxed"
            decision = None
        unweighted = decision is not None and decision.kind == "keep" and self.keep == "none"
        options = None if unweighted else options_of(node, decision)
        call = _Call()
        # A mean divides by the weights of those elements alone that are left.
        whole = decision is not None and (node.op != "mean" or len(options or ()) == len(decision.options))
        if options is not None and decision is not None and whole:
            weights = self._weight(decision, call)
            values = [
                call.place(self.values[options[i]]) if i in options else "0" for i in range(len(decision.options))
            ]
            text = f"mix({weights}, {', '.join(values)})"
            if node.op == "mean":
                text = f"averaged({text}, {weights}.sum())"
            return self._add(node, name, call.inputs, text)
        is_site = decision is not None and decision.kind == "keep" and decision.trivial and not unweighted
        site = decision if is_site else None
        terms = [(self._expected(edge, site, call), edge) for edge in node.edges]
        terms = [(weight, edge) for weight, edge in terms if weight != "0"]
        if not terms:
            return self._zeros(node)
        if node.kind == "reduce" and all(weight == "1" for weight, _ in terms):
            return self._plain(node, name, [edge for _, edge in terms])
        texts = []
        for weight, edge in terms:
            place = call.place(self.values[edge.source])
            texts.append(place if weight == "1" else f"{weight} * {place}")
        text = " + ".join(texts)
        if node.op == "mean":
            text = f"averaged({text}, {' + '.join(weight for weight, _ in terms)})"
        if len(terms) == 1 and terms[0][0] == "1":
            return self.values[terms[0][1].source]
        return self._add(node, name, call.inputs, text)

    def _expected(self, edge: Edge, site: Decision | None, call: _Call) -> str:
        """The probability that an edge is there, times its weight in a site."""
        present = expectation(edge.guard, lambda v, a: self._answer(v, a, call))
        if site is None or present == "0":
            return present
        weight = f"{self._weight(site, call)}[{edge.option}]"
        return weight if present == "1" else f"{weight} * {present}"

    def _called(self, decision: Decision, node: Node) -> str:
        """What the variable of a mixture is called: the last two names of the decision's path."""
        path = decision.path.removeprefix(f"{self.graph.scopes[node.scope].path}.")
        return identifier(".".join(path.split(".")[-2:]))

    def _plain(self, node: Node, name: str, edges: Sequence[Edge]) -> int:
        call = _Call()
        texts = [call.place(self.values[edge.source]) for edge in edges]
        if len(texts) == 1:
            return self.values[edges[0].source]
        return self._add(node, name, call.inputs, reduce_call(node.op, texts, node.type.concrete()))

    def _zeros(self, node: Node) -> int:
        """A sum of none: zeros for as many samples as the first input has."""
        dims = ", ".join(map(str, node.type.concrete().dims))
        return self._add(
            node, "zeros", [self.values[self.graph.inputs[0]]], f"{{0}}.new_zeros(({{0}}.shape[0], {dims}))"
        )
