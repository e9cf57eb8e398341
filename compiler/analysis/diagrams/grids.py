"""Sums of products of small diagrams as lists of numbers, one for each way to answer all that they depend on: of a few
variables that is several times as fast as to build the diagram of the sum."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ...ir.diagram import Case, Diagram, Diagrams, Variable, support
from ...record import record
from .products import Product

VALUES = 512
"""A grid has at most so many values."""

WORK = 6_000
"""And so many are put into it at most, one for each factor."""


@record
class Grid:
    """``values``: of ``variables``, by index ascending, the answers to the last one follow each other."""

    variables: tuple[Variable, ...]
    values: list[float]

    def at(self, answers: Mapping[int, int]) -> float:
        """The value under answers. Raises KeyError where it depends on a variable that has none."""
        place = 0
        for variable in self.variables:
            answer = answers.get(variable.index)
            if answer is None:
                return self._agreed(answers)
            place = place * variable.arity + answer
        return self.values[place]

    def _agreed(self, answers: Mapping[int, int]) -> float:
        """The value on which all answers to the variables without one agree."""
        places, missing = [0], None
        for variable in self.variables:
            answer = answers.get(variable.index)
            missing = variable if answer is None else missing
            own = range(variable.arity) if answer is None else (answer,)
            places = [place * variable.arity + here for place in places for here in own]
        found = {self.values[place] for place in places}
        if len(found) > 1 and missing is not None:
            raise KeyError(missing.index)
        return found.pop()

    def least(self, diagrams: Diagrams, variable: Variable) -> Case:
        """The least value over the answers to one of its variables, as a diagram of the others."""
        place = self.variables.index(variable)
        step = math.prod(v.arity for v in self.variables[place + 1 :])
        level: list[Case] = []
        for start in range(0, len(self.values), variable.arity * step):
            rows = [self.values[start + i * step : start + (i + 1) * step] for i in range(variable.arity)]
            level += map(min, *rows) if len(rows) > 1 else rows[0]
        for v in reversed(self.variables):
            if v is not variable:
                level = [diagrams.case(v, level[i : i + v.arity]) for i in range(0, len(level), v.arity)]
        return level[0]


class Grids:
    """Makes grids of whole numbers and infinity, and remembers the values of factors."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[list[float], bool] | None] = {}

    def sum_of(self, products: Sequence[Product], variable: Variable) -> Grid | None:
        """The sum of products, of which some depend on ``variable``, where 0 times anything is 0; None where the grid
        would be large, or where a leaf is neither whole nor infinite."""
        depending = {variable}
        for product in products:
            for factor in product:
                depending |= support(factor)
        variables = tuple(sorted(depending, key=lambda v: v.index))
        size = math.prod(v.arity for v in variables)
        if size > VALUES or size * sum(map(len, products)) > WORK:
            return None
        arities = tuple([v.arity for v in variables])
        total: list[float] = [0] * size
        try:
            for product in products:
                row: list[float] | None = None
                whole = True
                for factor in product:
                    known = self._of(factor)
                    if known is None:
                        return None
                    own, finite = known
                    whole = whole and finite
                    if len(own) < size:
                        depends = support(factor)
                        own = [own[i] for i in _places(arities, tuple([v in depends for v in variables]))]
                    if row is None:
                        row = own
                    elif whole:
                        row = [a * b for a, b in zip(row, own, strict=True)]
                    else:
                        row = [a * b if a and b else 0 for a, b in zip(row, own, strict=True)]
                total = [a + 1 for a in total] if row is None else [a + b for a, b in zip(total, row, strict=True)]
        except OverflowError:  # a whole number beside an infinite one that no float can be
            return None
        return Grid(variables, total)

    def _of(self, factor: Diagram) -> tuple[list[float], bool] | None:
        """The values of a diagram over its own variables, and whether all are whole; None where one is neither that
        nor infinite."""
        if factor.uid not in self._known:
            values = _spread(factor, sorted(support(factor), key=lambda v: v.index), 0)
            finite = all(type(value) is int for value in values)
            right = finite or all(type(value) is int or value == math.inf for value in values)
            self._known[factor.uid] = (values, finite) if right else None
        return self._known[factor.uid]


def _spread(case: Case, variables: Sequence[Variable], place: int) -> list[Case]:
    if place == len(variables):
        return [case]
    variable = variables[place]
    inner = type(case) is Diagram and case.variable is variable
    if inner and place == len(variables) - 1:
        return list(case.children)
    found: list[Case] = []
    for kid in case.children if inner else (case,) * variable.arity:
        found += _spread(kid, variables, place + 1)
    return found


@lru_cache(maxsize=4096)
def _places(arities: tuple[int, ...], own: tuple[bool, ...]) -> list[int]:
    """Where the values of a factor stand that depends on some (``own``) of the variables of a grid."""
    steps, step = [], 1
    for arity, depends in zip(reversed(arities), reversed(own), strict=True):
        steps.append(step if depends else 0)
        step *= arity if depends else 1
    places = [0]
    for arity, step in zip(arities, reversed(steps), strict=True):
        places = [place + answer * step for place in places for answer in range(arity)]
    return places
