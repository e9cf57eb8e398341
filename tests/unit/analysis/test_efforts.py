"""Work and memory of sums are asked for before they are taken."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.sums import arrangement
from stdsl.compiler.analysis.sums.lattice import Way
from stdsl.compiler.analysis.sums.tables import Effort, TooMuch, filled, single


def test_a_table_that_there_is_no_room_for_is_not_made() -> None:
    """Also one that would not stay."""
    ways = [(), (Way(0, 0, (0, 0)), Way(1, 0, (999, 999)))]
    ends = {0: single(1, 2, False)}
    windows = {1: (999, 999)}
    assert filled(ways, [1], ends, windows, Effort(10**9, 10**7), False)[1].size == 10**6
    with pytest.raises(TooMuch):
        filled(ways, [1], ends, windows, Effort(10**9, 10**6), False)


def test_of_very_many_parts_none_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of few is improved, that of many is taken as it was found."""
    looked: list[int] = []
    states = arrangement._states

    def counted(parts: object, places: object) -> float:
        looked.append(1)
        return states(parts, places)  # type: ignore[arg-type]

    monkeypatch.setattr(arrangement, "_states", counted)
    monkeypatch.setattr(arrangement, "ENOUGH", 0)
    for n, few in ((8, False), (200, True)):
        looked.clear()
        terms = [1 << i | 1 << (i * 5 + 3) % n for i in range(n)]
        order = arrangement.order([1 << i for i in range(n)], terms, [3] * n)
        assert sorted(order) == list(range(n))
        assert (len(looked) <= 1) == few
