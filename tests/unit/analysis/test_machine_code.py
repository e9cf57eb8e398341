"""Pairs of budgets counted in machine code, against the same one by one, and without it."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from stdsl.compiler.analysis.sums.pairs import halving, vectors
from stdsl.compiler.analysis.sums.pairs.machine import (
    available,
    columns,
    compiling,
    counting,
    rows,
    sides,
    slices,
    sweep,
)
from stdsl.compiler.analysis.sums.pairs.machine.rows import Rows
from stdsl.compiler.analysis.sums.pairs.machine.sides import Sides
from stdsl.compiler.analysis.sums.pairs.vectors import Limits, Vectors, coinciding, summed
from stdsl.compiler.analysis.sums.tables import Effort, TooMuch
from tests.unit.analysis.test_halves import drawn, noted, times

PLENTY = Effort(1 << 60, 1 << 60)


def of_all(parts: list[Vectors]) -> list[tuple[int, int, int]]:
    """All sums of one of each, one by one."""
    found = [(0, 0, 1)]
    for part in parts:
        own = [(int(a), int(b), int(n)) for a, b, n in zip(part.first, part.second, part.counts, strict=True)]
        found = [(a + c, b + d, n * m) for (a, b, n), (c, d, m) in product(found, own)]
    return found


def within(own: list[Vectors], other: list[Vectors], limits: Limits) -> int:
    """Pairs of both, one by one."""
    return sum(
        n * m
        for (a, b, n), (c, d, m) in product(of_all(own), of_all(other))
        if a + c <= limits[0] and b + d <= limits[1]
    )


def counted(own: list[Vectors], other: list[Vectors], limits: Limits) -> int:
    """In machine code, where a side has sums at all."""
    made = counting.sides(own, other, limits)
    if made is None:
        assert not any(a <= limits[0] and b <= limits[1] for a, b, _ in of_all(own)) or not any(
            a <= limits[0] and b <= limits[1] for a, b, _ in of_all(other)
        )
    return made.within(limits, PLENTY).count() if made else 0


def far(parts: list[Vectors]) -> Limits:
    return sum(part.far[0] for part in parts), sum(part.far[1] for part in parts)


def limits_for(own: list[Vectors], other: list[Vectors], rng: np.random.Generator) -> list[Limits]:
    whole = [a + b for a, b in zip(far(own), far(other), strict=True)]
    return [
        (int(share * whole[0]), int(rng.uniform(0.1, 1.1) * whole[1])) for share in (0.0, 0.05, 0.3, 0.5, 0.8, 1.0, 1.2)
    ]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> int:
    """Small limits of all kinds, by a seed."""
    seed: int = request.param
    monkeypatch.setattr(slices, "WIDTH", (16, 48, 1 << 17)[seed % 3])
    monkeypatch.setattr(sides, "MANY", (1, 60, 10**6)[seed // 2 % 3])
    monkeypatch.setattr(columns, "ROOM", (1, 300, 10**6)[seed // 3 % 3])
    monkeypatch.setattr(columns, "ROWS", (1, 3, 16)[seed % 3])
    monkeypatch.setattr(rows, "INDEXED", (1, 4)[seed % 2])
    monkeypatch.setattr(rows, "FEWEST", (0, 1 << 20)[seed // 2 % 2])
    monkeypatch.setattr(rows, "PAIRS", (1, 50, 10**6)[seed % 3])
    monkeypatch.setattr(rows, "TURNS", 1000)
    return seed


@pytest.mark.parametrize("small", range(24), indirect=True)
def test_pairs_in_machine_code_are_those_one_by_one(small: int) -> None:
    """Common factors of either side, rows and columns of several units, and one of the few or many."""
    rng = np.random.default_rng(small)
    units = [(int(a), int(b)) for a, b in rng.choice((1, 2, 3, 5, 12), size=(5, 2))]
    sizes = ((30, (20, 90)), (4, (30, 40)), (40, (90, 60)), (5, (40, 20)), (3, (50, 70)))
    parts = [times(drawn(rng, n, reach), unit) for (n, reach), unit in zip(sizes, units, strict=True)]
    number = 0
    for own, other in ((parts[:2], parts[2:4]), (parts[1:3], [parts[0], *parts[3:4]]), (parts[:1], parts[3:])):
        for limits in limits_for(own, other, rng):
            some = counting.sides(own, other, limits)
            if some is None:
                assert within(own, other, limits) == 0
                continue
            for lower in (limits, (limits[0] // 2, limits[1] - 1)):
                if min(lower) < 0:
                    continue
                told: list[tuple[int, int]] = []
                made = some.within(lower, PLENTY)
                found = made.count(partial(noted, told))
                assert found == within(own, other, lower)
                assert found == made.together([piece() for piece in made.pieces(made.done())])
                assert told == sorted(told)
                number += 1
    assert number > 5


@pytest.mark.parametrize("unit", [3, 640, 4095, 4096, 4097, 690_678_970])
def test_columns_of_great_units(unit: int) -> None:
    """A column is found by a multiplication while that is exact, up to the last number that it is made for."""
    rng = np.random.default_rng(unit)
    own, other = [times(drawn(rng, 30, (12, 3)), (5, unit))], [drawn(rng, 40, (90, 60))]
    other.append(times(drawn(rng, 4, (20, 2)), (3, unit - 1)))
    for limits in [*limits_for(own, other, rng), *((40, unit * k - 1) for k in (1, 2, 3))]:
        if unit <= 4096:
            assert counted(own, other, limits) == within(own, other, limits)
        else:
            assert counting.sides(own, other, limits) is None


@pytest.mark.parametrize("seed", range(4))
def test_numbers_that_no_32_bits_hold(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a line of a table, and products that no 64 bits hold; with columns of one unit and several."""
    rng = np.random.default_rng(seed)
    tables = []
    made = columns._aligned
    monkeypatch.setattr(columns, "_aligned", lambda n, kind: tables.append(kind) or made(n, kind))
    own, other = ([drawn(rng, 60, (12, 60)), drawn(rng, 3, (4, 20))] for _ in range(2))
    for parts, size in ((own, 1 << 19 + 3 * seed), (other, 1 << 30)):
        counts = rng.integers(size // 2, size, size=len(parts[0].counts)) | 1
        parts[0] = replace(times(parts[0], (1, 1 + seed % 2)), counts=counts, total=int(counts.sum()))
    for limits in limits_for(own, other, rng):
        assert counted(own, other, limits) == within(own, other, limits)
    assert (np.int64 in tables) == (seed > 2)
    assert within(own, other, (10**9, 10**9)) > 1 << 60


@pytest.mark.parametrize("small", range(12), indirect=True)
def test_all_sums_in_machine_code(small: int) -> None:
    """Each once, in order, none beyond the limits, as by sorting."""
    rng = np.random.default_rng(small)
    units = [(int(a), int(b)) for a, b in rng.choice((1, 4, 6), size=(2, 2))]
    one, other = times(drawn(rng, 60, (40, 900)), units[0]), times(drawn(rng, 9, (30, 20)), units[1])
    for share in (0.0, 0.4, 1.0):
        limits = int(share * 500), int(share * 4000)
        wanted, found = summed(one, other, limits), Rows.of(one).summed(other, limits).as_vectors(np.int64)
        for name in ("first", "second", "counts"):
            assert (getattr(found, name) == getattr(wanted, name)).all()
        assert found.total == wanted.total


def test_sums_that_are_too_great_or_too_far_apart_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    one, other = drawn(rng, 60, (40, 90)), drawn(rng, 9, (30, 20))
    great = replace(one, counts=one.counts + (1 << 31), total=1 << 50)
    wide = times(replace(one, first=one.first + (one.first > 20)), ((1 << 20) + 7, 1))
    limits = (1 << 40, 10**6)
    monkeypatch.setattr(vectors, "FEW", 0)
    for some in (great, replace(one, counts=one.counts * ((1 << 28) + 1), total=1 << 40), wide):
        found, wanted = summed(some, other, limits, counting), summed(some, other, limits)  # type: ignore[arg-type]
        for name in ("first", "second", "counts"):
            assert (getattr(found, name) == getattr(wanted, name)).all()
    assert counting.summed(great, other, limits, np.int64) is None
    assert counting.summed(wide, other, limits, np.int64) is None
    assert counting.sides([great], [other], limits) is None
    assert counting.sides([one], [times(other, (1, 1 << 27))], limits) is None
    assert counting.sides([one], [other], (5, 1 << 31)) is None
    assert counting.sides([one], [other], (5, 5)) is not None


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("code", [None, counting], ids=["arrays", "machine code"])
def test_any_parts_within_any_limits(seed: int, code: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever cut seems best, and down to limits that no sum of two parts, or of all, is within."""
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(halving, "machine_code", lambda: code)
    monkeypatch.setattr(halving, "SOON", -1)
    monkeypatch.setattr(halving, "TRIED", int(rng.choice((1, 40, 10**6))))
    monkeypatch.setattr(halving, "LONGER_TRIED", int(rng.choice((1, 400, 10**6))))
    monkeypatch.setattr(halving, "PARTS", int(rng.choice((2, 14))))
    monkeypatch.setattr(vectors, "FEW", int(rng.choice((0, 1 << 16))))
    monkeypatch.setattr(vectors, "LOOKED", int(rng.choice((5, 1 << 20))))
    monkeypatch.setattr(vectors, "SHOWING", int(rng.choice((8, 64, 1 << 17))))
    sizes = rng.integers(1, 9, size=int(rng.integers(2, 6)))
    parts = [drawn(rng, int(n), (int(rng.choice((2, 30))), int(rng.choice((4, 50))))) for n in sizes]
    parts = [replace(v, first=v.first + rng.integers(9), second=v.second + rng.integers(9)) for v in parts]
    sums, most = np.array(of_all(parts)), far(parts)
    least = sums[:, 0].min(), sums[:, 1].min()
    ends = [(int(a), int(b)) for a, b in (*sums[rng.integers(len(sums), size=6), :2], least, most)]
    for limits in [*ends, (least[0] - 1, most[1]), (most[0], least[1] - 1), (0, 0), (0, most[1]), (10**9, 10**9)]:
        if min(limits) < 0:
            continue
        wanted = int(sums[(sums[:, 0] <= limits[0]) & (sums[:, 1] <= limits[1]), 2].sum())
        for longer in (False, True):
            within_all = halving._meeting(parts, [limits], Effort(10**12, 10**9), longer)
            assert within_all(limits).count() == wanted


def test_more_work_than_allowed_is_not_begun() -> None:
    rng = np.random.default_rng(0)
    some = Sides([drawn(rng, 60, (40, 90))], [drawn(rng, 50, (30, 20))], (60, 90))
    with pytest.raises(TooMuch):
        some.within((60, 90), Effort(100, 1 << 40))


def test_where_machine_code_fails_on_the_way_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where numbers do not fit in 32 bits, and the code for longer ones finds no room on the disk."""
    rng = np.random.default_rng(0)
    some = Sides([drawn(rng, 60, (40, 90))], [drawn(rng, 50, (30, 20))], (60, 90))
    swept, asked = sweep.swept, []

    def full(*given: Any) -> bool:
        asked.append(given)
        if len(asked) > 1:
            raise OSError(28, "No space left on device")
        return False

    monkeypatch.setattr(sweep, "swept", full)
    with pytest.raises(TooMuch):
        some.within((60, 90), PLENTY).count()
    monkeypatch.setattr(sweep, "swept", swept)
    assert some.within((60, 90), PLENTY).count() > 0


def test_what_is_told_may_end_the_count() -> None:
    """All threads end then."""
    rng = np.random.default_rng(0)
    some = Sides([drawn(rng, 60, (40, 90))], [drawn(rng, 50, (30, 20))], (60, 90))

    def enough(done: int, whole: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        some.within((60, 90), PLENTY).count(enough)


@pytest.mark.parametrize("reason", ["no extra", "no compiling", "no disk", "wrong code"])
def test_without_machine_code_all_is_counted_in_arrays(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    available.machine_code.cache_clear()
    forgotten: list[bool] = []
    monkeypatch.setattr(compiling, "forget", lambda: forgotten.append(True))
    if reason == "no extra":
        monkeypatch.setattr(available, "find_spec", lambda name: None)
    elif reason == "no compiling":
        monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    elif reason == "no disk":

        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(sweep, "swept", full)
    else:
        monkeypatch.setattr(sweep, "settled", lambda *_: None)
    try:
        assert halving.machine_code() is None
        assert bool(forgotten) == (reason in ("no disk", "wrong code"))
    finally:
        available.machine_code.cache_clear()


def test_more_memory_than_allowed_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a table, of what its rows come from, and of lists: they are Unfit before the memory is."""
    numbers = np.arange(4)
    own, other = Vectors(numbers, numbers**15, numbers + 1, 10), Vectors(numbers, numbers, numbers + 1, 10)
    limits = (4, 3**15)
    assert Sides([own], [other], limits).within(limits, PLENTY).count() == within([own], [other], limits)
    with monkeypatch.context() as patch:
        patch.setattr(sides, "MOST_BYTES", 8 * 3 * 3**15)
        assert counting.sides([own], [other], limits) is None
        assert counting.sides([own], [other], (4, 3**14)) is not None
    for name in ("MANY", "FEW"):
        monkeypatch.setattr(sides, name, 12)
    assert counting.sides([own] * 2, [other] * 2, limits) is not None
    assert counting.sides([own] * 3, [other] * 2, limits) is None
    wide = Vectors(numbers, numbers * ((1 << 30) - 1), numbers + 1, 10)
    assert counting.sides([own], [wide, other], (4, (1 << 31) - 1)) is None


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_where_there_is_no_memory_and_no_thread_it_is_too_much(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    some = Sides([drawn(rng, 60, (40, 90))], [drawn(rng, 50, (30, 20))], (60, 90))

    def failing(*given: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "settled", failing)
        with pytest.raises(TooMuch):
            some.within((60, 90), PLENTY).count()
    monkeypatch.setattr(slices.ThreadPoolExecutor, "submit", failing)
    with pytest.raises(TooMuch):
        some.within((60, 90), PLENTY).count()
    monkeypatch.setattr(rows, "PAIRS", 1)
    assert counting.sides([drawn(rng, 60, (40, 90))] * 2, [drawn(rng, 50, (30, 20))], (60, 90)) is None
    assert counting.summed(drawn(rng, 60, (40, 90)), drawn(rng, 50, (30, 20)), (60, 90), np.int64) is None


@pytest.mark.parametrize("axis", [0, 1])
def test_a_part_that_costs_nothing_leaves_the_others_what_they_have_in_common(axis: int) -> None:
    """As what has no parameters: its sums are as far apart as those of all else."""
    rng = np.random.default_rng(0)
    numbers = np.arange(200)
    free = Vectors(numbers, 0 * numbers, numbers + 1, int((numbers + 1).sum()))
    free = free.turned() if axis == 0 else free
    units, factors = set[int](), (7, 640) if axis else (640, 7)
    own, other = [free, times(drawn(rng, 50, (9, 9)), factors)], [drawn(rng, 40, (90, 60)), times(free, (3, 3))]
    for limits in limits_for(own, other, rng):
        assert counted(own, other, limits) == within(own, other, limits)
        assert counted(other[:1], [free, own[1]], limits) == within(other[:1], [free, own[1]], limits)
        made = counting.sides(own, other, limits)
        units.add(made.units[axis] if made and limits[axis] >= 640 else 640)
    assert units == {640}
    assert Sides(own, other, (5000, 5000)).units[axis] == 640


def test_of_nothing_and_of_the_greatest_limits_no_sides_are_made() -> None:
    rng = np.random.default_rng(0)
    some, numbers = drawn(rng, 30, (20, 20)), np.arange(0)
    empty = Vectors(numbers, numbers, numbers, 1)
    for own, other in (([some, empty], [some]), ([some], [empty, some]), ([empty], [some]), ([some] * 3, [empty])):
        assert counting.sides(own, other, (5, 5)) is None
    assert counting.sides([some], [some], (1 << 63, 5)) is None
    for own, other in (([], [some]), ([some], []), ([], [])):
        assert Sides(own, other, (9, 9)).within((9, 9), PLENTY).count() == within(own, other, (9, 9))


def test_narrow_slices_beside_an_index_of_wide_parts_are_work() -> None:
    """Every slice has the columns again that a part of the index may mean."""
    rng = np.random.default_rng(0)
    own = Vectors(np.arange(200), np.arange(200) % 11, np.ones(200, dtype=np.int64), 200)
    far = 1 << 16
    other = Vectors(np.arange(1 << 13), rng.integers(0, far, size=1 << 13), np.ones(1 << 13, dtype=np.int64), 1 << 13)
    made = Sides([own], [other], (1 << 12, far)).within((1 << 12, far), PLENTY)
    assert made.sides.pad > made.shape[1]
    assert len(made.begins) == 1
    assert made.work > slices.RATES.cell * made.shape[0] * made.sides.pad
    assert made.count() == sum(
        int(((other.first + i <= 1 << 12) & (other.second + i % 11 <= far)).sum()) for i in range(200)
    )


def test_rests_of_the_few_are_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are gone through in each row of each slice, whether any of the few ends in it or not."""
    monkeypatch.setattr(sides, "MANY", 100)
    few = np.arange(60)
    own = Vectors(few, few, few + 1, int((few + 1).sum()))
    other = [Vectors(few * 97, few, few + 1, own.total), Vectors(few, few, few + 1, own.total)]
    made = Sides([own], other, (3000, 90))
    assert len(made.classes[0]) == 60
    alone = Sides([own], other[:1], (3000, 90))
    turns = made.within((3000, 90), PLENTY).work - alone.within((3000, 90), PLENTY).work
    assert turns > slices.RATES.turn * 60 * 60
    assert made.within((3000, 90), PLENTY).count() == within([own], other, (3000, 90))


def test_what_is_kept_and_damaged_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: where it fails again there is another reason."""
    available.machine_code.cache_clear()
    kept, warm, asked = tmp_path / "machine-0", counting.warm, []

    def of_damaged(longer: bool = False) -> None:
        asked.append(longer)
        if kept.exists():
            raise EOFError("Ran out of input")
        warm(longer)

    monkeypatch.setattr(compiling, "_folder", lambda: kept)
    monkeypatch.setattr(counting, "warm", of_damaged)
    kept.mkdir()
    (kept / "sweep.nbi").write_bytes(b"")
    try:
        assert available.machine_code() is counting
        assert len(asked) == 2
        assert not kept.exists()
    finally:
        available.machine_code.cache_clear()


def test_an_interrupt_that_the_compiler_loses_is_none_the_less_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It calls back, and what is raised there comes to nothing else."""
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)

    def interrupt() -> None:
        raise KeyboardInterrupt

    interrupted = ctypes.CFUNCTYPE(None)(interrupt)
    wrong = ctypes.CFUNCTYPE(None)(lambda: [][1])

    def both(error: type[Exception] | None = None) -> None:
        with compiling.interruptible():
            interrupted()
            wrong()
            if error:
                raise error

    for error in (None, ValueError):  # what the compiler makes of it
        with pytest.raises(KeyboardInterrupt):
            both(error)
    with compiling.interruptible():
        wrong()
    assert [what.exc_type for what in told] == [IndexError] * 3


def test_code_is_kept_for_each_state_of_all_files(tmp_path: Path) -> None:
    """What is compiled holds that of the functions it calls, of other files; a change of any makes it anew."""
    here = Path(compiling.__file__)
    texts = {path.name: path.read_bytes() for path in here.parent.glob("*.py")}
    folders = []
    for changed in (None, None, "merging.py", "lines.py"):
        for name, text in texts.items():
            (tmp_path / name).write_bytes(text + b"\n" * (name == changed))
        folders.append(compiling.of_files(tmp_path))
    assert folders[0] == folders[1] == compiling.of_files(here.parent)
    assert len(set(folders)) == 3
    kept = compiling._folder()
    assert kept is None or Path(sweep.swept.stats.cache_path).parent == kept  # type: ignore[attr-defined]
    assert kept is None or kept.name.endswith(folders[0])


@pytest.mark.parametrize("seed", range(6))
def test_how_many_sums_coincide_shows_in_some_places(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are looked at where they are few; of more about as many coincide."""
    rng = np.random.default_rng(seed)
    one, other = drawn(rng, 900, (60, 40 + 40 * seed)), times(drawn(rng, 60, (30, 20)), (1, 1 + seed % 2))
    limits = (70, 70 + 10 * seed)
    pairs = sum(n for _, _, n in of_all([replace(v, counts=np.ones_like(v.counts)) for v in (one, other)]))
    whole = [a for a in of_all([one, other]) if a[0] <= limits[0] and a[1] <= limits[1]]
    exact = len(whole) / len({(a, b) for a, b, _ in whole})
    monkeypatch.setattr(vectors, "PLACES", 1)
    monkeypatch.setattr(vectors, "SHOWING", pairs)
    assert coinciding(one, other, limits) == exact
    monkeypatch.setattr(vectors, "PLACES", 8)
    monkeypatch.setattr(vectors, "SHOWING", pairs // 4)
    assert coinciding(one, other, limits) == pytest.approx(exact, rel=0.35)


def test_where_no_sum_is_within_limits_none_is_known_to_coincide() -> None:
    """Of many pairs only some are looked at; of none, too."""
    numbers = np.arange(1000)
    some = Vectors(numbers, numbers % 50, numbers + 1, 500_500)
    for limits in ((100, 10**6), (0, 0), (10**6, 3), (10**30, 10**6)):
        assert coinciding(some, some, limits) >= 1.0
    assert coinciding(replace(some, second=some.second + 100), some, (10**6, 99)) == 1.0
    empty = Vectors(numbers[:0], numbers[:0], numbers[:0], 1)
    assert coinciding(empty, some, (9, 9)) == coinciding(some, empty, (9, 9)) == 1.0
