"""Which decisions are asked for, and where: what evaluating a value goes through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ....ir.diagram import Case, Diagram, Diagrams, Guard, Variable, support
from ....ir.graph import Ask, TensorType
from ..values import Asks


class Asking:
    """Asks are in the order of asking: outer decisions before those inside their alternatives."""

    def __init__(self, diagrams: Diagrams) -> None:
        self._diagrams = diagrams
        self._outer: dict[int, set[int]] = {}
        """The decisions that one is asked for after, somewhere."""

    def of_shape(self, type: TensorType) -> Asks:
        """What reading the shape asks for."""
        return merge_asks(ask for dim in type.dims for ask in self.of_case(dim))

    def of_case(self, case: Case) -> Asks:
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
                    memo[c.uid] = self._diagrams.case(c.variable, [reach(kid) for kid in c.children])
                return memo[c.uid]

            asks.append(Ask(variable.decision, reach(case)))
        return merge_asks(asks)

    def note_order(self, guard: Guard, asks: Asks) -> None:
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
        restrict = self._diagrams.restrict
        for place, variable in enumerate(variables):
            ways = [restrict(case, {variable.index: answer}) for answer in range(variable.arity)]
            reached: Guard = self._diagrams.negate(self._diagrams.all(self._equal(ways[0], way) for way in ways[1:]))
            for later in variables[place + 1 :]:
                reached = self._diagrams.any(restrict(reached, {later.index: a}) for a in range(later.arity))
            yield Ask(variable.decision, reached)

    def _equal(self, a: Case, b: Case) -> Guard:
        """Where two cases are the same value; where one of them is impossible, nothing is known to differ."""
        impossible = self._diagrams.either(self._diagrams.undefined(a), self._diagrams.undefined(b))
        same = self._diagrams.apply(lambda x, y: type(x) is type(y) and x == y, a, b)
        guard: Guard = self._diagrams.ite(impossible, True, same)
        return guard


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
