"""Learning rates over a training."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stdsl.compiler.schemas.optimizers import SGD
from stdsl.compiler.schemas.over import Over
from stdsl.compiler.schemas.schedules import Constant, Cosine, Linear, Staircase, scheduled


def test_cosine_runs_from_start_to_end() -> None:
    rates = [scheduled(Cosine(start=0.1, end=0.01), s, 100, 10) for s in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[50] == pytest.approx(0.055)
    assert rates[100] == pytest.approx(0.01)
    assert rates == sorted(rates, reverse=True)


def test_ramp_scales_the_first_steps() -> None:
    plain, ramped = Cosine(start=0.1), Cosine(start=0.1, ramp=10)
    assert [scheduled(ramped, s, 100, 10) / scheduled(plain, s, 100, 10) for s in range(12)] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1]
    )


def test_staircase_counts_epochs() -> None:
    rate = Staircase(start=1.0, every=2, factor=0.5)
    assert [scheduled(rate, s, 60, 10) for s in (0, 19, 20, 39, 40)] == [1.0, 1.0, 0.5, 0.5, 0.25]


def test_the_others() -> None:
    assert scheduled(Linear(start=1.0), 25, 100, 10) == 0.75
    assert scheduled(Constant(start=0.1, ramp=2), 0, 10, 5) == 0.05


def test_a_rate_is_a_number_an_expression_or_a_schedule() -> None:
    sgd = SGD.model_validate({"lr": "0.1 * (1 - t / T)"})
    assert isinstance(sgd.lr, Over)
    assert sgd.lr.at(t=5, T=10) == pytest.approx(0.05)
    assert SGD.load(sgd.model_dump(mode="json")) == sgd
    cosine = SGD.model_validate({"lr": {"kind": "cosine", "start": 0.1}})
    assert SGD.load(cosine.model_dump(mode="json")) == cosine
    with pytest.raises(ValidationError):
        SGD.model_validate({"lr": True})
