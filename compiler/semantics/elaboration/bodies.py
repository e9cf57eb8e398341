"""What spaces of one file have in common: a meta that is applied to the same plain values is elaborated once, however
many spaces narrow it by a `where` of their own."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from ...frontend import ast
from ...ir.decisions import Decision
from ...ir.diagram import typed
from ...ir.graph import CostConstraint, DecisionConstraint, Node, SpaceGraph
from ...ir.operation import Primitive
from ...record import record
from .state.state import State
from .values import Called, Template, Value


@record(eq=False)
class Body:
    """A body as it is before any `where`, and the state that elaborated it. ``graph``: of the first of its spaces.
    ``own``: the constraints that the body itself brings. ``work``: what it took; ``steps``: what was left of them;
    ``met``: how often a decision was met."""

    state: State
    graph: SpaceGraph
    outputs: tuple[int, ...]
    own: tuple[DecisionConstraint, ...]
    work: int
    steps: float
    met: int
    built: tuple[list[Node], list[Decision], list[int], dict[str, Primitive]]
    """Nodes, decisions, inputs and externs, before what nothing asks for goes."""

    def again(self, declaration: ast.SpaceDecl, instance: Called, work: int) -> State:
        """The state as it was when the body had been elaborated, for another space. ``work``: what went before."""
        state, builder = self.state, self.state.builder
        builder.nodes, builder.decisions, builder.inputs, builder.externs = self.built
        state.mistakes.begin(declaration)
        state.applying[:] = [instance]
        state.way.clear()
        state.limits.work = work + self.work
        state.diagrams.steps = self.steps
        return state

    def narrowed(
        self,
        declaration: ast.SpaceDecl,
        parameters: Sequence[tuple[str, Value]],
        where: Sequence[CostConstraint | DecisionConstraint],
        allow_extern: bool,
    ) -> SpaceGraph:
        """The graph of a space of this body."""
        return replace(
            self.graph,
            name=declaration.name.id,
            parameters=tuple(parameters),
            constraints=(*self.own, *where),
            span=declaration.name.span,
            allow_extern=allow_extern,
        )


class Bodies:
    """The bodies that were elaborated without a word about them."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Body] = {}
        self.applications: dict[Hashable, Any] = {}
        """Of ops and cells, to be copied."""

    def of(self, instance: Called) -> Body | None:
        body = self._found.get(_key(instance))
        return body if body is not None and body.met == len(body.state.decided.touched) else None

    def keep(self, instance: Called, body: Body) -> None:
        key = _key(instance)
        # A `where` in which something is decided, which is a mistake, leaves that in the state.
        if key is not None and body.met == len(body.state.decided.touched):
            self._found[key] = body


def _key(instance: Called) -> Hashable:
    """Equal for applications of which everything comes out alike, whether a value is given or is the default of a
    parameter; None where they are never said to be."""
    template = instance.template
    if instance.weights is not None:
        return None
    left_out = [
        (p.name.id, p.default.value)
        for p in template.declaration.parameters
        if isinstance(p.default, ast.Literal_) and p.name.id not in instance.arguments
    ]
    given = [(name, _alike(value)) for name, value in sorted([*instance.arguments.items(), *left_out])]
    if any(value is None for _, value in given):
        return None
    return (*_declared(template), tuple(given))


def _alike(value: Value) -> Hashable:
    """Equal for arguments that are the same, wherever they are written; None where they are never said to be."""
    if isinstance(value, Template):
        return _declared(value)
    if value is None or isinstance(value, (bool, int, float, str, tuple)):
        return typed(value)
    return None


def _declared(template: Template) -> tuple[Hashable, ...]:
    return id(template.declaration), id(template.module), template.known_as
