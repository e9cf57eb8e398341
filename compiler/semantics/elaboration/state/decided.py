"""The decisions that an elaboration makes: which text makes which, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from ....diagnostics.decisions import DecisionInLet, EqualPaths, UnequalTables
from ....diagnostics.source import Span
from ....ir.builder import GraphBuilder
from ....ir.decisions import Decision
from ....ir.diagram import Case, Diagram, Guard, support
from ....ir.graph import DecisionConstraint
from ..context import Context, Scopes
from ..values import Value
from .limits import DECISION_LIMIT, Limits
from .mistakes import Mistakes

Instance: TypeAlias = tuple[Hashable, str]
"""What decides alike: the token of an elaboration and the path of its decisions."""

DecisionKey: TypeAlias = tuple[Hashable, Hashable, str]
"""What a decision is made by: the token of an elaboration, the text, and the path."""


class Decided:
    """``way``: the steps and calls that lead to what is being elaborated, outermost first."""

    def __init__(self, builder: GraphBuilder, mistakes: Mistakes, limits: Limits, way: Sequence[Span]) -> None:
        self._builder, self._mistakes, self._limits, self.way = builder, mistakes, limits, way
        self.scopes: dict[int, Scopes] = {}
        """The instances and iterations that each decision is made in, outermost first."""
        self.meanings: dict[int, Value] = {}
        """The values of choices among plain values, by the ids of their decisions; none where instances that decide
        alike come to different ones."""
        self.stay: dict[int, Case] = {}
        """How many elements stay at each site."""
        self.constraints: list[DecisionConstraint] = []
        self.touched: list[Decision] = []
        """The decisions met, in order, again and again: slices of it are the decision tables of instances."""
        self.tables: dict[Instance, tuple[tuple[str, ...], str]] = {}
        self.compared: list[Instance] = []
        """The instances of :meth:`same_table`, in order, again and again."""
        self.keys: dict[int, DecisionKey] = {}
        """What each decision is made by."""
        self.ways: dict[int, tuple[Span, ...]] = {}
        """The steps and calls that lead to each decision, outermost first."""
        self._existing: dict[int, Guard] = {}
        self._too_few: dict[int, Guard] = {}
        self._made: dict[DecisionKey, Decision] = {}
        self._by_path: dict[str, Decision] = {}

    def decide(
        self,
        context: Context,
        leaf: str,
        text: Hashable,
        span: Span,
        make: Callable[[str], Decision],
        alternatives: tuple[str, ...],
    ) -> Decision:
        """The decision that the text ``text`` makes in ``context``.

        Made now, or the same as before when the elaboration is the same (a tied cell, a value applied again).
        ``leaf`` is its label or the word for its kind.
        """
        path = f"{context.path}.{leaf}" if context.path else leaf
        key = (context.token, text, path)
        if context.constant is not None:
            self._mistakes.report(DecisionInLet(span, context.constant))
        found = self._made.get(key)
        if found is not None:
            self.touched.append(found)
            if found.options != alternatives:
                reason = f"{', '.join(found.options)} there, {', '.join(alternatives)} here"
                self._mistakes.report(UnequalTables(span, path.split(".")[0], path, reason, found.span))
            return found
        self._limits.at_most(len(self._made) + 1, DECISION_LIMIT, "a space of so many decisions", span)
        made = make(path)
        self.touched.append(made)
        first = self._by_path.get(path, made)
        self.keep(key, made, tuple(self.way), context.scopes)
        if first is not made:
            pairs = zip(self.ways[first.id], self.ways[made.id], strict=False)
            ways = next(((a, b) for a, b in pairs if a != b), None)
            self._mistakes.report(EqualPaths(span, path, first.span, ways))
        return made

    def keep(self, key: DecisionKey, made: Decision, way: tuple[Span, ...], scopes: Scopes) -> None:
        """A decision that was made. ``way``: the steps and calls that lead to it."""
        self._made[key] = made
        self.keys[made.id] = key
        self._by_path.setdefault(made.path, made)
        self.ways[made.id] = way
        self.scopes[made.id] = scopes

    def made(self, key: DecisionKey) -> Decision | None:
        """The decision that was made by ``key``."""
        return self._made.get(key)

    def room(self, paths: Sequence[str]) -> bool:
        """Whether there may be decisions of these paths beside those that there are."""
        return len(self._made) + len(paths) <= DECISION_LIMIT and not any(path in self._by_path for path in paths)

    def same_table(self, key: Instance, start: int, name: str, span: Span) -> None:
        """Checks that this elaboration of something that decides alike met the same decisions as the first one."""
        table = tuple(sorted({decision.path for decision in self.touched[start:]}))
        self.compared.append(key)
        first, _ = self.tables.setdefault(key, (table, name))
        if first != table:
            odd = sorted(set(first) ^ set(table))[0]
            where = "only in the first instance" if odd in first else "only in this instance"
            self._mistakes.report(UnequalTables(span, name, odd, where, self._by_path[odd].span))

    def made_since(self, start: int) -> tuple[tuple[int, int], ...]:
        """The range of the ids of the decisions made since there were ``start``; none where there are none."""
        end = len(self._builder.decisions)
        return ((start, end),) if end > start else ()

    def valid(self, *cases: Case) -> Guard:
        """The condition that the keeps on which the cases depend have an allowed number of elements."""
        return self._builder.diagrams.all(map(self._allowed, _keeps(cases)))

    def valid_where_any(self, *cases: Case) -> Guard:
        """As :meth:`valid`, and where a keep finds too few elements it has none: that is a mistake of its own, and no
        excuse for one."""
        diagrams = self._builder.diagrams
        return diagrams.all(diagrams.either(self._allowed(id), self._too_few.get(id, False)) for id in _keeps(cases))

    def _allowed(self, id: int) -> Guard:
        """The condition that a keep has as many elements as it may, all of which are there."""
        return self._builder.diagrams.both(self._builder.decisions[id].valid, self._existing.get(id, True))

    def finds_too_few(self, decision: Decision, condition: Guard) -> None:
        """The list of a keep has fewer elements than are wanted where a condition holds."""
        before = self._too_few.get(decision.id, False)
        self._too_few[decision.id] = self._builder.diagrams.either(before, condition)

    def only_existing(self, decision: Decision, exists: Guard) -> None:
        """What a keep keeps must be there: a constraint of the space, where the list depends on other decisions."""
        if decision.id not in self._existing:
            self._existing[decision.id] = exists
            # What the list depends on was asked for before it was kept of; what of that is not, changes nothing.
            self.constraints.append(DecisionConstraint(frozenset({decision.id}), exists, decision.span))


def _keeps(cases: Sequence[Case]) -> list[int]:
    """The keeps on which the cases depend, by the ids of their decisions."""
    return sorted({v.decision for c in cases if type(c) is Diagram for v in support(c) if v.element is not None})
