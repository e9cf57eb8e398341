"""Builds a space graph node by node; the elaborator and tests use it. Nothing is checked here but the shape of the
graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from ..diagnostics.source import Span
from .decisions import Decision
from .diagram import Case, Diagrams
from .graph import Ask, CostConstraint, DecisionConstraint, Edge, Node, NodeKind, Scope, SpaceGraph, TensorType
from .operation import Primitive


class GraphBuilder:
    """Ids are given in order of creation, so sources always come before what they feed."""

    def __init__(self) -> None:
        self.diagrams = Diagrams()
        self.nodes: list[Node] = []
        self.decisions: list[Decision] = []
        self.scopes: list[Scope] = []
        self.inputs: list[int] = []
        self.externs: dict[str, Primitive] = {}

    # -- decisions

    def choose(
        self, path: str, names: Sequence[str], values: Sequence[Any], span: Span, label: str | None = None
    ) -> Decision:
        variable = self.diagrams.variable(len(self.decisions), len(names))
        return self._decision(
            Decision(len(self.decisions), path, "choose", tuple(names), tuple(values), (variable,), span, label)
        )

    def count(self, path: str, low: int, high: int, span: Span, label: str | None = None) -> Decision:
        variable = self.diagrams.variable(len(self.decisions), high - low + 1)
        numbers = range(low, high + 1)
        names = tuple(str(n) for n in numbers)
        return self._decision(
            Decision(len(self.decisions), path, "count", names, tuple(numbers), (variable,), span, label)
        )

    def gate(self, path: str, span: Span, label: str | None = None) -> Decision:
        variable = self.diagrams.variable(len(self.decisions), 2)
        return self._decision(
            Decision(len(self.decisions), path, "gate", ("off", "on"), (False, True), (variable,), span, label)
        )

    def keep(
        self,
        path: str,
        elements: int,
        low: int,
        high: int,
        span: Span,
        label: str | None = None,
        most: int | None = None,
    ) -> Decision:
        """A keep of ``low`` to ``high`` of ``elements``, of which ``most`` (None: all) can be there together; a site
        where that can come out in one way only."""
        id = len(self.decisions)
        trivial = low == high and low in (0, elements, elements if most is None else most)
        variables = () if trivial else tuple(self.diagrams.variable(id, 2, i) for i in range(elements))
        valid = True if trivial else self.diagrams.kept_between(variables, low, high)
        places = tuple(str(i + 1) for i in range(elements))
        return self._decision(
            Decision(id, path, "keep", places, places, variables, span, label, (low, high), valid, trivial)
        )

    def again(self, like: Decision, path: str) -> Decision:
        """A decision like another one (no keep), made at ``path``."""
        id = len(self.decisions)
        variables = tuple([self.diagrams.variable(id, variable.arity) for variable in like.variables])
        return self._decision(replace(like, id=id, path=path, variables=variables))

    def _decision(self, decision: Decision) -> Decision:
        self.decisions.append(decision)
        return decision

    # -- structure

    def scope(
        self,
        parent: int | None,
        name: str,
        callee: str,
        kind: Literal["meta", "cell", "op", "iteration"],
        path: str,
        span: Span | None = None,
        weights: str | None = None,
    ) -> int:
        self.scopes.append(Scope(len(self.scopes), parent, name, callee, kind, path, span, weights))
        return len(self.scopes) - 1

    def input(self, name: str, type: TensorType, scope: int, span: Span) -> int:
        id = self.node("input", name, (), type, scope, span)
        self.inputs.append(id)
        return id

    def node(
        self,
        kind: NodeKind,
        op: str,
        edges: Iterable[Edge],
        type: TensorType,
        scope: int,
        span: Span,
        attrs: Mapping[str, Case] | None = None,
        asks: Iterable[Ask] = (),
        decision: int | None = None,
        frozen: bool = False,
        name: str = "",
    ) -> int:
        id = len(self.nodes)
        self.nodes.append(
            Node(
                id,
                kind,
                op,
                tuple(edges),
                type,
                scope,
                span,
                tuple((attrs or {}).items()),
                tuple(asks),
                decision,
                frozen,
                name=name,
            )
        )
        return id

    def finish(
        self,
        name: str,
        outputs: Sequence[tuple[str, int]],
        span: Span,
        parameters: Sequence[tuple[str, Any]] = (),
        constraints: Sequence[CostConstraint | DecisionConstraint] = (),
        meta: str = "",
        allow_extern: bool = False,
    ) -> SpaceGraph:
        return SpaceGraph(
            name,
            tuple(parameters),
            tuple(self.nodes),
            tuple(self.inputs),
            tuple(outputs),
            tuple(self.decisions),
            tuple(self.scopes),
            self.diagrams,
            span,
            tuple(constraints),
            meta,
            self.externs,
            allow_extern,
        )
