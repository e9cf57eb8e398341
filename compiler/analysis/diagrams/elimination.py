"""Least values of sums of diagrams: bucket elimination (R. Dechter, "Bucket elimination", 1999).

Variables are eliminated one after the other: what depends on the variable is added up, and its least value over the
variable's answers goes on as a *message* about the others. Where a sum would grow too large it is split, which gives
a lower bound (mini-buckets, Dechter and Rish, 2003).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from ...ir.diagram import (
    IMPOSSIBLE,
    Case,
    Diagram,
    Diagrams,
    DiagramTooLarge,
    Variable,
    evaluate,
    leaves,
    size,
    support,
)
from ...record import record
from .arithmetic import Arithmetic, plus, times, total
from .grids import Grid, Grids
from .products import Product, scaled, span_of, value_of

SIZE_LIMIT = 4_000
"""A bucket whose sum may have more inner nodes than this is split."""

WORK_LIMIT = 300_000
"""After this many steps in all, no bucket is added up any more."""

WEIGHT = 1 << 20
"""Parts of a bit that numbers of answers are told apart by."""

STEPS = 200_000
"""For messages so many inner nodes are looked at, once for each answer, or values of grids: about a second. Of what
would be more the least value of all is taken. EvaNet takes ten thousand."""

INFINITE = math.inf
"""What is not allowed costs this much."""


Function: TypeAlias = "Case | Product"
"""A number, a diagram of numbers, or a product of them. Only a product of one factor may be infinite or IMPOSSIBLE
where no other factor is 0."""


@record
class Part:
    """``common * inner``, where no factor of ``common`` depends on the bucket's variable or is below 0; the least value
    over the variable's answers is ``common * message``."""

    common: Product
    inner: Case | Grid
    message: Case

    def step(self, answers: Mapping[int, int]) -> float:
        """How far an answer to the bucket's variable is from the best one."""
        factor = value_of(self.common, answers)
        here = factor and times(factor, self._inner(answers))
        if here == INFINITE:
            return here
        return plus(here, -(factor and times(factor, evaluate(self.message, answers))))

    def _inner(self, answers: Mapping[int, int]) -> float:
        found: float = self.inner.at(answers) if isinstance(self.inner, Grid) else evaluate(self.inner, answers)
        return found

    def value(self, answers: Mapping[int, int]) -> float:
        factor = value_of(self.common, answers)
        return factor and times(factor, self._inner(answers))


@record
class Bucket:
    """What was added up for a variable, in parts if it was split."""

    variable: int
    arity: int
    parts: tuple[Part, ...]

    def step(self, answers: Mapping[int, int]) -> float:
        """How much the bound rises when this variable is answered after those eliminated later. An infinity stays
        one."""
        return total(part.step(answers) for part in self.parts)


@record
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
                extended = {**answers, bucket.variable: answer}
                return total(part.value(extended) for part in bucket.parts)

            answers[bucket.variable] = min(range(bucket.arity), key=value)
        return answers


def ordering(diagrams: Diagrams, functions: Iterable[Function]) -> list[int]:
    """An order in which to eliminate the variables of ``functions``: always one that has to do with few others, and of
    such ones the one that the fewest functions depend on."""
    neighbours: dict[int, int] = {}
    used: dict[int, int] = {}
    for function in functions:
        indices = _indices(function)
        mask = sum(1 << v for v in indices)
        for v in indices:
            neighbours[v] = neighbours.get(v, 0) | mask
            used[v] = used.get(v, 0) + 1
    weight = {v: round(WEIGHT * math.log2(max(2, diagrams.variables[v].arity))) for v in neighbours}
    size = {v: sum(weight[u] for u in _bits(neighbours[v])) for v in neighbours}
    queue = [(size[v], used[v], v) for v in neighbours]
    heapq.heapify(queue)
    order: list[int] = []
    done: set[int] = set()
    while queue:
        now, _, best = heapq.heappop(queue)
        if best in done or now != size[best]:
            continue  # it stands there a second time, as it is now
        done.add(best)
        order.append(best)
        own = 1 << best
        others = neighbours[best] & ~own
        for u in _bits(others):
            new = others & ~neighbours[u]
            neighbours[u] = (neighbours[u] | new) & ~own
            size[u] += sum(weight[w] for w in _bits(new)) - weight[best]
            heapq.heappush(queue, (size[u], used[u], u))
    return order


def eliminate(
    diagrams: Diagrams, functions: Iterable[Function], order: Sequence[int], limit: int = SIZE_LIMIT
) -> Elimination:
    """The least value of the sum of ``functions``, which depend on the variables of ``order``. IMPOSSIBLE counts as
    infinite."""
    return _Eliminator(diagrams, limit).run(functions, order)


class _Eliminator:
    def __init__(self, diagrams: Diagrams, limit: int) -> None:
        self.diagrams, self.limit = diagrams, limit
        self.arithmetic = Arithmetic(diagrams, 4 * limit, WORK_LIMIT)
        self.exact = True
        self._left = STEPS
        self._sizes: dict[int, int] = {}
        self.grids = Grids()
        self._least_leaves: dict[int, float] = {}
        self._finites: dict[int, Case] = {}

    def run(self, functions: Iterable[Function], order: Sequence[int]) -> Elimination:
        place = {v: i for i, v in enumerate(order)}
        least: float = 0
        waiting: list[list[Product]] = [[] for _ in order]

        def put(function: Function) -> None:
            nonlocal least
            if isinstance(function, tuple):
                waiting[min(place[v.index] for f in function for v in support(f))].append(function)
            elif isinstance(function, Diagram):
                waiting[min(place[v.index] for v in support(function))].append((function,))
            else:
                least = plus(least, function)

        for function in functions:
            if isinstance(function, tuple):
                put(tuple(self._finite(factor) for factor in function))
            else:
                put(self._finite(function))
        buckets = []
        for i, index in enumerate(order):
            variable = self.diagrams.variables[index]
            parts = []
            for common, inner in self._parts(variable, waiting[i]):
                message = self._least(variable, inner)
                parts.append(Part(common, inner, message))
                if isinstance(message, Diagram) or not common:
                    put((*common, message) if common else message)
                elif message:
                    put(scaled(self.arithmetic, message, common))
            buckets.append(Bucket(index, variable.arity, tuple(parts)))
        return Elimination(least, self.exact, tuple(buckets))

    def _parts(self, variable: Variable, products: list[Product]) -> list[tuple[Product, Case | Grid]]:
        """The sum of a bucket, with the factors that all its products share and that do not depend on the variable set
        apart. Where it would grow over the limit, several sums."""
        if not products:
            return []
        shared = {f.uid: f for f in products[0] if variable not in support(f) and self._lowest(f) >= 0}
        for product in products[1:]:
            here = {f.uid for f in product}
            shared = {uid: f for uid, f in shared.items() if uid in here}
        common = tuple(shared.values())
        own = [tuple([f for f in product if f.uid not in shared]) for product in products]
        grid = self.grids.sum_of(own, variable)
        if grid is not None:
            return [(common, grid)]
        alike: dict[tuple[int, ...], tuple[Product, list[Product]]] = {}
        for rest in own:
            apart = tuple([f for f in rest if variable not in support(f)])
            inner = tuple([f for f in rest if variable in support(f)])
            alike.setdefault(tuple([f.uid for f in apart]), (apart, []))[1].append(inner)
        functions = [function for apart, inner in alike.values() for function in self._added(apart, inner)]
        return [(common, part) for part in self._sums(functions)]

    def _added(self, apart: Product, inner: list[Product]) -> list[Case]:
        """The products of ``apart`` and each of ``inner``: added up first, and multiplied once, where nothing is too
        large for that."""
        if apart and len(inner) > 1:
            exact, self.exact = self.exact, True
            sums = self._sums([self._multiplied(factors) for factors in inner])
            made = self._multiplied([*apart, *sums]) if self.exact else None
            whole, self.exact = self.exact, exact
            if whole:
                return [made]
        return [self._multiplied([*apart, *factors]) for factors in inner]

    def _least(self, variable: Variable, inner: Case | Grid) -> Case:
        """The least value over the answers to a variable; a lower bound where that is too much work."""
        work = len(inner.values) if isinstance(inner, Grid) else variable.arity * self._size(inner)
        if work > self._left:
            self.exact = False
            return min(inner.values if isinstance(inner, Grid) else leaves(inner))
        self._left -= work
        if isinstance(inner, Grid):
            return inner.least(self.diagrams, variable)
        if type(inner) is Diagram and inner.variable is variable:
            cases: Sequence[Case] = inner.children
        else:
            cases = [self.diagrams.restrict(inner, {variable.index: answer}) for answer in range(variable.arity)]
        try:
            return self.diagrams.apply(min, *cases)
        except DiagramTooLarge:
            self.exact = False
            return min(leaves(inner))

    def _multiplied(self, factors: Sequence[Case]) -> Case:
        """The product; a lower bound where it would be too large."""
        inner: Case = 1
        try:
            for factor in factors:
                inner = self.arithmetic.times(inner, factor)
        except DiagramTooLarge:
            self.exact = False
            return 0 if all(self._lowest(f) >= 0 for f in factors) else -span_of(tuple(factors))
        return inner

    def _sums(self, functions: list[Case]) -> list[Case]:
        """The functions added up as far as the limit allows."""
        parts: list[Case] = []
        for function in sorted(functions, key=lambda f: (-self._size(f), f.uid if isinstance(f, Diagram) else -1)):
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
        nodes = (self._size(a) + 1) * (self._size(b) + 1)
        if nodes <= self.limit:
            return nodes
        cases = math.prod(v.arity for v in support(a) | support(b))
        return min(cases, nodes)

    def _lowest(self, case: Case) -> float:
        """The least number that a case is."""
        if type(case) is not Diagram:
            number: float = min(leaves(case))
            return number
        if case.uid not in self._least_leaves:
            self._least_leaves[case.uid] = min(leaves(case))
        return self._least_leaves[case.uid]

    def _size(self, case: Case) -> int:
        if not isinstance(case, Diagram):
            return 0
        if case.uid not in self._sizes:
            self._sizes[case.uid] = size(case)
        return self._sizes[case.uid]

    def _finite(self, case: Case) -> Case:
        """``case`` with INFINITE for IMPOSSIBLE, which every operation would pass on."""
        if case is IMPOSSIBLE:
            return INFINITE
        if not isinstance(case, Diagram):
            return case
        if case.uid not in self._finites:
            kids = [self._finite(kid) for kid in case.children]
            self._finites[case.uid] = self.diagrams.case(case.variable, kids)
        return self._finites[case.uid]


def _indices(function: Function) -> set[int]:
    factors = function if isinstance(function, tuple) else (function,)
    return {v.index for factor in factors for v in support(factor)}


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found
