"""Rungs and brackets: the figures of AutoDeepfuse's Table 5 by both roundings, and what holds for all budgets."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stdsl.compiler.families.bayes.brackets import (
    brackets,
    configurations,
    epochs_in_all,
    rungs,
    steps_between,
)
from stdsl.compiler.families.bayes.settings import Budget

UP, DOWN = Budget(), Budget(rounding="down")
BUDGETS = st.builds(
    lambda least, more, eta, iterations, rounding: Budget(
        least=least, most=least + more, eta=eta, iterations=iterations, rounding=rounding
    ),
    st.integers(1, 9),
    st.integers(0, 200),
    st.integers(2, 5),
    st.integers(1, 8),
    st.sampled_from(["up", "down"]),
)


def test_rungs_are_the_longest_over_powers_of_three() -> None:
    assert rungs(UP) == (Fraction(70, 27), Fraction(70, 9), Fraction(70, 3), Fraction(70))


@pytest.mark.parametrize(("budget", "second"), [(UP, (12, 4, 1)), (DOWN, (9, 3, 1))])
def test_brackets_by_both_roundings(budget: Budget, second: tuple[int, ...]) -> None:
    four = [(27, 9, 3, 1), second, (6, 2), (4,)]
    assert [bracket.sizes for bracket in brackets(budget)] == [*four, *four, *four[:2]]
    for bracket in brackets(budget):
        assert bracket.epochs == rungs(budget)[-len(bracket.sizes) :]


@pytest.mark.parametrize(
    ("budget", "many", "anew", "going_on"),
    [(UP, 137, Fraction(2730), Fraction(6790, 3)), (DOWN, 128, Fraction(2590), Fraction(6440, 3))],
)
def test_ten_brackets(budget: Budget, many: int, anew: Fraction, going_on: Fraction) -> None:
    """6790 / 3 = 2 263.3."""
    assert configurations(budget) == many
    assert epochs_in_all(budget, anew=True) == anew
    assert epochs_in_all(budget) == going_on


@given(budget=BUDGETS, per_epoch=st.integers(1, 50))
def test_steps_of_the_rungs_add_up(budget: Budget, per_epoch: int) -> None:
    epochs = rungs(budget)
    assert epochs[0] >= budget.least > epochs[0] / budget.eta
    assert epochs[-1] == budget.most
    for bracket in brackets(budget):
        assert bracket.sizes[-1] >= 1
        assert all(b * budget.eta <= a for a, b in zip(bracket.sizes, bracket.sizes[1:], strict=False))
        total = sum(steps_between(bracket, rung, per_epoch) for rung in range(len(bracket.sizes)))
        assert total == budget.most * per_epoch


def test_more_brackets_than_anybody_trains_are_refused() -> None:
    """Each is worked out before the first trial: a plan of a thousand million of them never came."""
    longest = Budget(least=1, most=10**18, eta=2, iterations=10_000)
    assert len(brackets(longest)) == 10_000
    with pytest.raises(ValidationError):
        Budget(iterations=10**9)
