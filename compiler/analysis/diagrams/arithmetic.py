"""Sums and products of diagrams with numbers as leaves.

The same as ``Diagrams.apply`` of ``+`` and ``*``, but 0 ends a walk at once (most cases of a cost are 0), and results
are remembered from one call to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from fractions import Fraction
from typing import TypeVar

from ...ir.diagram import IMPOSSIBLE, NODE_LIMIT, Case, Diagram, Diagrams, DiagramTooLarge

N = TypeVar("N", int, float)
Memo = dict[Hashable, Case]


def plus(a: float, b: float) -> float:
    """The sum; a whole number that is too great for a float takes one up as a whole number."""
    try:
        return a + b
    except OverflowError:
        whole, other = (a, b) if isinstance(a, int) else (b, a)
        return other if math.isinf(other) else whole + round(other)


def times(a: float, b: float) -> float:
    """The product, in the same way."""
    try:
        return a * b
    except OverflowError:
        whole, other = (a, b) if isinstance(a, int) else (b, a)
        if math.isinf(other):
            return other if whole > 0 else -other
        return round(whole * Fraction(other))


def total(numbers: Iterable[float]) -> float:
    """The sum of several."""
    found: float = 0
    for number in numbers:
        found = plus(found, number)
    return found


class Arithmetic:
    """Computes with the diagrams of one manager. Leaves are ints or floats; IMPOSSIBLE stays what it is.

    An operation that meets more than ``limit`` pairs of nodes, or any after ``total`` pairs in all, raises
    DiagramTooLarge.
    """

    def __init__(self, diagrams: Diagrams, limit: int = NODE_LIMIT, total: int = 10 * NODE_LIMIT) -> None:
        self.diagrams, self.limit, self.total = diagrams, limit, total
        self._sums: Memo = {}
        self._products: Memo = {}
        self._numbers: dict[int, Case] = {}

    def plus(self, a: Case, b: Case) -> Case:
        """The sum. Raises DiagramTooLarge."""
        short = _plus(a, b)
        if short is not None:
            return short
        memo = self._sums
        return self._walk(a, b, memo, min(len(memo) + self.limit, self.total), _plus)

    def times(self, a: Case, b: Case) -> Case:
        """The product; 0 times IMPOSSIBLE is 0. Raises DiagramTooLarge."""
        short = _times(a, b)
        if short is not None:
            return short
        memo = self._products
        return self._walk(a, b, memo, min(len(memo) + self.limit, self.total), _times)

    def number(self, condition: Case) -> Case:
        """1 where the condition holds and 0 elsewhere."""
        if type(condition) is not Diagram:
            return condition if condition is IMPOSSIBLE else int(condition)
        found = self._numbers.get(condition.uid)
        if found is None:
            found = self.diagrams.case(condition.variable, [self.number(kid) for kid in condition.children])
            self._numbers[condition.uid] = found
        return found

    def _walk(self, a: Case, b: Case, memo: Memo, limit: int, leaf: Callable[[Case, Case], Case]) -> Case:
        """The result where ``leaf`` knows none, so that one of the two is a diagram."""
        # Most pairs of children are known at once, and those are not walked to: a call each would be half of the time.
        inner_a, inner_b = type(a) is Diagram, type(b) is Diagram
        key: Hashable = (a.uid, b.uid) if inner_a and inner_b else (a.uid, None, b) if inner_a else (None, b.uid, a)
        found = memo.get(key)
        if found is not None:
            return found
        if len(memo) >= limit:
            raise DiagramTooLarge
        kids: list[Case] = []
        if not inner_b or (inner_a and a.variable.index < b.variable.index):
            variable = a.variable
            for kid in a.children:
                made = leaf(kid, b)
                kids.append(self._walk(kid, b, memo, limit, leaf) if made is None else made)
        elif not inner_a or b.variable.index < a.variable.index:
            variable = b.variable
            for kid in b.children:
                made = leaf(a, kid)
                kids.append(self._walk(a, kid, memo, limit, leaf) if made is None else made)
        else:
            variable = a.variable
            for x, y in zip(a.children, b.children, strict=True):
                made = leaf(x, y)
                kids.append(self._walk(x, y, memo, limit, leaf) if made is None else made)
        result = memo[key] = self.diagrams.case(variable, kids)
        return result


def _plus(a: Case, b: Case) -> Case | None:
    """The sum where it is one of the two, or both are numbers."""
    if type(a) is Diagram:
        if type(b) is Diagram:
            return None
        return b if b is IMPOSSIBLE else a if b == 0 else None
    if a is IMPOSSIBLE or b is IMPOSSIBLE:
        return IMPOSSIBLE
    if type(b) is Diagram:
        return b if a == 0 else None
    try:
        return a + b
    except OverflowError:
        return plus(a, b)


def _times(a: Case, b: Case) -> Case | None:
    """The product where it is 0, or both are numbers."""
    if type(a) is Diagram:
        if type(b) is Diagram:
            return None
        return b if b is IMPOSSIBLE else 0 if b == 0 else None
    if type(b) is Diagram:
        return a if a is IMPOSSIBLE else 0 if a == 0 else None
    if a is not IMPOSSIBLE and a == 0:
        return 0
    if b is not IMPOSSIBLE and b == 0:
        return 0
    if a is IMPOSSIBLE or b is IMPOSSIBLE:
        return IMPOSSIBLE
    try:
        return a * b
    except OverflowError:
        return times(a, b)
