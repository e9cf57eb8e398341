"""Which moments of a search are told of."""

from __future__ import annotations

import pytest

from stdsl.runtime.strategies.history import evenly


@pytest.mark.parametrize("number", [0, 1, 7, 8, 9, 15, 16, 20, 39, 40, 41, 400])
def test_moments_are_as_far_apart_as_each_other(number: int) -> None:
    """Of 20 notes these were the last 16."""
    places = evenly(range(1, number + 1))
    assert len(places) == min(8, number)
    gaps = {b - a for a, b in zip([0, *places], places, strict=False)}
    assert not gaps or max(gaps) - min(gaps) <= 1
    assert places[-1:] == [number] * bool(number)


def test_forty_notes_are_told_of_as_ever() -> None:
    assert evenly(range(1, 41)) == [5, 10, 15, 20, 25, 30, 35, 40]
