"""Work and memory of sums are asked for before they are taken."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.analysis.sums.lattice import Way
from stdsl.compiler.analysis.sums.tables import Effort, TooMuch, filled, single
from stdsl.compiler.analysis.sums.walking import arrangement


def test_a_table_that_there_is_no_room_for_is_not_made() -> None:
    """Also one that would not stay."""
    ways = [(), (Way(0, 0, (0, 0)), Way(1, 0, (999, 999)))]
    ends = {0: single(1, 2, False)}
    windows = {1: (999, 999)}
    assert filled(ways, [1], ends, windows, Effort(10**9, 10**7), False)[1].size == 10**6
    with pytest.raises(TooMuch):
        filled(ways, [1], ends, windows, Effort(10**9, 10**6), False)


def _parts(n: int, terms: Sequence[int]) -> tuple[arrangement.Part, ...]:
    return tuple(arrangement._part(1 << i, terms, [3] * n) for i in range(n))


def test_the_order_of_many_parts_is_improved_for_as_long_as_was_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is taken as it is, whole; the greedy order, too."""
    monkeypatch.setattr(arrangement, "ENOUGH", 0)
    n = 200
    masks, terms = [1 << i for i in range(n)], [1 << i | 1 << (i * 5 + 3) % n for i in range(n)]
    states = []
    for allowed in (0, 1_000, 100_000, 1_000_000):
        order, left = arrangement.order(masks, terms, [3] * n, allowed)
        assert sorted(order) == list(range(n))
        assert left > -20 * n  # one more round than was allowed
        states.append(arrangement._states(_parts(n, terms), order))
    assert states[0] > states[1] > states[2] > states[3]


@given(st.data())
def test_a_part_at_every_place_in_one_go(data: st.DataObject) -> None:
    """As many states as where the whole order is looked at anew for each."""
    n = data.draw(st.integers(2, 9))
    variables = st.integers(0, 2 * n - 1)
    terms = [sum({1 << v for v in read}) for read in data.draw(st.lists(st.sets(variables, min_size=1), max_size=9))]
    masks = [3 << 2 * i for i in range(n)]
    shared = [term for term in terms if sum(1 for mask in masks if term & mask) > 1]
    arities = data.draw(st.lists(st.integers(2, 5), min_size=2 * n, max_size=2 * n))
    parts = [arrangement._part(mask, shared, arities) for mask in masks]
    chosen, *rest = data.draw(st.permutations(range(n)))
    found = arrangement._moved(parts, rest, parts[chosen])
    assert found == [arrangement._states(parts, [*rest[:at], chosen, *rest[at:]]) for at in range(n)]
