"""Least values of sums of diagrams: bucket elimination (R. Dechter, "Bucket elimination", 1999).

Variables are eliminated one after the other: what hangs on the variable is added up, and its least value over the
variable's answers goes on as a *message* about the others. Where a sum would grow too large it is split, which gives
a lower bound (mini-buckets, Dechter and Rish, 2003).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..ir.diagram import IMPOSSIBLE, Case, Diagram, Diagrams, DiagramTooLarge, evaluate, inner_nodes, support
from .arithmetic import Arithmetic

SIZE_LIMIT = 20_000
"""A bucket whose sum may have more inner nodes than this is split."""

INFINITE = math.inf
"""What is not allowed costs this much."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was added up for a variable (in parts, if it was split), and the messages that went on from the parts."""

    variable: int
    arity: int
    parts: tuple[Case, ...]
    messages: tuple[Case, ...]

    def step(self, answers: Mapping[int, int]) -> float:
        """How much the bound rises when this variable is answered after those eliminated later. An infinity stays
        one."""
        here = float(sum(evaluate(part, answers) for part in self.parts))
        return INFINITE if here == INFINITE else here - float(sum(evaluate(m, answers) for m in self.messages))


@dataclass(frozen=True, slots=True)
class Elimination:
    """``least``: the least value of the sum, a lower bound unless ``exact``. ``buckets`` in the order of
    elimination."""

    least: float
    exact: bool
    buckets: tuple[Bucket, ...]

    def witness(self) -> dict[int, int] | None:
        """Answers to the variables with the least value; None where there are none, or where the search was not
        exact."""
        if not self.exact or self.least == INFINITE:
            return None
        answers: dict[int, int] = {}
        for bucket in reversed(self.buckets):

            def value(answer: int, bucket: Bucket = bucket) -> float:
                return float(sum(evaluate(part, {**answers, bucket.variable: answer}) for part in bucket.parts))

            answers[bucket.variable] = min(range(bucket.arity), key=value)
        return answers


def ordering(diagrams: Diagrams, functions: Iterable[Case], first: frozenset[int] = frozenset()) -> list[int]:
    """An order in which to eliminate the variables of ``functions``: always one that has to do with few others.

    The variables of ``first`` come before the others.
    """
    neighbours: dict[int, int] = {}
    for function in functions:
        mask = sum(1 << v.index for v in support(function))
        for v in support(function):
            neighbours[v.index] = neighbours.get(v.index, 0) | mask
    order = []
    left = set(neighbours)
    weight = {v: math.log2(max(2, diagrams.variables[v].arity)) for v in neighbours}
    size = {v: sum(weight[u] for u in _bits(neighbours[v])) for v in neighbours}
    while left:
        best = min(left, key=lambda v: (v not in first, size[v], -v))
        left.discard(best)
        order.append(best)
        others = neighbours[best] & ~(1 << best)
        for u in _bits(others):
            neighbours[u] = (neighbours[u] | others) & ~(1 << best)
            size[u] = sum(weight[w] for w in _bits(neighbours[u]))
    return order


def eliminate(
    diagrams: Diagrams, functions: Iterable[Case], order: Sequence[int], limit: int = SIZE_LIMIT
) -> Elimination:
    """The least value of the sum of ``functions`` (numbers, or diagrams of numbers that hang on the variables of
    ``order``).

    IMPOSSIBLE counts as infinite.
    """
    return _Eliminator(diagrams, limit).run(functions, order)


class _Eliminator:
    def __init__(self, diagrams: Diagrams, limit: int) -> None:
        self.diagrams, self.limit = diagrams, limit
        self.arithmetic = Arithmetic(diagrams, 4 * limit)
        self.exact = True
        self._sizes: dict[int, int] = {}

    def run(self, functions: Iterable[Case], order: Sequence[int]) -> Elimination:
        place = {v: i for i, v in enumerate(order)}
        least: float = 0
        waiting: list[list[Diagram]] = [[] for _ in order]

        def put(function: Case) -> None:
            nonlocal least
            if isinstance(function, Diagram):
                waiting[min(place[v.index] for v in support(function))].append(function)
            else:
                least += function

        for function in functions:
            put(self._finite(function))
        buckets = []
        for i, index in enumerate(order):
            variable = self.diagrams.variables[index]
            parts = self._parts(waiting[i])
            messages = []
            for part in parts:
                cases = [self.diagrams.restrict(part, {index: answer}) for answer in range(variable.arity)]
                message = self.diagrams.apply(min, *cases)
                messages.append(message)
                put(message)
            buckets.append(Bucket(index, variable.arity, tuple(parts), tuple(messages)))
        return Elimination(least, self.exact, tuple(buckets))

    def _parts(self, functions: list[Diagram]) -> list[Case]:
        """The functions of a bucket, added up as far as the limit allows: rather those together that share
        variables."""
        parts: list[Case] = []
        for function in sorted(functions, key=lambda f: (-self._size(f), f.uid)):
            for i, part in enumerate(parts):
                if self._joint(part, function) <= self.limit:
                    try:
                        parts[i] = self.arithmetic.plus(part, function)
                        break
                    except DiagramTooLarge:
                        continue
            else:
                self.exact = self.exact and not parts
                parts.append(function)
        return parts

    def _joint(self, a: Case, b: Case) -> float:
        """At most how many inner nodes the sum of two diagrams has."""
        if not (isinstance(a, Diagram) and isinstance(b, Diagram)):
            return 0
        ones, others = support(a), support(b)
        cases = math.prod(v.arity for v in ones | others)
        return min(cases, (self._size(a) + 1) * (self._size(b) + 1))

    def _size(self, case: Diagram) -> int:
        if case.uid not in self._sizes:
            self._sizes[case.uid] = sum(1 for _ in inner_nodes(case))
        return self._sizes[case.uid]

    def _finite(self, case: Case) -> Case:
        """``case`` with INFINITE for IMPOSSIBLE, which every operation would pass on."""
        memo: dict[int, Case] = {}

        def walk(c: Case) -> Case:
            if c is IMPOSSIBLE:
                return INFINITE
            if not isinstance(c, Diagram):
                return c
            if c.uid not in memo:
                memo[c.uid] = self.diagrams.case(c.variable, [walk(kid) for kid in c.children])
            return memo[c.uid]

        return walk(case)


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
