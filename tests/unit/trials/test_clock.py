"""The virtual clock: what it shows follows from the lengths of earlier trials alone, and is never more than is
right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.lengths import predicted_length

LENGTHS = st.lists(st.integers(1, 50), max_size=60)
WORKERS = st.integers(1, 8)
SLACKS = st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0])


def shown(workers: int, slack: float, lengths: list[int]) -> list[tuple[int, ...]]:
    """What the proposals 0 to n see."""
    clock = Clock(workers, slack)
    found = [tuple(clock.visible)]
    for length in lengths:
        clock.begin(length)
        found.append(tuple(clock.visible))
    return found


def by_definition(workers: int, slack: float, lengths: list[int]) -> list[tuple[int, ...]]:
    """The same, trial by trial from the definition, in quarters of a unit of time."""
    free, starts = [0] * workers, list[int]()
    found = []
    for number in range(len(lengths) + 1):
        start = min(free)
        ends = [(starts[j] + int(4 * slack * lengths[j]), j) for j in range(number)]
        found.append(tuple(j for end, j in sorted(ends) if end <= start))
        if number < len(lengths):
            free[free.index(start)] = start + 4 * lengths[number]
            starts.append(start)
    return found


@given(workers=st.integers(2, 8), slack=SLACKS, lengths=LENGTHS)
def test_it_shows_what_its_definition_says(workers: int, slack: float, lengths: list[int]) -> None:
    assert shown(workers, slack, lengths) == by_definition(workers, slack, lengths)


@given(workers=WORKERS, slack=SLACKS, lengths=LENGTHS, more=LENGTHS)
def test_what_a_proposal_sees_depends_on_earlier_trials_alone(
    workers: int, slack: float, lengths: list[int], more: list[int]
) -> None:
    n = len(lengths)
    assert shown(workers, slack, lengths + more)[: n + 1] == shown(workers, slack, lengths)


@given(workers=WORKERS, slack=SLACKS, lengths=LENGTHS)
def test_it_shows_earlier_trials_once_and_never_takes_one_back(workers: int, slack: float, lengths: list[int]) -> None:
    found = shown(workers, slack, lengths)
    for number, seen in enumerate(found):
        assert len(set(seen)) == len(seen)
        assert all(j < number for j in seen)
        assert number == 0 or seen[: len(found[number - 1])] == found[number - 1]
        # Of the trials that are not shown, a worker each may be at one; with more slack, some wait to be shown.
        assert slack > 1 or number - len(seen) < workers or workers == 1


@given(slack=SLACKS, lengths=LENGTHS)
def test_one_worker_is_an_ordinary_search(slack: float, lengths: list[int]) -> None:
    assert shown(1, slack, lengths) == [tuple(range(n)) for n in range(len(lengths) + 1)]


@given(workers=st.integers(2, 8), lengths=LENGTHS)
def test_more_slack_never_shows_more(workers: int, lengths: list[int]) -> None:
    for less, more in zip(shown(workers, 1.5, lengths), shown(workers, 3.0, lengths), strict=True):
        assert set(more) <= set(less)


def test_equal_lengths_are_shown_two_rounds_later() -> None:
    assert shown(3, 2.0, [5] * 8)[6:] == [(0, 1, 2), (0, 1, 2), (0, 1, 2)]


def test_what_cannot_be_is_refused() -> None:
    for workers, slack in ((0, 2.0), (2, 0.5)):
        with pytest.raises(ValueError, match="workers"):
            Clock(workers, slack)
    with pytest.raises(ValueError, match="length"):
        Clock(1).begin(0)


@given(flops=st.integers(0, 10**12), batch=st.integers(1, 512), steps=st.integers(1, 10**5))
def test_lengths_grow_with_cost_and_steps(flops: int, batch: int, steps: int) -> None:
    length = predicted_length(flops, batch, steps)
    assert 0 < length < predicted_length(flops + 1, batch, steps)
    assert length < predicted_length(flops, batch, steps + 1)
    assert predicted_length(None, batch, steps) == predicted_length(0, batch, steps)


def test_workers_that_never_had_a_trial_take_no_room() -> None:
    clock = Clock(10**12)
    for _ in range(3):
        clock.begin(5)
    assert list(clock.visible) == []


@given(workers=WORKERS, slack=SLACKS, lengths=LENGTHS, idle=st.lists(st.booleans(), min_size=60, max_size=60))
def test_who_waits_sees_one_more_at_least_and_what_comes_next_begins_later(
    workers: int, slack: float, lengths: list[int], idle: list[bool]
) -> None:
    """And how often was waited follows from how much is seen, so that a clock is made again from that."""
    clock, again = Clock(workers, slack), Clock(workers, slack)
    for length, waits in zip(lengths, idle, strict=False):
        before = list(clock.visible)
        if waits and clock.idle():
            assert clock.visible[: len(before)] == before
            assert len(clock.visible) > len(before)
        while len(again.visible) < len(clock.visible):
            assert again.idle()
        assert again.visible == clock.visible
        clock.begin(length)
        again.begin(length)
        assert again.visible == clock.visible
    while clock.idle():
        pass
    assert sorted(clock.visible) == list(range(len(lengths)))
