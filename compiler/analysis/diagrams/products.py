"""Products of diagrams, left unmultiplied: most conditions are tests of single variables, and their product would
repeat what depends on one variable for every answer to the others."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Diagrams, DiagramTooLarge, Guard, evaluate, leaves, support
from .arithmetic import Arithmetic, times

Product: TypeAlias = tuple[Diagram, ...]
"""The product of diagrams with numbers as leaves. Conditions come first: where one is 0, the others may be
IMPOSSIBLE."""


def value_of(product: Product, answers: Mapping[int, int]) -> float:
    """The product under answers; 0 times anything is 0."""
    result: float = 1
    for factor in product:
        result = times(result, evaluate(factor, answers))
        if result == 0:
            return 0
    return result


def span_of(product: Product) -> float:
    """At most how far the product is from 0."""
    result: float = 1
    for factor in product:
        result = times(result, max((abs(leaf) for leaf in leaves(factor)), default=0))
    return result


def scaled(arithmetic: Arithmetic, number: float, product: Product) -> Product:
    """The product times a number other than 0."""
    if number == 1:
        return product
    return (*product[:-1], arithmetic.times(number, product[-1]))


@dataclass(slots=True)
class _Weighted:
    """``weight`` times functions of one variable each (by variable, ascending), times a function of several (or
    none). ``names``: what they are."""

    weight: float
    single: dict[int, Diagram]
    rest: tuple[Diagram, ...]
    names: tuple[tuple[int, int], ...]


Factored: TypeAlias = tuple[dict[int, Diagram], tuple[Diagram, ...], tuple[tuple[int, int], ...]]
"""The parts of a :class:`_Weighted` but its weight."""


@dataclass
class FactoredConditions:
    """Conditions as products, each worked out once for all sums."""

    diagrams: Diagrams
    arithmetic: Arithmetic
    _known: dict[int, Factored] = field(default_factory=dict)

    def factors(self, condition: Guard) -> Factored:
        """A condition as tests of single variables (by variable, ascending), what is left of it, and the names of the
        tests: as numbers, 1 where it holds."""
        if not isinstance(condition, Diagram):
            return {}, (), ()
        if condition.uid not in self._known:
            single, rest = self._factors(condition)
            self._known[condition.uid] = single, rest, _names(single)
        return self._known[condition.uid]

    def _factors(self, condition: Diagram) -> tuple[dict[int, Diagram], tuple[Diagram, ...]]:
        single: dict[int, Diagram] = {}
        node: Guard = condition
        while isinstance(node, Diagram):
            others = {id(kid): kid for kid in node.children if kid is not False}
            if len(others) != 1 or IMPOSSIBLE in node.children:
                return single, (self.arithmetic.number(node),)
            single[node.variable.index] = self.diagrams.case(
                node.variable, [0 if kid is False else 1 for kid in node.children]
            )
            (node,) = others.values()
        return single, ()


@dataclass
class SumOfProducts:
    """Adds up conditions times values, joining what differs in a single variable."""

    conditions: FactoredConditions
    _terms: list[_Weighted] = field(default_factory=list)
    _constant: float = 0

    @property
    def arithmetic(self) -> Arithmetic:
        return self.conditions.arithmetic

    def add(self, condition: Guard, value: Case) -> None:
        """Add ``value`` where the condition holds."""
        single, rest, names = self.conditions.factors(condition)
        if isinstance(value, Diagram):
            self._terms.append(_Weighted(1, single, (*rest, value), names))
        elif not single and not rest:
            self._constant += value
        elif value:
            self._terms.append(_Weighted(value, single, rest, names))

    def finish(self) -> tuple[float, tuple[Product, ...]]:
        """The constant and the products of the sum."""
        terms: dict[Hashable, _Weighted] = {}
        for term in self._terms:
            self._put(terms, term)
        for variable in sorted({v for term in self._terms for v in term.single}):
            self._join(terms, variable)
        constant = self._constant
        by_conditions: dict[tuple[int, ...], tuple[Product, Case]] = {}
        for term in terms.values():
            factors = [*term.single.values(), *term.rest]
            if not factors:
                constant += term.weight
                continue
            # What is paid under the same conditions adds up.
            conditions = tuple(factors[:-1])
            last = self.arithmetic.times(term.weight, factors[-1])
            key = (*(f.uid for f in conditions), -1, *sorted(v.index for v in support(last)))
            try:
                before = by_conditions.get(key, (conditions, 0))[1]
                by_conditions[key] = (conditions, self.arithmetic.plus(before, last))
            except DiagramTooLarge:
                by_conditions[(*key, len(by_conditions))] = (conditions, last)
        products = []
        for conditions, last in by_conditions.values():
            if isinstance(last, Diagram):
                products.append((*conditions, last))
            elif not conditions:
                constant += last
            elif last:
                products.append(scaled(self.arithmetic, last, conditions))
        return constant, tuple(products)

    def _join(self, terms: dict[Hashable, _Weighted], variable: int) -> None:
        """Make one of the terms that agree but for what they say about ``variable``."""
        groups: dict[Hashable, list[_Weighted]] = {}
        for term in [t for t in terms.values() if variable in t.single]:
            groups.setdefault(_key(term, variable), []).append(term)
        for key, members in groups.items():
            if key in terms:
                members.append(terms[key])
            if len(members) == 1:
                continue
            joined: Case = 0
            for term in members:
                del terms[_key(term)]
                here = self.arithmetic.times(term.weight, term.single.get(variable, 1))
                joined = self.arithmetic.plus(joined, here)
            single = {v: d for v, d in members[0].single.items() if v != variable}
            if isinstance(joined, Diagram):
                single = dict(sorted([*single.items(), (variable, joined)]))
                self._put(terms, _Weighted(1, single, members[0].rest, _names(single)))
            else:
                self._put(terms, _Weighted(joined, single, members[0].rest, _names(single)))

    def _put(self, terms: dict[Hashable, _Weighted], term: _Weighted) -> None:
        key = _key(term)
        if key in terms:
            term = _Weighted(term.weight + terms[key].weight, term.single, term.rest, term.names)
        terms[key] = term


def _names(single: Mapping[int, Diagram]) -> tuple[tuple[int, int], ...]:
    return tuple([(v, d.uid) for v, d in single.items()])


def _key(term: _Weighted, without: int | None = None) -> Hashable:
    """What a term is, but for its weight and for what it says about a variable."""
    names = term.names if without is None else tuple([name for name in term.names if name[0] != without])
    return names, tuple([d.uid for d in term.rest])
