"""How much an elaboration may take: over a limit it is abandoned, with a diagnostic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ....diagnostics.source import Span
from ....diagnostics.values import DiagramLimit, TooLarge
from ....ir.addition import added
from ....ir.builder import GraphBuilder
from ....ir.diagram import STEP_LIMIT, Case, DiagramTooLarge, TooManySteps
from .mistakes import Mistakes

T = TypeVar("T")

NODE_LIMIT = 150_000
"""The most nodes that a graph may have. A 20-layer DARTS network has 20 000."""
WORK_LIMIT = 500_000
"""The most expressions and elements that one elaboration goes through."""
DEPTH_LIMIT = 60
"""How deeply declarations may be applied inside each other."""
LENGTH_LIMIT = 20_000
"""The most iterations of a loop and elements of a list."""
DECISION_LIMIT = 10_000
"""The most decisions of a space."""
OPTION_LIMIT = 1_000
"""The most alternatives of a choice and elements of a `keep`."""


class Abandoned(Exception):
    """Elaboration cannot go on (a limit); a diagnostic was reported."""


class Limits:
    """Counts work, and computes with diagrams that may grow too large."""

    def __init__(self, builder: GraphBuilder, mistakes: Mistakes) -> None:
        self._builder, self._mistakes = builder, mistakes
        self.work = 0
        builder.diagrams.steps = STEP_LIMIT

    def spend(self, work: int, span: Span) -> None:
        """Counts work. Raises Abandoned over the limit."""
        self.work += work
        if self.work > WORK_LIMIT:
            self._mistakes.report(
                TooLarge(span, "a space that takes so much to elaborate", f"at most {WORK_LIMIT} steps")
            )
            raise Abandoned

    def at_most(self, count: int, limit: int, what: str, span: Span) -> None:
        """Raises Abandoned, with a diagnostic about ``what``, over a limit."""
        if count > limit:
            self._mistakes.report(TooLarge(span, what, f"at most {limit}"))
            raise Abandoned

    def room(self, more: int, span: Span) -> None:
        """Raises Abandoned, with a diagnostic, when there is no room for more nodes."""
        self.at_most(len(self._builder.nodes) + more, NODE_LIMIT, "a graph of so many nodes", span)

    def lift(self, what: str, span: Span, function: Callable[..., Case], *cases: Case) -> Case:
        """``function`` in every case. Raises Abandoned, with a diagnostic, when there are too many cases."""
        return self.within(what, span, lambda: self._builder.diagrams.apply(function, *cases))

    def added(self, what: str, span: Span, cases: Iterable[Case]) -> Case:
        """The sum of the cases. Raises Abandoned, with a diagnostic, when there are too many."""
        return self.within(what, span, lambda: added(self._builder.diagrams, cases))

    def within(self, what: str, span: Span, compute: Callable[[], T]) -> T:
        """What ``compute`` gives. Raises Abandoned, with a diagnostic about ``what``, when it takes too many cases."""
        try:
            return compute()
        except DiagramTooLarge as error:
            self._mistakes.report(DiagramLimit(span, what, isinstance(error, TooManySteps)))
            raise Abandoned from None
