"""Arrays of whole numbers of any size, also longer than is added up at once."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.analysis.sums import words
from stdsl.compiler.analysis.sums.words import cumulative, dot, integers, product


def test_products_of_many_numbers_do_not_overflow() -> None:
    n, greatest = (1 << 23) + (1 << 10), (1 << 20) - 1
    numbers = np.full((1, n), greatest)
    assert product(numbers, numbers) == greatest**2 * n


@given(
    st.lists(st.tuples(st.integers(0, (1 << 62) - 1), st.integers(0, (1 << 62) - 1)), max_size=40),
    st.integers(0, 62),
    st.integers(0, 62),
)
def test_the_product_of_numbers_of_any_bits(pairs: list[tuple[int, int]], fewer: int, less: int) -> None:
    numbers, others = [a >> fewer for a, _ in pairs], [b >> less for _, b in pairs]
    arrays = np.array(numbers, dtype=np.int64), np.array(others, dtype=np.int64)
    assert dot(*arrays) == sum(a * b for a, b in zip(numbers, others, strict=True))


@pytest.mark.parametrize("piece", [1, 3, 7, 100])
@pytest.mark.parametrize("count", [1, 3])
def test_pieces_add_up(piece: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "PIECE", piece)
    rng = np.random.default_rng(piece)
    numbers, others = rng.integers(0, 1 << 40, (2, count, 20))
    whole, other = ([int(x) for x in integers(n)] for n in (numbers, others))
    assert product(numbers, others) == sum(a * b for a, b in zip(whole, other, strict=True))
    assert [int(x) for x in integers(cumulative(numbers, (True,)))] == list(accumulate(whole))
    grid = numbers.reshape(count, 4, 5)
    summed = integers(cumulative(grid, (True, True)))
    assert (summed == np.cumsum(np.cumsum(integers(grid), axis=0), axis=1)).all()
