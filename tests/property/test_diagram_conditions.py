"""Conditions over decisions are joined as their values are, and equal results are one object."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.analysis.diagrams.arithmetic import Arithmetic
from stdsl.compiler.ir.diagram import IMPOSSIBLE, Diagrams, TooManySteps, Variable, case_key, evaluate, typed

TRUTHS = [True, False, IMPOSSIBLE]
VALUES = [1, 1.0, True, False, None, (1, 2), (1, 2.0), ((1,), True), IMPOSSIBLE]


def drawn(data: st.DataObject, diagrams: Diagrams, variables: Sequence[Variable], leaves: Sequence[Any]) -> Any:
    if not variables or data.draw(st.integers(0, 5)) == 0:
        return data.draw(st.sampled_from(leaves))
    first, *rest = variables
    return diagrams.case(first, [drawn(data, diagrams, rest, leaves) for _ in range(first.arity)])


def of_values(diagrams: Diagrams, variables: Sequence[Variable], values: Sequence[Any]) -> Any:
    """The diagram of the values under all answers, the last variable's changing fastest."""
    if not variables:
        return values[0]
    size = len(values) // variables[0].arity
    pieces = [values[i : i + size] for i in range(0, len(values), size)]
    return diagrams.case(variables[0], [of_values(diagrams, variables[1:], piece) for piece in pieces])


@given(st.data())
def test_a_condition_chooses_between_two_cases(data: st.DataObject) -> None:
    diagrams = Diagrams()
    variables = [diagrams.variable(i, data.draw(st.integers(1, 3))) for i in range(3)]
    condition = drawn(data, diagrams, variables, TRUTHS)
    if condition is IMPOSSIBLE:
        return
    then = data.draw(st.sampled_from(TRUTHS)) if data.draw(st.booleans()) else drawn(data, diagrams, variables, VALUES)
    other = data.draw(st.sampled_from(TRUTHS)) if data.draw(st.booleans()) else drawn(data, diagrams, variables, VALUES)
    expected, numbers = [], []
    for answers in itertools.product(*[range(v.arity) for v in variables]):
        given_ = dict(enumerate(answers))
        held = evaluate(condition, given_)
        expected.append(held if held is IMPOSSIBLE else evaluate(then if held else other, given_))
        numbers.append(held if held is IMPOSSIBLE else int(held))
    found = diagrams.ite(condition, then, other)
    assert case_key(found) == case_key(of_values(diagrams, variables, expected))
    number = Arithmetic(diagrams).number(condition)
    assert case_key(number) == case_key(of_values(diagrams, variables, numbers))


@given(st.lists(st.sampled_from([*VALUES, 0, 0.0, "a", (), ((), ()), (True, 2)]), min_size=2, max_size=2))
def test_keys_tell_values_of_different_kinds_apart(values: list[Any]) -> None:
    one, other = values
    assert (typed(one) == typed(other)) == (repr(one) == repr(other))


def test_a_restriction_counts_as_steps() -> None:
    diagrams = Diagrams()
    variables = [diagrams.variable(i, 2) for i in range(40)]
    condition = diagrams.kept_between(variables, 10, 30)
    diagrams.steps = 10_000
    diagrams.restrict(condition, {39: 1})
    assert 9_000 < diagrams.steps < 9_500
    diagrams.steps = 300
    with pytest.raises(TooManySteps):
        diagrams.restrict(condition, {39: 1})
