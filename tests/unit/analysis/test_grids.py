"""Grids say what the diagrams of their sums say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stdsl.compiler.analysis.diagrams.arithmetic import Arithmetic
from stdsl.compiler.analysis.diagrams.grids import Grid, Grids
from stdsl.compiler.ir.diagram import Case, Diagram, Diagrams, Variable, evaluate

LEAVES = st.one_of(st.integers(0, 3), st.integers(-9, 9), st.just(math.inf), st.just(10**400))


def _diagram(draw: st.DrawFn, diagrams: Diagrams, variables: list[Variable]) -> Case:
    if not variables:
        return draw(LEAVES)
    kids = [_diagram(draw, diagrams, variables[1:]) for _ in range(variables[0].arity)]
    return diagrams.case(variables[0], kids)


@st.composite
def sums(draw: st.DrawFn) -> tuple[Diagrams, list[tuple[Diagram, ...]]]:
    """Products of diagrams of up to four variables."""
    diagrams = Diagrams()
    variables = [diagrams.variable(i, draw(st.integers(1, 3))) for i in range(draw(st.integers(1, 4)))]
    products = []
    for _ in range(draw(st.integers(1, 3))):
        factors = []
        for _ in range(draw(st.integers(0, 3))):
            own = [v for v in variables if draw(st.booleans())]
            factor = _diagram(draw, diagrams, own[:2])
            if isinstance(factor, Diagram):
                factors.append(factor)
        products.append(tuple(factors))
    return diagrams, products


def _assignments(diagrams: Diagrams) -> Iterator[dict[int, int]]:
    for answers in product(*[range(v.arity) for v in diagrams.variables]):
        yield dict(enumerate(answers))


@given(sums())
def test_a_grid_is_the_sum_that_the_diagrams_make(found: tuple[Diagrams, list[tuple[Diagram, ...]]]) -> None:
    diagrams, products = found
    arithmetic = Arithmetic(diagrams)
    total: Case = 0
    for factors in products:
        one: Case = 1
        for factor in factors:
            one = arithmetic.times(one, factor)
        total = arithmetic.plus(total, one)
    # What is infinite and below 0 does not come up where least values are looked for.
    assume(all(evaluate(total, answers) > -math.inf for answers in _assignments(diagrams)))
    for variable in diagrams.variables:
        grid = Grids().sum_of(products, variable)
        if grid is None:
            continue
        for answers in _assignments(diagrams):
            assert grid.at(answers) == evaluate(total, answers)
        cases = [diagrams.restrict(total, {variable.index: answer}) for answer in range(variable.arity)]
        least = grid.least(diagrams, variable)
        expected = diagrams.apply(lambda *values: min(values), *cases)
        for answers in _assignments(diagrams):
            assert evaluate(least, answers) == evaluate(expected, answers)


def test_what_has_no_answer_must_not_matter() -> None:
    diagrams = Diagrams()
    a, b = diagrams.variable(0, 2), diagrams.variable(1, 3)
    grid = Grid((a, b), [5, 5, 5, 1, 2, 3])
    assert grid.at({0: 0}) == 5
    assert grid.at({1: 1, 0: 1}) == 2
    with pytest.raises(KeyError):
        grid.at({0: 1})


def test_what_is_large_or_no_whole_number_has_no_grid() -> None:
    diagrams = Diagrams()
    variables = [diagrams.variable(i, 9) for i in range(3)]
    tests = [diagrams.case(v, range(9)) for v in variables]
    assert Grids().sum_of([(test,) for test in tests[:2]], variables[0]) is not None
    assert Grids().sum_of([(test,) for test in tests], variables[0]) is None
    assert Grids().sum_of([(diagrams.case(variables[0], [0.5] + [1] * 8),)], variables[0]) is None
