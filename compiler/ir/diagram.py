"""Decision diagrams: values that depend on decisions, hash-consed, so that equal cases are one object.

A value that does not depend on any decision is a plain Python value (int, float, bool, str, tuple, None, …); one that
does
is a :class:`Diagram`, an ordered multi-valued, multi-terminal decision diagram whose leaves are plain values. All
operations
take and return either (``Case``), and collapse to a plain value when all cases agree, so that equality is identity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from operator import not_
from typing import Any, TypeAlias

from ..record import record

NODE_LIMIT = 100_000
"""A manager refuses to build a diagram of more nodes than this in one operation."""


STEP_LIMIT = 300_000
"""While a space is elaborated, all operations together take at most so many steps: about two seconds. The library's
largest space takes 15 000."""
NARROW = 8
"""A node of so many children is one step; a wider one counts as several."""


_ANSWERED: Any = None
"""In the place of a function that calls itself, when it has answered."""


class DiagramTooLarge(Exception):
    """An operation would have built more than :data:`NODE_LIMIT` nodes."""


class TooManySteps(DiagramTooLarge):
    """All operations of a manager together would have taken more steps than :attr:`Diagrams.steps` allows."""


@record
class Variable:
    """One question with ``arity`` answers 0, 1, …: a whole decision, or (``element``) one element of a `keep`,
    counted from 0.

    Variables are ordered by ``index``, the order of creation.
    """

    index: int
    decision: int
    arity: int
    element: int | None = None


class _Impossible:
    """The leaf of assignments that cannot happen (a `keep` with too many elements). Strict in every operation."""

    def __repr__(self) -> str:
        return "IMPOSSIBLE"


IMPOSSIBLE = _Impossible()


class Diagram:
    """An inner node; made by :class:`Diagrams` alone. Two diagrams of one manager are equal if and only if they are
    identical."""

    __slots__ = ("children", "depends_on", "uid", "variable")

    def __init__(self, variable: Variable, children: tuple[Case, ...], uid: int) -> None:
        self.variable = variable
        self.children = children
        self.uid = uid
        self.depends_on: frozenset[Variable] | None = None
        """Its :func:`support`, once that has been asked for."""

    def __repr__(self) -> str:
        return f"Diagram(#{self.uid} v{self.variable.index}: {', '.join(map(repr, self.children))})"


Case: TypeAlias = Any
"""A plain hashable value, or a :class:`Diagram`."""

Guard: TypeAlias = "bool | Diagram"
"""A condition over decisions: True, False or a diagram with bool leaves."""


def case_key(case: Case) -> Hashable:
    """The same for cases of one manager that are the same value in every case."""
    return case.uid if type(case) is Diagram else typed(case)


def typed(value: Any) -> Hashable:
    """A key of a plain value: 1, 1.0 and True are equal and hash alike in Python, but are different values here, and so
    are tuples of them."""
    kind = type(value)
    if kind is not tuple:
        return (kind, value)
    kinds = tuple(map(type, value))
    return tuple([typed(item) for item in value]) if tuple in kinds else (kinds, value)


def case_keys(cases: tuple[Case, ...]) -> Hashable:
    """What :func:`case_key` says of each of several, quicker."""
    kinds = tuple(map(type, cases))
    if tuple in kinds:
        return tuple([typed(case) if type(case) is tuple else case for case in cases]), kinds
    return cases, kinds


def same_case(a: Case, b: Case) -> bool:
    """Whether two cases of one manager are the same value in every case."""
    return a is b or (type(a) is type(b) and case_key(a) == case_key(b))


class Diagrams:
    """The manager of the diagrams of one space: makes variables and nodes, and computes with them.

    Functions that call themselves here let go of themselves when they have answered: each would hold its memo until
    garbage is looked for, which in an elaboration is never.
    """

    def __init__(self) -> None:
        self._unique: dict[Hashable, Diagram] = {}
        self._tests: dict[tuple[int, int], Guard] = {}
        self.variables: list[Variable] = []
        self.steps: float = math.inf
        """How many steps (cases that an operation looks at) are left."""

    # -- construction

    def variable(self, decision: int, arity: int, element: int | None = None) -> Variable:
        variable = Variable(len(self.variables), decision, arity, element)
        self.variables.append(variable)
        return variable

    def case(self, variable: Variable, children: Iterable[Case]) -> Case:
        """The value that is ``children[answer]``. Children must only depend on variables after ``variable``."""
        kids = tuple(children)
        if len(kids) > NARROW:
            self.steps -= len(kids) // NARROW
        kinds = tuple(map(type, kids))
        # `case_keys`, mostly without a call: half of an elaboration's time goes through here.
        key = (variable.index, kids, kinds) if tuple not in kinds else (variable.index, case_keys(kids))
        found = self._unique.get(key)
        if found is not None:
            return found
        # Most cases differ between the first answer and the last, which is told without a call.
        first, last = (kids[0], kids[-1]) if kids else (IMPOSSIBLE, IMPOSSIBLE)
        alike = first is last or (type(first) is type(last) is not Diagram and first == last)
        if alike or first is IMPOSSIBLE or last is IMPOSSIBLE:
            only: Case = IMPOSSIBLE
            for kid in kids:
                if kid is not only and kid is not IMPOSSIBLE:
                    if only is not IMPOSSIBLE and not same_case(kid, only):
                        break
                    only = kid
            else:
                return only
        made = self._unique[key] = Diagram(variable, kids, len(self._unique))
        return made

    def test(self, variable: Variable, answer: int) -> Guard:
        """The condition ``variable == answer``."""
        guard = self._tests.get((variable.index, answer))
        if guard is None:
            guard = self._tests[variable.index, answer] = self.case(
                variable, [i == answer for i in range(variable.arity)]
            )
        return guard

    def select(self, variable: Variable, cases: Iterable[Case]) -> Case:
        """Like :meth:`case`, for cases that may depend on any variables."""
        cases = tuple(cases)
        if 1 < variable.arity <= NARROW and Diagram not in map(type, cases) and IMPOSSIBLE not in cases:
            if self.steps < 0:
                raise self.too_large()
            self.steps -= 1
            return self.case(variable, cases)
        return self.apply(lambda answer, *values: values[answer], self.case(variable, range(variable.arity)), *cases)

    # -- computation

    def apply(self, function: Callable[..., Case], *arguments: Case) -> Case:
        """``function`` of the plain values of the arguments, in every case; strict in IMPOSSIBLE.

        ``function`` must be pure and must return a plain hashable value. Raises DiagramTooLarge.
        """
        places = [place for place, a in enumerate(arguments) if type(a) is Diagram]
        if IMPOSSIBLE in arguments:
            return IMPOSSIBLE
        if not places:
            return function(*arguments)
        if len(places) == 1:
            return self._apply_to_one(function, list(arguments), places[0])
        plain = list(arguments)
        memo: dict[Hashable, Case] = {}

        def walk(args: tuple[Case, ...]) -> Case:
            """Of arguments that are all possible, one of them a diagram at least."""
            key = case_keys(args)
            if key in memo:
                return memo[key]
            if len(memo) > limit or self.steps < 0:
                raise self.too_large()
            top: Variable | None = None
            for a in args:
                if type(a) is Diagram and (top is None or a.variable.index < top.index):
                    top = a.variable
            assert top is not None
            rows = [a.children if type(a) is Diagram and a.variable is top else (a,) * top.arity for a in args]
            kids: list[Case] = []
            for row in zip(*rows, strict=True):
                if IMPOSSIBLE in row:
                    kids.append(IMPOSSIBLE)
                elif Diagram in map(type, row):
                    kids.append(walk(row))
                else:
                    for place, a in zip(places, row, strict=True):
                        plain[place] = a
                    kids.append(function(*plain))
            result = memo[key] = self.case(top, kids)
            return result

        limit = self.limit
        try:
            return walk(tuple([arguments[place] for place in places]))
        finally:
            self.steps -= len(memo)
            walk = _ANSWERED

    def _apply_to_one(self, function: Callable[..., Case], arguments: list[Case], place: int) -> Case:
        """:meth:`apply` where one argument is a diagram."""
        memo: dict[int, Case] = {}

        def walk(case: Diagram) -> Case:
            if len(memo) > limit or self.steps < 0:
                raise self.too_large()
            kids: list[Case] = []
            for kid in case.children:
                if type(kid) is Diagram:
                    kids.append(memo[kid.uid] if kid.uid in memo else walk(kid))
                elif kid is IMPOSSIBLE:
                    kids.append(kid)
                else:
                    arguments[place] = kid
                    kids.append(function(*arguments))
            made = memo[case.uid] = self.case(case.variable, kids)
            return made

        limit = self.limit
        try:
            return walk(arguments[place])
        finally:
            self.steps -= len(memo)
            walk = _ANSWERED

    def ite(self, condition: Guard, then: Case, otherwise: Case) -> Case:
        """``then`` where the condition holds, else ``otherwise``; the branch not taken may be IMPOSSIBLE."""
        if condition is True:
            return then
        if condition is False:
            return otherwise
        if not (type(then) is Diagram or type(otherwise) is Diagram) and case_key(then) == case_key(otherwise):
            return then
        if otherwise is False:
            return self._passed(condition, True, then)
        if then is True:
            return self._passed(condition, False, otherwise)
        if then is False and otherwise is True:
            return self.apply(not_, condition)
        memo: dict[Hashable, Case] = {}

        def walk(c: Case, t: Case, o: Case) -> Case:
            if type(c) is not Diagram:
                return t if c is True else o if c is False else c
            key = case_keys((c, t, o))
            if key in memo:
                return memo[key]
            if len(memo) > limit or self.steps < 0:
                raise self.too_large()
            top = c.variable
            for a in (t, o):
                if type(a) is Diagram and a.variable.index < top.index:
                    top = a.variable
            rows = [a.children if type(a) is Diagram and a.variable is top else (a,) * top.arity for a in (c, t, o)]
            result = memo[key] = self.case(top, [walk(*kids) for kids in zip(*rows, strict=True)])
            return result

        limit = self.limit
        try:
            return walk(condition, then, otherwise)
        finally:
            self.steps -= len(memo)
            walk = _ANSWERED

    def _passed(self, condition: Guard, passing: bool, other: Case) -> Case:
        """``other`` where the condition is ``passing``, else what it is itself: what most conditions of a space are
        made with."""
        memo: dict[Hashable, Case] = {}
        ended = not passing

        def walk(c: Case, t: Case) -> Case:
            if type(c) is not Diagram:
                return t if c is passing else c
            # Both values are among a diagram's, and impossible cases leave no trace where all others agree.
            if t is ended:
                return ended
            if t is passing:
                return c
            open_ = type(t) is Diagram
            key = (c.uid, t.uid if open_ else typed(t))
            if key in memo:
                return memo[key]
            if len(memo) > limit or self.steps < 0:
                raise self.too_large()
            top = c.variable
            if not open_ or top.index < t.variable.index:
                kids = [walk(kid, t) for kid in c.children]
            elif t.variable is top:
                kids = [walk(kid, below) for kid, below in zip(c.children, t.children, strict=True)]
            else:
                top = t.variable
                kids = [walk(c, below) for below in t.children]
            result = memo[key] = self.case(top, kids)
            return result

        limit = self.limit
        try:
            return walk(condition, other)
        finally:
            self.steps -= len(memo)
            walk = _ANSWERED

    @property
    def limit(self) -> float:
        """How many steps an operation may take."""
        return min(NODE_LIMIT, self.steps)

    @contextmanager
    def counted(self, memo: Sized) -> Iterator[float]:
        """How many steps an operation may take; what ``memo`` holds in the end were its steps."""
        try:
            yield self.limit
        finally:
            self.steps -= len(memo)

    def too_large(self) -> DiagramTooLarge:
        """What an operation raises that takes more steps than :meth:`counted` gave it."""
        return DiagramTooLarge() if self.steps > NODE_LIMIT else TooManySteps()

    def both(self, a: Guard, b: Guard) -> Guard:
        guard: Guard = self.ite(a, b, False)
        return guard

    def either(self, a: Guard, b: Guard) -> Guard:
        guard: Guard = self.ite(a, True, b)
        return guard

    def negate(self, a: Guard) -> Guard:
        guard: Guard = self.ite(a, False, True)
        return guard

    def all(self, guards: Iterable[Guard]) -> Guard:
        """The conjunction."""
        result: Guard = True
        for guard in _from_below(guards):
            result = self.both(guard, result)
        return result

    def any(self, guards: Iterable[Guard]) -> Guard:
        """The disjunction."""
        result: Guard = False
        for guard in _from_below(guards):
            result = self.either(guard, result)
        return result

    def kept_between(self, variables: Iterable[Variable], low: int, high: int) -> Guard:
        """The condition that at least ``low`` and at most ``high`` of the (two-valued) variables are 1."""
        items = sorted(variables, key=lambda v: v.index)
        memo: dict[tuple[int, int], Guard] = {}

        def walk(i: int, count: int) -> Guard:
            if count > high or count + len(items) - i < low:
                return False
            if i == len(items):
                return True
            if (i, count) not in memo:
                if len(memo) > limit or self.steps < 0:
                    raise self.too_large()
                memo[i, count] = self.case(items[i], (walk(i + 1, count), walk(i + 1, count + 1)))
            return memo[i, count]

        limit = self.limit
        try:
            return walk(0, 0)
        finally:
            self.steps -= len(memo)
            walk = _ANSWERED

    def constrain(self, case: Case, valid: Guard) -> Case:
        """``case`` with the assignments outside ``valid`` made IMPOSSIBLE, which lets equal cases collapse."""
        return self.ite(valid, case, IMPOSSIBLE) if type(case) is Diagram else case

    def undefined(self, case: Case) -> Guard:
        """The condition under which ``case`` is IMPOSSIBLE."""
        memo: dict[int, Guard] = {}

        def walk(c: Case) -> Guard:
            if type(c) is not Diagram:
                return c is IMPOSSIBLE
            if c.uid not in memo:
                memo[c.uid] = self.case(c.variable, [walk(kid) for kid in c.children])
            return memo[c.uid]

        try:
            return walk(case)
        finally:
            walk = _ANSWERED

    def restrict(self, case: Case, answers: Mapping[int, int]) -> Case:
        """``case`` when the variables with these indices have these answers. It is no larger than ``case``, and may be
        of any size. Raises TooManySteps."""
        if type(case) is not Diagram or not answers:
            return case
        memo: dict[int, Case] = {}
        last = max(answers)

        def walk(c: Case) -> Case:
            if type(c) is not Diagram or c.variable.index > last:
                return c
            if c.uid not in memo:
                if len(memo) > limit:
                    raise TooManySteps
                answer = answers.get(c.variable.index)
                memo[c.uid] = (
                    walk(c.children[answer])
                    if answer is not None
                    else self.case(c.variable, [walk(kid) for kid in c.children])
                )
            return memo[c.uid]

        limit = self.steps
        try:
            return walk(case)
        finally:
            self.steps -= len(memo)
            walk = _ANSWERED


def _from_below(guards: Iterable[Guard]) -> list[Guard]:
    """The guards in an order in which joining them takes a step each where they depend on different variables: the
    topmost variable last."""
    return sorted(guards, key=lambda g: g.variable.index if type(g) is Diagram else -1, reverse=True)


def evaluate(case: Case, answers: Mapping[int, int]) -> Case:
    """The plain value of ``case``; ``answers`` maps the indices of variables to their answers.

    A variable without an answer is passed over where nothing depends on it: `n > 1 and m > 1` is false when n is 1, and
    m was not asked for, though its variable may come first. Raises KeyError where the value depends on one.
    """
    while type(case) is Diagram:
        answer = answers.get(case.variable.index)
        if answer is None:
            return _agreed(case, answers, {})
        case = case.children[answer]
    return case


def _agreed(case: Case, answers: Mapping[int, int], memo: dict[int, Case]) -> Case:
    """The value on which all answers to the variables without one agree."""
    if type(case) is not Diagram:
        return case
    if case.uid in memo:
        return memo[case.uid]
    answer = answers.get(case.variable.index)
    kids = case.children if answer is None else (case.children[answer],)
    values = [v for kid in kids if (v := _agreed(kid, answers, memo)) is not IMPOSSIBLE]
    if any(case_key(v) != case_key(values[0]) for v in values):
        raise KeyError(case.variable.index)
    memo[case.uid] = values[0] if values else IMPOSSIBLE
    return memo[case.uid]


def inner_nodes(case: Case) -> Iterator[Diagram]:
    """All inner nodes of a diagram, each once, parents before children."""
    if type(case) is not Diagram:
        return
    seen = {case.uid}
    stack = [case]
    while stack:
        node = stack.pop()
        yield node
        for kid in node.children:
            if type(kid) is Diagram and kid.uid not in seen:
                seen.add(kid.uid)
                stack.append(kid)


def size(case: Case) -> int:
    """How many inner nodes a diagram has."""
    if type(case) is not Diagram:
        return 0
    seen = {case.uid}
    stack = [case]
    while stack:
        for kid in stack.pop().children:
            if type(kid) is Diagram and kid.uid not in seen:
                seen.add(kid.uid)
                stack.append(kid)
    return len(seen)


def support(case: Case) -> frozenset[Variable]:
    """The variables that ``case`` depends on; a diagram remembers them."""
    if type(case) is not Diagram:
        return frozenset()
    if case.depends_on is None:
        case.depends_on = frozenset([node.variable for node in inner_nodes(case)])
    return case.depends_on


def leaves(case: Case) -> tuple[Case, ...]:
    """The different plain values that ``case`` can have (without IMPOSSIBLE), in a stable order."""
    if type(case) is not Diagram:
        return () if case is IMPOSSIBLE else (case,)
    found: dict[Hashable, Case] = {}
    for node in inner_nodes(case):
        for kid in node.children:
            kind = type(kid)
            if kind is not Diagram and kid is not IMPOSSIBLE:
                found.setdefault(typed(kid) if kind is tuple else (kind, kid), kid)
    return tuple(found.values())


def witness(guard: Guard) -> dict[int, int] | None:
    """Answers (variable index → answer) under which ``guard`` holds: the first such path, or None if there is none."""
    if guard is True:
        return {}
    if type(guard) is not Diagram:
        return None
    # The first path to True, by answers in order; from what is in `dead` none leads there.
    dead: set[int] = set()
    path: list[tuple[Diagram, int]] = [(guard, 0)]
    while path:
        node, answer = path.pop()
        if answer == len(node.children):
            dead.add(node.uid)
            continue
        path.append((node, answer + 1))
        kid = node.children[answer]
        if kid is True:
            return {above.variable.index: following - 1 for above, following in path}
        if type(kid) is Diagram and kid.uid not in dead:
            path.append((kid, 0))
    return None
