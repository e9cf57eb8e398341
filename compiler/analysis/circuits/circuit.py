"""Decision circuits: all architectures of a space as one small graph of branches and products.

A circuit is deterministic and decomposable (A. Darwiche, "Decomposable negation normal form", 2001): a branch asks
for a variable and goes on with one child per answer, the children of a product share no variable. So counting,
drawing an architecture with equal probabilities, ranking and marginals are single passes over its nodes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ...ir.diagram import Diagram, Diagrams, support
from ...record import record
from ..diagrams.products import Product as Factors


@record
class Branch:
    """``children[answer]`` is the id of what follows that answer to the variable with index ``variable``."""

    variable: int
    children: tuple[int, ...]


@record
class Product:
    """Ids of circuits that share no variable."""

    children: tuple[int, ...]


ZERO, ONE = 0, 1
"""Ids of the circuit of nothing and of the circuit of the one empty assignment."""


class CircuitBuilder:
    """Makes nodes, equal ones once; children always have smaller ids."""

    def __init__(self) -> None:
        self.nodes: list[Branch | Product] = [Product(()), Product(())]
        self._unique: dict[Branch | Product, int] = {}

    def branch(self, variable: int, children: Iterable[int]) -> int:
        kids = tuple(children)
        return ZERO if all(kid == ZERO for kid in kids) else self._intern(Branch(variable, kids))

    def product(self, children: Iterable[int]) -> int:
        kids = tuple(kid for kid in children if kid != ONE)
        if ZERO in kids:
            return ZERO
        if len(kids) <= 1:
            return kids[0] if kids else ONE
        return self._intern(Product(kids))

    def _intern(self, node: Branch | Product) -> int:
        id = self._unique.get(node)
        if id is None:
            id = self._unique[node] = len(self.nodes)
            self.nodes.append(node)
        return id

    def finish(self, root: int) -> Circuit:
        """The circuit of what ``root`` needs."""
        needed = {ZERO, ONE, root}
        for id in range(root, ONE, -1):
            if id in needed:
                needed.update(self.nodes[id].children)
        number = {old: new for new, old in enumerate(sorted(needed))}
        nodes: list[Branch | Product] = []
        for old in sorted(needed):
            node = self.nodes[old]
            kids = tuple(number[kid] for kid in node.children)
            nodes.append(Branch(node.variable, kids) if isinstance(node, Branch) else Product(kids))
        return Circuit(tuple(nodes), number[root])


@dataclass(frozen=True)
class Circuit:
    """Nodes 0 and 1 are ZERO and ONE; a node's children come before it. Assignments are answers by variable index."""

    nodes: tuple[Branch | Product, ...]
    root: int

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """For each node the number of its assignments."""
        counts: list[int] = []
        for id, node in enumerate(self.nodes):
            if id == ZERO:
                counts.append(0)
            elif isinstance(node, Branch):
                counts.append(sum(counts[kid] for kid in node.children))
            else:
                n = 1
                for kid in node.children:
                    n *= counts[kid]
                counts.append(n)
        return tuple(counts)

    @property
    def count(self) -> int:
        return self.counts[self.root]

    def unrank(self, rank: int) -> dict[int, int]:
        """The assignment at place ``rank``, from 0; the order is the lexicographic one along the circuit. Raises
        IndexError."""
        if not 0 <= rank < self.count:
            raise IndexError(f"there are {self.count} architectures, none at {rank}")
        answers: dict[int, int] = {}
        stack = [(self.root, rank)]
        while stack:
            id, rest = stack.pop()
            node = self.nodes[id]
            if isinstance(node, Branch):
                for answer, kid in enumerate(node.children):
                    if rest < self.counts[kid]:
                        answers[node.variable] = answer
                        stack.append((kid, rest))
                        break
                    rest -= self.counts[kid]
            else:
                for kid in reversed(node.children):
                    rest, digit = divmod(rest, self.counts[kid])
                    stack.append((kid, digit))
        return answers

    def rank(self, answers: Mapping[int, int]) -> int:
        """The place of an assignment: the inverse of :meth:`unrank`. Raises KeyError if it is none of the circuit's."""
        # Each place below the root contributes its own rank times the counts of the factors after it.
        total = 0
        stack = [(self.root, 1)]
        while stack:
            id, weight = stack.pop()
            node = self.nodes[id]
            if id == ZERO:
                raise KeyError("the assignment is not in the circuit")
            if isinstance(node, Branch):
                answer = answers[node.variable]
                total += weight * sum(self.counts[kid] for kid in node.children[:answer])
                stack.append((node.children[answer], weight))
            else:
                for kid in reversed(node.children):
                    stack.append((kid, weight))
                    weight *= self.counts[kid]
        return total

    def draw(self, generator: random.Random) -> dict[int, int]:
        """An assignment, all with the same probability."""
        return self.unrank(generator.randrange(self.count))

    @cached_property
    def answered(self) -> dict[int, dict[int, int]]:
        """For each variable and answer the number of assignments that contain it."""
        contexts = [0] * len(self.nodes)
        contexts[self.root] = 1
        found: dict[int, dict[int, int]] = {}
        for id in range(len(self.nodes) - 1, ONE, -1):
            node = self.nodes[id]
            if isinstance(node, Branch):
                row = found.setdefault(node.variable, {})
                for answer, kid in enumerate(node.children):
                    contexts[kid] += contexts[id]
                    row[answer] = row.get(answer, 0) + contexts[id] * self.counts[kid]
            elif contexts[id]:
                whole = self.counts[id]
                for kid in node.children:
                    contexts[kid] += contexts[id] * (whole // self.counts[kid]) if self.counts[kid] else 0
        return found

    @cached_property
    def variables(self) -> tuple[int, ...]:
        """For each node a mask of the variables below it."""
        masks: list[int] = []
        for node in self.nodes:
            mask = 1 << node.variable if isinstance(node, Branch) else 0
            for kid in node.children:
                mask |= masks[kid]
            masks.append(mask)
        return tuple(masks)

    def total(self, products: Iterable[Factors], diagrams: Diagrams) -> int:
        """The sum over all assignments of the integers that the products add up to; they must not depend on what an
        assignment leaves open."""
        totals = _Totals(self, diagrams)
        return sum(totals.of(product) for product in products)


class _Totals:
    def __init__(self, circuit: Circuit, diagrams: Diagrams) -> None:
        self.circuit, self.diagrams = circuit, diagrams
        self._masks: dict[int, int] = {}
        self._memo: dict[tuple[int, tuple[int, ...]], dict[Factors, int]] = {}

    def of(self, product: Factors) -> int:
        left = self.spread(self.circuit.root, product)
        assert not any(left), "a function depends on variables that an assignment leaves open"
        return left.get((), 0)

    def spread(self, id: int, product: Factors) -> dict[Factors, int]:
        """What remains of a product after the assignments of a node, each with the sum of the numbers that have come
        out so far."""
        count = self.circuit.counts[id]
        if not count:
            return {}
        if not any(self.circuit.variables[id] & self.mask(factor) for factor in product):
            return {product: count}
        key = (id, tuple(factor.uid for factor in product))
        if key in self._memo:
            return self._memo[key]
        node = self.circuit.nodes[id]
        result: dict[Factors, int] = {}
        if isinstance(node, Branch):
            for answer, kid in enumerate(node.children):
                if not self.circuit.counts[kid]:
                    continue
                number, rest = self.after(product, node.variable, answer)
                if number:
                    for left, n in self.spread(kid, rest).items():
                        result[left] = result.get(left, 0) + number * n
        else:
            result = {product: 1}
            for kid in node.children:
                step: dict[Factors, int] = {}
                for before, n in result.items():
                    for left, m in self.spread(kid, before).items():
                        step[left] = step.get(left, 0) + n * m
                result = step
        self._memo[key] = result
        return result

    def after(self, product: Factors, variable: int, answer: int) -> tuple[int, Factors]:
        """The number and the product that remain of a product after an answer."""
        number = 1
        rest: list[Diagram] = []
        for factor in product:
            if self.mask(factor) >> variable & 1:
                factor = self.diagrams.restrict(factor, {variable: answer})
            if isinstance(factor, Diagram):
                rest.append(factor)
            elif factor == 0:
                return 0, ()
            else:
                number *= int(factor)
        return number, tuple(rest)

    def mask(self, case: Diagram) -> int:
        if case.uid not in self._masks:
            self._masks[case.uid] = sum(1 << v.index for v in support(case))
        return self._masks[case.uid]
