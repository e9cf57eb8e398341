"""What differs between the settings of two runs is named, down to the element of a list."""

from __future__ import annotations

from typing import Any

import pytest

from stdsl.runtime.prepare.finished_needs import differing

COST = {"kind": "cost", "of": "flops", "weight": 1.0, "low": None, "high": 5000.0, "log": False}
ENTROPY = {"kind": "entropy", "weight": 1.0}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ([COST], [COST | {"high": 6000.0}], "`a.1.high` was `5000.0`, and is `6000.0`"),
        ([ENTROPY, COST], [ENTROPY, COST | {"low": 1.0}], "`a.2.low` was not set, and is `1.0`"),
        (
            [COST],
            [ENTROPY],
            "`a.1` was `cost(of = flops, weight = 1.0, high = 5000.0, log = false)`, and is `entropy(weight = 1.0)`",
        ),
        (
            [],
            [ENTROPY, ENTROPY],
            "`a` was `[]`, and is `[entropy(weight = 1.0), entropy(weight = 1.0)]`",
        ),
        (None, {"epochs": 3, "steps": None}, "`a` was not set, and is `{ epochs = 3 }`"),
        ([0.5, 0.9], [0.5, 0.99], "`a.2` was `0.9`, and is `0.99`"),
        (["x" * 200], [], f"`a` was `[{'x' * 99}…`, and is `[]`"),
    ],
)
def test_what_differs(before: Any, now: Any, said: str) -> None:
    assert list(differing({"a": before}, {"a": now})) == [said]
    assert list(differing({"a": before}, {"a": before})) == []


def test_loaders_change_nothing() -> None:
    assert list(differing({"loaders": 0, "data": {"loaders": 1}}, {"loaders": 2, "data": {"loaders": 2}})) == [
        "`data.loaders` was `1`, and is `2`"
    ]
