"""Arrays of whole numbers of any size, also longer than is added up at once."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from stdsl.compiler.analysis.sums import words
from stdsl.compiler.analysis.sums.words import cumulative, integers, product


def test_products_of_many_numbers_do_not_overflow() -> None:
    n, greatest = (1 << 23) + (1 << 10), (1 << 20) - 1
    numbers = np.full((1, n), greatest)
    assert product(numbers, numbers) == greatest**2 * n


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
