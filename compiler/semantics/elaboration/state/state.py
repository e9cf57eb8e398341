"""The state of one elaboration: the graph being built, the decisions made so far, what went wrong."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from ....diagnostics.model import Diagnostic, Sink
from ....diagnostics.source import Span
from ....ir.builder import GraphBuilder
from ....ir.diagram import Case
from ....ir.graph import Edge, NodeKind, TensorType
from ....ir.operation import Primitive
from ..context import Context
from ..values import Asks, Called, Tensor
from .asking import Asking, merge_asks
from .decided import Decided
from .limits import Limits
from .mistakes import Mistakes
from .tokens import Tokens


class State:
    """Shared by the functions of this package, which take it as their first argument."""

    def __init__(self, sink: Sink, earlier: dict[Hashable, Any] | None = None) -> None:
        self.builder = GraphBuilder()
        self.diagrams = self.builder.diagrams
        self.applying: list[Called] = []
        """The applications of declarations that are being elaborated, outermost first."""
        self.way: list[Span] = []
        """The steps and calls that lead to what is being elaborated, outermost first."""
        self.deepest = 0
        """How deep the applications in what is being elaborated go, from the meta on."""
        self.mistakes = Mistakes(sink, self.builder, self.applying)
        self.limits = Limits(self.builder, self.mistakes)
        self.decided = Decided(self.builder, self.mistakes, self.limits, self.way)
        self.asking = Asking(self.diagrams, self.builder.nodes)
        self.refused: set[str] = set()
        """What operators were told to have against their arguments."""
        self.read: list[tuple[int, int]] = []
        """The dimensions that the text reads, by node and axis, in order, again and again."""
        self.instances: dict[Hashable, Any] = {}
        """Applications that may be copied, by what makes others equal."""
        self.earlier: dict[Hashable, Any] = {} if earlier is None else earlier
        """The same of applications in the spaces of one file, by what depends on no decision."""
        self.rules: dict[Hashable, Any] = {}
        self.externs: dict[int, Primitive] = {}
        """The primitives of `extern op`s by the ids of their declarations."""
        self.tokens = Tokens()
        self.token = self.tokens.token

    def report(self, diagnostic: Diagnostic, calls: Sequence[Called] | None = None) -> None:
        """See :meth:`Mistakes.report`."""
        self.mistakes.report(diagnostic, calls)

    def node(
        self,
        kind: NodeKind,
        op: str,
        edges: Iterable[Edge],
        type: TensorType,
        context: Context,
        span: Span,
        attrs: Mapping[str, Case] | None = None,
        asks: Asks = (),
        decision: int | None = None,
        broken: bool = False,
    ) -> Tensor:
        """Adds a node. Raises Abandoned over the limit."""
        self.limits.room(1, span)
        id = self.builder.node(
            kind, op, edges, type, context.scope, span, attrs, merge_asks(asks), decision, context.frozen, context.place
        )
        return Tensor(id, type, broken)
