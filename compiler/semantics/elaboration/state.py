"""The state of one elaboration: the graph being built, the decisions made so far, what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from ...diagnostics.calls import Recursion
from ...diagnostics.decisions import DecisionInLet, EqualPaths, UnequalTables
from ...diagnostics.model import Diagnostic, Label, Sink
from ...diagnostics.source import Span
from ...diagnostics.values import DiagramLimit, TooLarge
from ...frontend import ast
from ...ir.addition import added
from ...ir.builder import GraphBuilder
from ...ir.decisions import Decision, answers_in_words
from ...ir.diagram import STEP_LIMIT, Case, Diagram, DiagramTooLarge, Guard, TooManySteps, Variable, support, witness
from ...ir.graph import Ask, DecisionConstraint, Edge, NodeKind, TensorType
from ...ir.operation import Primitive
from .context import Context, Scopes
from .origins import origins
from .values import Asks, Called, Tensor, Value

T = TypeVar("T")
Make: TypeAlias = Callable[[str, Mapping[int, int]], Diagnostic]
"""From the words for a witness ("width = 5", "" where there is none to name) and its answers (variable index → answer)
to a diagnostic."""

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
DECIDERS = 3
"""The most decisions that a mistake shows the places of."""
OPTION_LIMIT = 1_000
"""The most alternatives of a choice and elements of a `keep`."""


class Abandoned(Exception):
    """Elaboration cannot go on (a limit); a diagnostic was reported."""


@dataclass(frozen=True, slots=True)
class FaultRecord:
    """A mistake that counts only where some architecture demands ``node`` while ``condition`` holds."""

    node: int
    condition: Guard
    make: Make
    calls: tuple[Called, ...]
    """The applications that it was met in, outermost first."""


class State:
    """Shared by the functions of this package, which take it as their first argument."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.builder = GraphBuilder()
        self.diagrams = self.builder.diagrams
        self.diagrams.steps = STEP_LIMIT
        self.faults: list[FaultRecord] = []
        self.happened: list[tuple[Diagnostic, Guard]] = []
        """What was reported of the faults, and under which condition an architecture shows it."""
        self.at_once: list[tuple[Diagnostic, Guard]] = []
        """The same of mistakes that count whether or not anything demands the place where they were met."""
        self.unsettled: list[tuple[Make, Guard, tuple[Called, ...]]] = []
        """Those of them that `where` may exclude, with the applications that they were met in."""
        self.showable = False
        """Whether there is a graph of which to take an architecture that shows them."""
        self.refused: set[str] = set()
        """What operators were told to have against their arguments."""
        self.existing: dict[int, Guard] = {}
        self.stay: dict[int, Case] = {}
        """How many elements stay at each site."""
        self.meanings: dict[int, Value] = {}
        """The values of choices among plain values, by the ids of their decisions; none where instances that decide
        alike come to different ones."""
        self.scopes: dict[int, Scopes] = {}
        """The instances and iterations that each decision is made in, outermost first."""
        self.constraints: list[DecisionConstraint] = []
        self.reported = 0
        self.work = 0
        self.touched: list[str] = []
        """Paths of the decisions met, in order, again and again: slices of it are the decision tables of instances."""
        self.tables: dict[Hashable, tuple[tuple[str, ...], str]] = {}
        self.instances: dict[Hashable, Any] = {}
        self.rules: dict[Hashable, Any] = {}
        self.externs: dict[int, Primitive] = {}
        """The primitives of `extern op`s by the ids of their declarations."""
        self.space: ast.SpaceDecl | None = None
        self.applying: list[Called] = []
        """The applications of declarations that are being elaborated, outermost first."""
        self.way: list[Span] = []
        """The steps and calls that lead to what is being elaborated, outermost first."""
        self._ways: dict[int, tuple[Span, ...]] = {}
        self._outer: dict[int, set[int]] = {}
        """The decisions that one is asked for after, somewhere."""
        self._decided: dict[Hashable, Decision] = {}
        self._by_path: dict[str, Decision] = {}
        self._tokens: dict[Hashable, int] = {}

    # -- messages

    def report(self, diagnostic: Diagnostic, calls: Sequence[Called] | None = None) -> None:
        """Adds a diagnostic; one of the same kind at the same place is not reported again, but counted.

        ``calls``: the applications that the mistake was met in, those that are being elaborated unless given.
        """
        self.reported += 1
        found = origins(diagnostic, self.applying if calls is None else calls, self.space)
        self.sink.add_once(replace(diagnostic, origins=found) if found else diagnostic)

    def shown(self, make: Make, condition: Guard, lost: bool = False) -> None:
        """Records a mistake that architectures show in which the condition holds, if `where` lets there be any.

        ``lost``: nothing is left of the value, so that it is reported in any case.
        """
        if lost:
            self._tell(make, condition, witness(condition) or {}, self.applying)
        else:
            self.unsettled.append((make, condition, tuple(self.applying)))

    def settle(self, allowed: Guard = True) -> None:
        """Reports the mistakes of :meth:`shown` that happen where ``allowed`` holds."""
        found, self.unsettled = self.unsettled, []
        for make, condition, calls in found:
            inside = condition if allowed is True else self.diagrams.both(condition, allowed)
            answers = witness(inside)
            if answers is not None:
                self._tell(make, inside, answers, calls)

    def _tell(self, make: Make, condition: Guard, answers: Mapping[int, int], calls: Sequence[Called]) -> None:
        diagnostic = make(self.witness_words(answers), answers)
        self.report(replace(diagnostic, deciders=self.deciders(answers)), calls)
        self.at_once.append((diagnostic, condition))

    @property
    def mistakes(self) -> int:
        """How many mistakes were met so far."""
        return self.reported + len(self.unsettled) + len(self.at_once)

    def recursion(self, span: Span, chain: tuple[str, ...]) -> None:
        """Reports a circle, unless the names of the text have told of one: going round meets the same one again."""
        self.reported += 1
        if not any(isinstance(d, Recursion) for d in self.sink.errors):
            self.sink.add(Recursion(span, chain))

    def spend(self, work: int, span: Span) -> None:
        """Counts work. Raises Abandoned over the limit."""
        self.work += work
        if self.work > WORK_LIMIT:
            self.report(TooLarge(span, "a space that takes so much to elaborate", f"at most {WORK_LIMIT} steps"))
            raise Abandoned

    def limit(self, count: int, limit: int, what: str, span: Span) -> None:
        """Raises Abandoned, with a diagnostic about ``what``, over a limit."""
        if count > limit:
            self.report(TooLarge(span, what, f"at most {limit}"))
            raise Abandoned

    def fault(self, node: int, condition: Guard, make: Make) -> None:
        self.faults.append(FaultRecord(node, condition, make, tuple(self.applying)))

    # -- identity

    def token(self, *key: Hashable) -> int:
        """A small number for an identity, so that nested ones stay cheap to compare."""
        return self._tokens.setdefault(key, len(self._tokens))

    def made_since(self, start: int) -> tuple[tuple[int, int], ...]:
        """The range of the ids of the decisions made since there were ``start``; none where there are none."""
        end = len(self.builder.decisions)
        return ((start, end),) if end > start else ()

    # -- nodes

    def room(self, more: int, span: Span) -> None:
        """Raises Abandoned, with a diagnostic, when there is no room for more nodes."""
        self.limit(len(self.builder.nodes) + more, NODE_LIMIT, "a graph of so many nodes", span)

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
        self.room(1, span)
        id = self.builder.node(
            kind, op, edges, type, context.scope, span, attrs, merge_asks(asks), decision, context.frozen, context.place
        )
        return Tensor(id, type, broken)

    # -- decisions

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
        self.touched.append(path)
        key = (context.token, text, path)
        if context.constant is not None:
            self.report(DecisionInLet(span, context.constant))
        found = self._decided.get(key)
        if found is not None:
            if found.options != alternatives:
                reason = f"{', '.join(found.options)} there, {', '.join(alternatives)} here"
                self.report(UnequalTables(span, path.split(".")[0], path, reason, found.span))
            return found
        self.limit(len(self._decided) + 1, DECISION_LIMIT, "a space of so many decisions", span)
        made = make(path)
        self._decided[key] = made
        first = self._by_path.setdefault(path, made)
        self._ways[made.id] = tuple(self.way)
        self.scopes[made.id] = context.scopes
        if first is not made:
            pairs = zip(self._ways[first.id], self._ways[made.id], strict=False)
            ways = next(((a, b) for a, b in pairs if a != b), None)
            self.report(EqualPaths(span, path, first.span, ways))
        return made

    def same_table(self, key: Hashable, start: int, name: str, span: Span) -> None:
        """Checks that this elaboration of something that decides alike met the same decisions as the first one."""
        table = tuple(sorted(set(self.touched[start:])))
        first, _ = self.tables.setdefault(key, (table, name))
        if first != table:
            odd = sorted(set(first) ^ set(table))[0]
            where = "only in the first instance" if odd in first else "only in this instance"
            self.report(UnequalTables(span, name, odd, where, self._by_path[odd].span))

    def valid(self, *cases: Case) -> Guard:
        """The condition that the keeps on which the cases depend have an allowed number of elements."""
        ids = {v.decision for case in cases if type(case) is Diagram for v in support(case) if v.element is not None}
        return self.diagrams.all(
            self.diagrams.both(self.builder.decisions[id].valid, self.existing.get(id, True)) for id in sorted(ids)
        )

    def only_existing(self, decision: Decision, exists: Guard) -> None:
        """What a keep keeps must be there: a constraint of the space, where the list depends on other decisions."""
        if decision.id not in self.existing:
            self.existing[decision.id] = exists
            # What the list depends on was asked for before it was kept of; what of that is not, changes nothing.
            self.constraints.append(DecisionConstraint(frozenset({decision.id}), exists, decision.span))

    # -- diagrams

    def lift(self, what: str, span: Span, function: Callable[..., Case], *cases: Case) -> Case:
        """``function`` in every case. Raises Abandoned, with a diagnostic, when there are too many cases."""
        return self.within_limits(what, span, lambda: self.diagrams.apply(function, *cases))

    def added(self, what: str, span: Span, cases: Iterable[Case]) -> Case:
        """The sum of the cases. Raises Abandoned, with a diagnostic, when there are too many."""
        return self.within_limits(what, span, lambda: added(self.diagrams, cases))

    def within_limits(self, what: str, span: Span, compute: Callable[[], T]) -> T:
        """What ``compute`` gives. Raises Abandoned, with a diagnostic about ``what``, when it takes too many cases."""
        try:
            return compute()
        except DiagramTooLarge as error:
            self.report(DiagramLimit(span, what, isinstance(error, TooManySteps)))
            raise Abandoned from None

    def shape_asks(self, type: TensorType) -> Asks:
        """What reading the shape asks for."""
        return merge_asks(ask for dim in type.dims for ask in self.case_asks(dim))

    def case_asks(self, case: Case) -> Asks:
        """The decisions that evaluating ``case`` goes through, each where it is reached."""
        if type(case) is not Diagram:
            return ()
        variables = sorted(support(case), key=lambda v: v.index)
        ordered = self._outer_first(variables)
        if ordered != variables:
            return merge_asks(self._in_order(case, ordered))
        asks = []
        for variable in variables:
            memo: dict[int, Guard] = {}

            def reach(c: Case, variable: Any = variable, memo: dict[int, Guard] = memo) -> Guard:
                if type(c) is not Diagram or c.variable.index > variable.index:
                    return False
                if c.variable is variable:
                    return True
                if c.uid not in memo:
                    memo[c.uid] = self.diagrams.case(c.variable, [reach(kid) for kid in c.children])
                return memo[c.uid]

            asks.append(Ask(variable.decision, reach(case)))
        return merge_asks(asks)

    def asked_under(self, guard: Guard, asks: Asks) -> None:
        """Remembers that some decisions are asked for after those that a condition depends on."""
        before = {v.decision for v in support(guard)}
        for ask in asks:
            self._outer.setdefault(ask.decision, set()).update(before - {ask.decision})

    def _outer_first(self, variables: Sequence[Variable]) -> list[Variable]:
        """The variables in the order of asking: as they were made, but for decisions that were made inside alternatives
        of others, and are asked for after these."""
        found: dict[Variable, None] = {}
        by_decision: dict[int, list[Variable]] = {}
        for variable in variables:
            by_decision.setdefault(variable.decision, []).append(variable)
        entered: set[int] = set()

        def enter(decision: int) -> None:
            if decision in entered:
                return
            entered.add(decision)
            for outer in sorted(self._outer.get(decision, ())):
                enter(outer)
            found.update(dict.fromkeys(by_decision.get(decision, ())))

        for decision in by_decision:
            enter(decision)
        return list(found)

    def _in_order(self, case: Case, variables: Sequence[Variable]) -> Iterator[Ask]:
        """What an evaluation asks that goes through the variables in this order: each where, after those before it, the
        value may depend on it still."""
        restrict = self.diagrams.restrict
        for place, variable in enumerate(variables):
            ways = [restrict(case, {variable.index: answer}) for answer in range(variable.arity)]
            reached: Guard = self.diagrams.negate(self.diagrams.all(self._equal(ways[0], way) for way in ways[1:]))
            for later in variables[place + 1 :]:
                reached = self.diagrams.any(restrict(reached, {later.index: a}) for a in range(later.arity))
            yield Ask(variable.decision, reached)

    def _equal(self, a: Case, b: Case) -> Guard:
        """Where two cases are the same value; where one of them is impossible, nothing is known to differ."""
        impossible = self.diagrams.either(self.diagrams.undefined(a), self.diagrams.undefined(b))
        same = self.diagrams.apply(lambda x, y: type(x) is type(y) and x == y, a, b)
        guard: Guard = self.diagrams.ite(impossible, True, same)
        return guard

    def deciders(self, answers: Mapping[int, int]) -> tuple[Label, ...]:
        """Where the decisions of a witness are made, of so many as can be taken in."""
        decisions = {self.diagrams.variables[index].decision for index in sorted(answers)}
        rows = [self.builder.decisions[id] for id in sorted(decisions)][:DECIDERS]
        words = {row.span: f"`{row.label or row.path}` is decided here" for row in reversed(rows)}
        return tuple(Label(span, text) for span, text in reversed(words.items()))

    def witness_words(self, answers: Mapping[int, int]) -> str:
        """`width = 5, kind = conv`: the answers by the names of their decisions."""
        return answers_in_words(self.builder.decisions, self.diagrams.variables, answers)


def merge_asks(asks: Iterable[Ask]) -> Asks:
    """The asks, each once, in order; one that is asked for anyway is not asked for under a condition as well."""
    found: dict[tuple[int, Guard | int], Ask] = {}
    always: set[int] = set()
    for ask in asks:
        if ask.decision in always or ask.guard is False:
            continue
        if ask.guard is True:
            always.add(ask.decision)
            found[ask.decision, True] = ask
        else:
            found.setdefault((ask.decision, ask.guard.uid if type(ask.guard) is Diagram else ask.guard), ask)
    return tuple(found.values())
