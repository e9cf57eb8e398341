"""Lowers a space graph to the statements of a network that computes one path: each where it is asked for alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ...analysis.conditions import Conditions
from ...diagnostics.backends import TooEntangled
from ...diagnostics.model import SpaceError
from ...ir.decisions import Decision
from ...ir.diagram import Case, Diagram, Guard, case_key, leaves
from ...ir.graph import Edge, Node, SpaceGraph
from ...ir.names import Names, identifier
from ...ir.operation import TensorShape
from ...ops.registry import primitives_of
from ...ops.torch.emission import Emission
from ...ops.torch.expressions import MODULE, Conditional, Expression, List, Slot, filled
from ...ops.torch.expressions import Literal as Plain
from ...ops.torch.lowering import X, batch_of_zeros, reduce_call
from ...ops.torch.lowering import emit as emit_primitive
from ...passes.drop_unreachable import drop_unreachable
from ...passes.mixtures import decision_of
from ...passes.name_weights import name_weights
from ...record import record
from ..codegen.conditions import Written
from ..codegen.kernel_table import kernel
from ..codegen.program import OPEN, Path, Program, Statement
from .externs import Externs
from .layouts import plain_layouts
from .network import REDUCES, Emit
from .slices import Shared, given, shared

Sharing = Literal["separate", "slice"]
"""Weights of an application whose numbers depend on decisions: one set for each case, or slices of the largest."""

MANY_CASES: Final[Mapping[Sharing, int]] = {"separate": 2_000, "slice": 20_000}
"""An application has no more cases than this. Each is a line or more of text where weights are separate; of slices it
is looked at alone."""


_OF_SOME = {"sum": "sum_of", "mean": "mean_of", "concat": "concat_of"}
"""The kernels of reductions some of whose elements may be absent."""


@record
class Application:
    """One case of an application: the values of its attributes, and what goes in and comes out."""

    attributes: tuple[Any, ...]
    inputs: tuple[TensorShape, ...]
    output: TensorShape


Places = Mapping[int, Mapping[Application, str]]
"""By node (of the graph of the space), for applications whose weights stand under other names than in the discrete
networks, or in larger tensors: what each case's module is called within its scope."""


@dataclass(slots=True)
class LoweredPaths:
    """``decisions``: those that the program reads, in the order of the table."""

    program: Program
    decisions: list[Decision]
    places: Places


def lower_paths(graph: SpaceGraph, sharing: Sharing, emit: Emit = emit_primitive) -> LoweredPaths:
    """The statements of the network of ``graph`` that computes one path, an architecture of it at a time. Raises
    SpaceError (E0823) where conditions would be too long a text."""
    return PathLowering(graph, graph, sharing, emit).lowered()


class PathLowering:
    """``graph``: ``space``, or the same with other decisions, which the statements are of."""

    drawn = False
    """Whether the network draws a path for each pass."""

    def __init__(self, space: SpaceGraph, graph: SpaceGraph, sharing: Sharing, emit: Emit) -> None:
        self.space, self.sharing, self.externs = space, sharing, Externs(space, emit)
        self.primitives = primitives_of(space)
        graph = self.graph = drop_unreachable(self._zeros_of_nothing(name_weights(graph)))
        self.diagrams = graph.diagrams
        self.conditions = Conditions(graph, self.primitives, live=False)
        self.names = Names(space)
        self.root = next(s.id for s in graph.scopes if s.parent is None)
        self.statements: list[Statement] = []
        self.values: dict[int, int] = {}
        self.layers: dict[str, None] = {}
        self.decisions: dict[int, int] = {}
        self.places: dict[int, dict[Application, str]] = {}

    def lowered(self) -> LoweredPaths:
        for decision in self.graph.open:
            self.decisions[decision.id] = len(self.statements)
            self.statements.append(
                Statement(len(self.statements), decision.path, self.root, (), None, None, kind="weights")
            )
        for id in self.graph.inputs:
            node = self.graph.nodes[id]
            self.values[id] = self._add(node, identifier(node.op), [], None)
        for node in self.graph.nodes:
            if node.kind != "input" and self._need(node) is not False:
                self.values[node.id] = self._value(node)
        program = Program(
            tuple(self.statements),
            tuple(self.values[i] for i in self.graph.inputs),
            tuple((name, self.values[i]) for name, i in self.graph.outputs),
            self.graph.scopes,
            self.names.scopes,
            tuple(self.layers),
            self.externs.imports,
            Path(self.graph, self.decisions, self.drawn),
        )
        return LoweredPaths(plain_layouts(program), list(self.graph.open), self.places)

    def _zeros_of_nothing(self, graph: SpaceGraph) -> SpaceGraph:
        """Exact zeros read how many samples there are off the first input, so that nothing is computed for them."""
        first = Edge(graph.inputs[0])
        return replace(
            graph,
            nodes=tuple(
                replace(node, edges=(first,)) if node.kind == "apply" and self.primitives[node.op].zero else node
                for node in graph.nodes
            ),
        )

    # -- conditions

    def _need(self, node: Node) -> Guard:
        """The condition under which a node is asked for."""
        found = self.conditions.of.get(node.id, False)
        if found is None:
            raise SpaceError([TooEntangled(node.span, self.space.name)])
        return found

    def _both(self, node: Node, guard: Guard) -> Guard:
        """The condition under which a node is asked for and ``guard`` holds."""
        found = self.conditions.conjunction(self._need(node), guard)
        if found is None:
            raise SpaceError([TooEntangled(node.span, self.space.name)])
        return found

    def _add(
        self,
        node: Node,
        name: str,
        inputs: Sequence[int],
        value: Expression | None,
        module: Expression | None = None,
        need: Guard = True,
        cases: tuple[tuple[Guard, int], ...] = (),
    ) -> int:
        id = len(self.statements)
        dims = tuple(OPEN if type(d) is Diagram else d for d in node.type.dims)
        shape = TensorShape(node.type.layout, dims) if dims else None
        frozen = node.frozen and module is not None
        self.statements.append(
            Statement(
                id,
                name,
                node.scope,
                tuple(inputs),
                value,
                shape,
                module,
                frozen,
                order=node.place,
                need=need,
                cases=cases,
            )
        )
        return id

    def _hold(self, node: Node, name: str, module: Expression) -> int:
        """The statement of a module that several others use."""
        id = len(self.statements)
        self.statements.append(
            Statement(id, name, node.scope, (), None, None, module, node.frozen, "held", order=node.place)
        )
        return id

    def _choice(self, node: Node, name: str, cases: Sequence[tuple[Guard, int]]) -> int:
        """What is one of several values; conditions are those under which the node is asked for, too."""
        merged: dict[int, Guard] = {}
        for guard, value in cases:
            if guard is not False:
                merged[value] = self.diagrams.either(merged[value], guard) if value in merged else guard
        if len(merged) == 1:
            return next(iter(merged))
        found = tuple((guard, value) for value, guard in merged.items())
        return self._add(node, name, list(merged), None, need=self._need(node), cases=found)

    # -- nodes

    def _value(self, node: Node) -> int:
        match node.kind:
            case "apply":
                return self._apply(node)
            case "switch":
                cases = [(self._both(node, edge.guard), edge.source) for edge in node.edges]
                there = [(guard, self.values[source]) for guard, source in cases if guard is not False]
                return self._chosen(node, self._choice(node, self._called(node), there))
            case "gate":
                (edge,) = node.edges
                on, off = self._both(node, edge.guard), self._both(node, self.diagrams.negate(edge.guard))
                cases = [(on, self.values[edge.source])] if on is not False else []
                if off is not False:
                    cases.append((off, self._zeros(node, off)))
                return self._chosen(node, self._choice(node, self._called(node), cases))
            case _:
                return self._reduce(node)

    def _chosen(self, node: Node, value: int) -> int:
        """What a switch or a gate gives, whose value is chosen."""
        return value

    def _element(self, node: Node, edge: Edge, need: Guard) -> int:
        """An element of a reduction, which is there where ``need`` holds."""
        return self.values[edge.source]

    def _called(self, node: Node) -> str:
        """What the variable of a choice is called: the last two names of the decision's path."""
        decision = decision_of(self.graph, node)
        if decision is None:
            return "chosen"
        path = decision.path.removeprefix(f"{self.graph.scopes[node.scope].path}.")
        return identifier(".".join(path.split(".")[-2:]))

    def _there(self, node: Node) -> list[tuple[Guard, Edge]]:
        """The edges of a reduction that may be there, each with the condition under which it is."""
        edges = [(self._both(node, edge.guard), edge) for edge in node.edges]
        return [(guard, edge) for guard, edge in edges if guard is not False]

    def _reduce(self, node: Node) -> int:
        need = self._need(node)
        edges = self._there(node)
        there = [(guard, self._element(node, edge, guard)) for guard, edge in edges]
        name = REDUCES[node.op]
        shape = TensorShape(node.type.layout, (0,) * len(node.type.dims))
        if all(case_key(guard) == case_key(need) for guard, _ in there):
            if not there:
                return self._zeros(node, need)
            if len(there) == 1:
                return there[0][1]
            reads = Reads(self)
            terms = [reads.slot(value) for _, value in there]
            return self._add(node, name, reads.inputs, reduce_call(node.op, terms, shape), need=need)
        some = self.diagrams.any(guard for guard, _ in there)
        none = self._both(node, self.diagrams.negate(some))
        reads = Reads(self)
        written = Written(self.graph, reads.decision)
        elements: list[Expression] = []
        for (guard, edge), (_, value) in zip(edges, there, strict=True):
            slot = reads.slot(value)
            always = self.diagrams.constrain(guard, need) is True
            elements.append(slot if always else Conditional(slot, written.condition(edge.guard), Plain(None)))
        axis: dict[str, Any] = {}
        if node.op == "concat":
            axis["dim"] = 2 if shape.layout == "tokens" else 1
        total = kernel(_OF_SOME[node.op], List(tuple(elements)), **axis)
        reduced = self._add(node, name, reads.inputs, total, need=self._both(node, some))
        if none is False:
            return reduced
        return self._choice(node, name, [(self._both(node, some), reduced), (none, self._zeros(node, none))])

    def _zeros(self, node: Node, need: Guard) -> int:
        """Zeros for as many samples as the first input has."""
        reads = Reads(self)
        reads.slot(self.values[self.graph.inputs[0]])
        dims = [self._number(dim, need, reads) for dim in node.type.dims]
        return self._add(node, "zeros", reads.inputs, batch_of_zeros(X, dims), need=need)

    def _number(self, case: Case, need: Guard, reads: Reads) -> Any:
        """A number, plain or as an expression, where something is needed."""
        inside = self.diagrams.constrain(case, need)
        return Written(self.graph, reads.decision).value(inside) if type(inside) is Diagram else inside

    # -- applications

    def _apply(self, node: Node) -> int:
        sources = [edge.source for edge in node.edges]
        values = [self.values[source] for source in sources]
        if self.primitives[node.op].identity:
            return values[0]
        need = self._need(node)
        types = [self.graph.nodes[source].type for source in sources]
        cases = [case for _, case in node.attrs]
        for type_ in (*types, node.type):
            cases += type_.dims
        if self.primitives[node.op].zero:
            return self._zeros(node, need)

        def application(*plain: Any) -> Application:
            left = list(plain)
            attributes = tuple(left.pop(0) for _ in node.attrs)
            shapes = [TensorShape(t.layout, tuple(left.pop(0) for _ in t.dims)) for t in (*types, node.type)]
            return Application(attributes, tuple(shapes[:-1]), shapes[-1])

        joint = self.diagrams.constrain(self.diagrams.apply(lambda *plain: plain, *cases), need)
        found = self.diagrams.apply(lambda plain: application(*plain), joint)
        if type(found) is not Diagram:
            return self._plain(node, values, found, need)
        applications = leaves(found)
        if len(applications) > MANY_CASES[self.sharing]:
            raise SpaceError([TooEntangled(node.span, self.space.name)])
        emissions = {application: self._emit(node, application) for application in applications}
        if self.sharing == "slice":
            common = shared(list(dict.fromkeys(emissions.values())))
            if common is not None and len({emission.module for emission in emissions.values()}) > 1:
                return self._sliced(node, values, found, emissions, common)
        return self._by_case(node, values, found, emissions)

    def _emit(self, node: Node, application: Application) -> Emission:
        attributes = dict(zip((name for name, _ in node.attrs), application.attributes, strict=True))
        emission = self.externs.emit(node.op, application.inputs, attributes, application.output)
        self.layers.update(dict.fromkeys(emission.layers))
        return emission

    def _local(self, node: Node, application: Application) -> str:
        """What the discrete networks call the module of a case."""
        attributes = dict(zip((name for name, _ in node.attrs), application.attributes, strict=True))
        return self.names.local(self.space.nodes[node.place], attributes)

    def _plain(self, node: Node, values: list[int], application: Application, need: Guard) -> int:
        emission = self._emit(node, application)
        name = identifier(node.op)
        if emission.module is not None:
            name = self._local(node, application)
        return self._add(node, name, values, emission.call, emission.module, need)

    def _by_case(self, node: Node, values: list[int], found: Diagram, emissions: Mapping[Application, Emission]) -> int:
        """A module of its own for each case, but for those that compute the same."""
        if len(emissions) > MANY_CASES["separate"]:
            raise SpaceError([TooEntangled(node.span, self.space.name)])
        called: dict[tuple[str, Expression], str] = {}
        several: dict[str, list[Expression]] = {}
        for application, emission in emissions.items():
            if emission.module is not None:
                local = self._local(node, application)
                modules = several.setdefault(local, [])
                if (local, emission.module) not in called:
                    called[local, emission.module] = self._further(node, local, application, bool(modules))
                    modules.append(emission.module)
                if called[local, emission.module] != local:
                    self.places.setdefault(node.place, {})[application] = called[local, emission.module]

        def which(application: Application) -> tuple[str, Emission]:
            emission = emissions[application]
            if emission.module is None:
                return identifier(node.op), emission
            return called[self._local(node, application), emission.module], emission

        each = self.diagrams.apply(which, found)
        if type(each) is not Diagram:
            name, emission = each
            return self._add(node, name, values, emission.call, emission.module, self._need(node))
        held: dict[str, int] = {}
        uses = [name for name, emission in leaves(each) if emission.module is not None]
        cases = []
        for name, emission in leaves(each):
            guard = self._where(node, each, (name, emission))
            if uses.count(name) > 1:
                if name not in held:
                    held[name] = self._hold(node, name, emission.module)
                inside = filled(emission.call, {MODULE.key: Slot(len(values))})
                cases.append((guard, self._add(node, identifier(node.op), [*values, held[name]], inside, need=guard)))
            else:
                cases.append((guard, self._add(node, name, values, emission.call, emission.module, guard)))
        return self._choice(node, self.names.nodes[node.place], cases)

    def _further(self, node: Node, local: str, application: Application, again: bool) -> str:
        """The name of a module that is, in the discrete networks, called like another one of another size."""
        if not again:
            return local
        sizes = "_".join("x".join(map(str, shape.dims)) for shape in application.inputs)
        return self.names.further(node.scope, f"{local}_in{sizes}")

    def _sliced(
        self,
        node: Node,
        values: list[int],
        found: Diagram,
        emissions: Mapping[Application, Emission],
        common: Shared,
    ) -> int:
        """One module for all cases."""
        name = self.names.nodes[node.place]
        self.places[node.place] = dict.fromkeys(emissions, name)
        held = self._hold(node, name, common.module)
        each = self.diagrams.apply(lambda application: given(emissions[application]), found)
        cases = []
        for inner in leaves(each):
            guard = self._where(node, each, inner)
            reads = Reads(self)
            for value in values:
                reads.slot(value)
            numbers: dict[str, Any] = {}
            for name_, own in common.own.items():
                number = self.diagrams.apply(self._numbered(common, emissions, name_), found)
                inside = self.diagrams.constrain(number, guard)
                if type(inside) is Diagram or inside != own:
                    numbers[name_] = self._number(inside, guard, reads)
            module = reads.slot(held)
            sliced = kernel(common.kernel, module, inner, **numbers)
            cases.append((guard, self._add(node, name, reads.inputs, sliced, need=guard)))
        return self._choice(node, name, cases)

    @staticmethod
    def _numbered(common: Shared, emissions: Mapping[Application, Emission], name: str) -> Callable[[Application], Any]:
        return lambda application: common.numbers(emissions[application])[name]

    def _where(self, node: Node, case: Case, value: Any) -> Guard:
        """The condition under which a node is asked for and ``case`` has a value."""
        guard = self.diagrams.apply(lambda found: found == value, case)
        settled = self.diagrams.ite(self.diagrams.undefined(guard), False, guard)
        return self._both(node, settled)


class Reads:
    """The statements that an expression under construction reads, in the order of its slots."""

    def __init__(self, lowering: PathLowering) -> None:
        self._lowering = lowering
        self.inputs: list[int] = []

    def slot(self, statement: int) -> Slot:
        if statement not in self.inputs:
            self.inputs.append(statement)
        return Slot(self.inputs.index(statement))

    def decision(self, decision: Decision) -> Slot:
        """The slot of the value that a path has for a decision."""
        return self.slot(self._lowering.decisions[decision.id])
