"""Learning rates over a training."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stdsl.compiler.schemas.optimizers import SGD
from stdsl.compiler.schemas.schedules import Constant, Cosine, Linear, Staircase, constant, rate_at


def test_cosine_runs_from_start_to_end() -> None:
    rates = [rate_at(Cosine(start=0.1, end=0.01), s, 100, 10) for s in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[50] == pytest.approx(0.055)
    assert rates[100] == pytest.approx(0.01)
    assert rates == sorted(rates, reverse=True)


def test_ramp_scales_the_first_steps() -> None:
    plain, ramped = Cosine(start=0.1), Cosine(start=0.1, ramp=10)
    assert [rate_at(ramped, s, 100, 10) / rate_at(plain, s, 100, 10) for s in range(12)] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1]
    )


def test_staircase_counts_epochs() -> None:
    rate = Staircase(start=1.0, every=2, factor=0.5)
    assert [rate_at(rate, s, 60, 10) for s in (0, 19, 20, 39, 40)] == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_the_others() -> None:
    assert rate_at(Linear(start=1.0), 25, 100, 10) == 0.75
    assert rate_at(Constant(start=0.1, ramp=2), 0, 10, 5) == 0.05
    assert rate_at(constant(0.1), 7, 10, 5) == 0.1


def test_a_rate_is_a_number_an_expression_or_a_schedule() -> None:
    sgd = SGD.model_validate({"lr": "0.1 * (1 - t / T)"})
    assert rate_at(sgd.lr, 4, 10, 5) == pytest.approx(0.05)
    assert SGD.load(sgd.model_dump(mode="json")) == sgd
    scheduled = SGD.model_validate({"lr": {"kind": "cosine", "start": 0.1}})
    assert SGD.load(scheduled.model_dump(mode="json")) == scheduled
    with pytest.raises(ValidationError):
        SGD.model_validate({"lr": True})
