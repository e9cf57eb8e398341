"""The graph of operation instances of one architecture: what two architectures must share to be one network.

Sums are no instances but *slots*: an operand of an operation is a multiset of the instances that are added up there, so
that nested sums, and identities between them, leave no trace. An exact zero is an empty slot.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from ...ir.diagram import Diagram, evaluate
from ...ir.graph import Node, SpaceGraph
from ...ops.registry import primitives_of
from ...record import record
from ..demand import holds


@record
class Slot:
    """A tensor of this shape: the sum of the outputs of ``sources``, instances with how often each is added."""

    shape: Hashable
    sources: tuple[tuple[int, int], ...]


@record
class Instance:
    """An operation with what tells it apart (name, attributes, shape of its output, where its weights come from)."""

    label: Hashable
    operands: tuple[Slot, ...]
    ordered: bool


@record
class InstanceGraph:
    """Instances by node id of the space, in order; all are on a path from an input to an output."""

    instances: Mapping[int, Instance]
    outputs: tuple[tuple[str, Slot], ...]


class InstanceGraphs:
    """Makes the instance graphs of the architectures of a space."""

    def __init__(self, graph: SpaceGraph) -> None:
        self.graph, self.primitives = graph, primitives_of(graph)
        self._labels: dict[int, Hashable] = {}
        self._shapes: dict[int, Hashable] = {}
        self._weights = [scope.weights for scope in graph.scopes]
        for i, scope in enumerate(graph.scopes):
            if self._weights[i] is None and scope.parent is not None:
                self._weights[i] = self._weights[scope.parent]

    def of(self, answers: Mapping[int, int]) -> InstanceGraph:
        """The instance graph of the architecture with these answers (variable index → answer)."""
        nodes = self.graph.nodes
        taken: dict[int, list[int]] = {}
        marked = bytearray(len(nodes))
        for _, id in self.graph.outputs:
            marked[id] = 1
        for node in reversed(nodes):
            if marked[node.id]:
                kept = [e.source for e in node.edges if e.guard is True or holds(e.guard, answers)]
                taken[node.id] = kept
                for source in kept:
                    marked[source] = 1
        values: dict[int, Slot] = {}
        made: dict[int, Instance] = {}
        for id in sorted(taken):
            values[id] = self._value(nodes[id], [values[s] for s in taken[id]], answers, made)
        outputs = tuple((name, values[id]) for name, id in self.graph.outputs)
        needed: set[int] = set()
        stack = [id for _, slot in outputs for id, _ in slot.sources]
        while stack:
            id = stack.pop()
            if id not in needed:
                needed.add(id)
                stack.extend(source for slot in made[id].operands for source, _ in slot.sources)
        return InstanceGraph({id: made[id] for id in sorted(needed)}, outputs)

    def _value(self, node: Node, operands: list[Slot], answers: Mapping[int, int], made: dict[int, Instance]) -> Slot:
        shape = self._shape(node, answers)
        match node.kind:
            case "switch" | "gate":
                return operands[0] if operands else Slot(shape, ())
            case "input":
                made[node.id] = Instance(("input", node.op, shape), (), True)
                return Slot(shape, ((node.id, 1),))
            case "reduce" if node.op == "sum" or len(operands) <= 1:
                return _added(shape, operands)
            case "apply" if self.primitives[node.op].identity:
                return operands[0]
            case "apply" if self.primitives[node.op].adds:
                return _added(shape, operands)
            case "apply" if self.primitives[node.op].zero:
                return Slot(shape, ())
        if not any(slot.sources for slot in operands):
            return Slot(shape, ())
        made[node.id] = Instance(self._label(node, shape, answers), tuple(operands), self._ordered(node))
        return Slot(shape, ((node.id, 1),))

    def _ordered(self, node: Node) -> bool:
        return not self.primitives[node.op].commutes if node.kind == "apply" else node.op != "mean"

    def _shape(self, node: Node, answers: Mapping[int, int]) -> Hashable:
        found = self._shapes.get(node.id)
        if found is None:
            found = (node.type.layout, tuple(evaluate(d, answers) for d in node.type.dims))
            if node.type.fixed:
                self._shapes[node.id] = found
        return found

    def _label(self, node: Node, shape: Hashable, answers: Mapping[int, int]) -> Hashable:
        found = self._labels.get(node.id)
        if found is None:
            attrs = tuple((name, evaluate(case, answers)) for name, case in node.attrs)
            found = (node.op, attrs, shape, node.frozen, self._weights[node.scope])
            if node.type.fixed and not any(type(case) is Diagram for _, case in node.attrs):
                self._labels[node.id] = found
        return found


def _added(shape: Hashable, operands: list[Slot]) -> Slot:
    if len(operands) == 1 and operands[0].shape == shape:
        return operands[0]
    total: dict[int, int] = {}
    for slot in operands:
        for source, times in slot.sources:
            total[source] = total.get(source, 0) + times
    return Slot(shape, tuple(sorted(total.items())))
