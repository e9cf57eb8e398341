"""What a way of cutting a space in two is taken to be as work, beside what it is."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from stdsl.compiler.analysis.sums.pairs import halving
from stdsl.compiler.analysis.sums.pairs.cuts import Cut, narrowest
from stdsl.compiler.analysis.sums.pairs.machine import counting, sides
from stdsl.compiler.analysis.sums.pairs.strip import ARRAYS, Rates, Strip
from stdsl.compiler.analysis.sums.pairs.vectors import Limits, Vectors
from stdsl.compiler.analysis.sums.tables import Effort
from tests.unit.analysis.test_halves import drawn, times

MANY = 50_000
PLENTY = 1 << 60


def some_parts(seed: int) -> list[Vectors]:
    rng = np.random.default_rng(seed)
    units = [(int(a), int(b)) for a, b in rng.choice((1, 1, 2, 8), size=(4, 2))]
    reach = [(int(a), int(b)) for a, b in rng.choice((60, 400, 3000), size=(4, 2))]
    sizes = rng.choice((20, 200, 1500), size=4)
    return [times(drawn(rng, int(n), far), unit) for n, far, unit in zip(sizes, reach, units, strict=True)]


def work_of(cut: Cut, limits: Limits, rates: Rates) -> int | None:
    """What is asked for, once all sums of both sides are there; None where numbers are too great for it."""
    own, other = halving._sides(cut)
    along, effort = halving._across(cut, limits), Effort(PLENTY, PLENTY)
    if rates is ARRAYS:
        Strip(halving.side(own, along, MANY), halving.side(other, along, MANY), along, effort)
    else:
        both = counting.sides(own, other, along)
        if both is None:
            return None
        both.within(along, effort)
    return PLENTY - effort.work


@pytest.mark.parametrize("rates", [ARRAYS, counting.RATES], ids=["arrays", "machine code"])
def test_about_so_much_work_it_is(rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it goes into: the table, the lists, what is near the limit, what is settled, turns through rows."""
    monkeypatch.setattr(sides, "MANY", MANY)
    ratios = []
    for seed in range(25):
        parts = some_parts(seed)
        far = [sum(part.far[axis] for part in parts) for axis in (0, 1)]
        for share in (0.1, 0.3, 0.5, 0.8):
            limits = int(share * far[0]), int((0.2 + 0.8 * seed / 25) * far[1])
            cut = narrowest(parts, limits, replace(rates, many=MANY), halving._coinciding(parts, limits))
            assert cut is not None
            work = work_of(cut, limits, rates)
            if work:
                ratios.append(cut.work / work)
    assert len(ratios) > 90
    assert 0.1 < min(ratios) <= max(ratios) < 10
    assert 0.6 < median(ratios) < 1.5


@pytest.mark.parametrize("unit", [1, 200_000])
def test_what_is_settled_is_added_up_before_up_to_some_limit(unit: int) -> None:
    """In arrays; beyond that each is looked up."""
    rng = np.random.default_rng(0)
    parts = [times(drawn(rng, 100, (9, 29)), (1, unit))]
    for _ in range(3):
        second = rng.integers(60, size=200) * unit
        parts.append(Vectors(rng.integers(10**8, size=200), second, np.ones(200, dtype=np.int64), 200))
    limits = int(0.97 * sum(part.far[0] for part in parts)), int(0.6 * sum(part.far[1] for part in parts))
    assert (limits[1] >= ARRAYS.block) == (unit > 1)
    cut = narrowest(parts, limits, replace(ARRAYS, many=MANY))
    assert cut is not None
    work = work_of(cut, limits, ARRAYS)
    assert work is not None
    assert 0.1 < cut.work / work < 10
