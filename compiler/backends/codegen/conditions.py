"""Conditions and numbers that depend on decisions, as expressions over the values that a path has for these."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, TypeAlias

from ...analysis.values import Value
from ...diagnostics.backends import TooEntangled
from ...diagnostics.model import SpaceError
from ...ir.decisions import Decision
from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, Variable, case_key, leaves, witness
from ...ir.graph import SpaceGraph
from ...ops.torch.expressions import (
    Comparison,
    Conditional,
    Dictionary,
    Expression,
    Literal,
    Logic,
    Negation,
    Subscript,
    expression,
)
from .kernel_table import kernel

MANY: Final = 500
"""An expression over decisions has no more tests than this: what shares parts as a diagram is written out as text. What
is longer is written as the diagram that it is, for :func:`~..kernels.deciding.decided` to walk."""

ENDLESS: Final = 2000
"""Answers of all steps of such a diagram."""

Read: TypeAlias = Callable[[Decision], Expression]
"""The value that a path has for a decision: the name of an alternative, a number, a truth value, places."""


class Written:
    """Writes cases over the decisions of a graph. ``read``: how the value of a decision is read.

    Raises SpaceError (E0823) for a case that would be too long a text even as a diagram.
    """

    def __init__(self, graph: SpaceGraph, read: Read) -> None:
        self._graph, self._read = graph, read
        self._left = MANY

    def condition(self, guard: Guard) -> Expression:
        """A guard that neither always nor never holds. Where it is IMPOSSIBLE it may be anything."""
        return self._short(guard, self._condition)

    def value(self, case: Case) -> Expression:
        """A plain value or a number that depends on decisions. Each part of the text is computed for every path, so
        that it has a value for all answers to every decision."""
        return self._short(case, self._value)

    def _short(self, case: Case, write: Callable[[Case], Expression]) -> Expression:
        self._left = MANY
        try:
            return write(case)
        except _TooLong:
            return self._walked(case)

    def _walked(self, case: Diagram) -> Expression:
        """The diagram itself, each of its parts once."""
        inner = _parts(case)
        if sum(part.variable.arity for part in inner) > ENDLESS:
            raise SpaceError([TooEntangled(self._graph.span, self._graph.name)])
        number = {part.uid: at for at, part in enumerate(inner)}
        results: dict[Hashable, tuple[int, Value]] = {}
        asked: dict[int, Decision] = {}
        steps = []
        for part in inner:
            decision = self._graph.deciding[part.variable.index]
            answers = []
            for answer, child in enumerate(part.children):
                if child is IMPOSSIBLE:
                    continue
                if type(child) is Diagram:
                    following = number[child.uid]
                else:
                    following = -1 - results.setdefault(case_key(child), (len(results), child))[0]
                value = bool(answer) if part.variable.element is not None else value_of(decision, answer)
                answers.append((value, following))
            element = None if part.variable.element is None else part.variable.element + 1
            asked.setdefault(decision.id, decision)
            steps.append((list(asked).index(decision.id), element, tuple(answers)))
        values = tuple(map(self._read, asked.values()))
        return kernel("decided", tuple(steps), tuple(value for _, value in results.values()), values)

    def _condition(self, guard: Guard) -> Expression:
        assert type(guard) is Diagram
        self._count(guard.variable)
        found: dict[Any, tuple[Case, list[int]]] = {}
        possible = []
        for answer, child in enumerate(guard.children):
            if child is IMPOSSIBLE:
                continue
            possible.append(answer)
            if child is not False:
                found.setdefault(case_key(child), (child, []))[1].append(answer)
        terms = []
        groups = list(found.values())
        if sum(child is True for child, _ in groups) == 1 and sum(len(a) for _, a in groups) == len(possible):
            groups.sort(key=lambda group: group[0] is not True)
            if len(groups) == 2:  # a or (not a and b) is a or b
                groups[1] = (groups[1][0], possible)
        for child, answers in groups:
            test = self._test(guard.variable, answers, possible)
            inner = None if child is True else self._condition(child)
            factors = [factor for factor in (test, inner) if factor is not None]
            terms.append(_joined("and", factors))
        return _joined("or", terms)

    def _test(self, variable: Variable, answers: list[int], possible: list[int]) -> Expression | None:
        """That a decision has one of these answers; None where it can have no other."""
        if len(answers) == len(possible):
            return None
        decision = self._graph.deciding[variable.index]
        value = self._read(decision)
        if variable.element is not None:
            return Comparison(Literal(variable.element + 1), "in" if answers == [1] else "not in", value)
        if decision.kind == "gate":
            return value if answers == [1] else Negation(value)
        values = [value_of(decision, answer) for answer in answers]
        others = [value_of(decision, answer) for answer in possible if answer not in answers]
        if len(values) == 1:
            return Comparison(value, "==", Literal(values[0]))
        if len(others) == 1:
            return Comparison(value, "!=", Literal(others[0]))
        if decision.kind == "count":
            if answers == possible[-len(answers) :]:
                return Comparison(value, ">=", Literal(values[0]))
            if answers == possible[: len(answers)]:
                return Comparison(value, "<=", Literal(values[-1]))
        return Comparison(value, "in", expression(tuple(values)))

    def _value(self, case: Case) -> Expression:
        if type(case) is not Diagram:
            return expression(case)
        self._count(case.variable)
        some = leaves(case)[0]
        children = [some if child is IMPOSSIBLE else child for child in case.children]
        decision = self._graph.deciding[case.variable.index]
        if case.variable.element is not None or decision.kind == "gate":
            test = self._test(case.variable, [1], [0, 1])
            assert test is not None
            return Conditional(self._value(children[1]), test, self._value(children[0]))
        items = [(Literal(value_of(decision, i)), self._value(child)) for i, child in enumerate(children)]
        return Subscript(Dictionary(tuple(items)), (self._read(decision),))

    def _count(self, variable: Variable) -> None:
        self._left -= variable.arity
        if self._left < 0:
            raise _TooLong


class _TooLong(Exception):
    """A text would have more than MANY tests."""


def _parts(case: Diagram) -> list[Diagram]:
    """All inner nodes, each once; the first is ``case``."""
    found = {case.uid: case}
    left = [case]
    while left:
        for child in left.pop().children:
            if type(child) is Diagram and child.uid not in found:
                found[child.uid] = child
                left.append(child)
    return list(found.values())


def value_of(decision: Decision, answer: int) -> Any:
    """The value behind an answer to a choose, a count or a gate."""
    if decision.kind == "choose":
        return decision.options[answer]
    return bool(answer) if decision.kind == "gate" else int(decision.values[answer])


def first_value(decision: Decision) -> Value:
    """What a path has for a decision that it does not ask for; it makes no difference."""
    if decision.kind == "keep":  # one that is allowed: conditions hold for what keeps allow
        answers = witness(decision.valid) or {}
        return tuple(i for i, v in enumerate(decision.variables, 1) if answers.get(v.index))
    found: Value = value_of(decision, 0)
    return found


def _joined(symbol: Any, operands: list[Expression]) -> Expression:
    return operands[0] if len(operands) == 1 else Logic(symbol, tuple(operands))
