"""The loop of a search: the same trials whatever finishes when, with however many hands, killed and gone on with."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whimsical_trials import Killed, Learner, Whimsical, facts, loop_of

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.engines.here import HereEngine
from stdsl.runtime.training.interruption import Interrupted
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.loop import Trial
from stdsl.runtime.trials.proposal import WAIT, Outcome, Spec, Wait
from stdsl.runtime.trials.store import TrialStore

COUNT = 24


@contextmanager
def fresh() -> Iterator[TrialStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = TrialStore(file_database(Path(folder) / "trials.sqlite"), "a run")
        yield store
        store.close()


def searched(
    store: TrialStore, workers: int, hands: int, seed: int, lost: float = 0.0, ends: int | None = None
) -> tuple[list[Trial], dict[int, tuple[int, ...]]]:
    learner = Learner(COUNT)
    loop = loop_of(store, learner, Clock(workers), workers)
    return loop.run(Whimsical(hands, random.Random(seed), lost, ends)), learner.saw


@settings(max_examples=12)
@given(workers=st.integers(1, 5), hands=st.integers(1, 7), seed=st.integers(0, 10**6), lost=st.sampled_from([0.0, 0.3]))
def test_trials_depend_on_the_text_alone(workers: int, hands: int, seed: int, lost: float) -> None:
    with fresh() as one, fresh() as other:
        expected, saw = searched(one, workers, 1, 0)
        found, seen = searched(other, workers, hands, seed, lost)
        assert facts(found) == facts(expected)
        assert seen == saw
        assert len(found) == COUNT
        assert any(trial.outcome.failed for trial in found)


@settings(max_examples=12)
@given(workers=st.integers(1, 5), hands=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_killed_at_any_moment_it_goes_on_to_the_same_trials(workers: int, hands: int, seed: int) -> None:
    chance = random.Random(seed)
    with fresh() as one, fresh() as other:
        expected, _ = searched(one, workers, 1, 0)
        for number in range(40):
            try:
                found, _ = searched(other, workers, chance.randint(1, hands), seed + number, 0.2, chance.randint(0, 6))
                break
            except Killed:
                continue
        else:
            found, _ = searched(other, workers, hands, seed)
        assert facts(found) == facts(expected)
        again, asked = searched(other, workers, hands, seed)
        assert facts(again) == facts(expected)
        assert not asked  # nothing that is kept is proposed, or trained, once more


def test_one_worker_sees_everything(store: TrialStore) -> None:
    _, saw = searched(store, 1, 3, 0)
    assert saw == {number: tuple(range(number)) for number in range(COUNT)}


def test_who_sees_nothing_waits_for_nothing(store: TrialStore) -> None:
    learner = Learner(COUNT)
    engine = Whimsical(9, random.Random(0))
    loop_of(store, learner, None, workers=0).run(engine)
    assert engine.most == 9
    assert set(learner.saw.values()) == {()}


@pytest.mark.parametrize("workers", [1, 3])
def test_in_the_order_of_finishing_what_is_there_is_seen_and_kept(store: TrialStore, workers: int) -> None:
    """Gone on with, it has seen what it had seen."""
    learner = Learner(COUNT)
    engine = Whimsical(6, random.Random(1), ends=14)
    with pytest.raises(Killed):
        loop_of(store, learner, None, workers).run(engine)
    assert engine.most == workers
    rows = store.rows()
    order = [
        row.number for row in sorted((row for row in rows if row.place is not None), key=lambda row: row.place or 0)
    ]
    for number, seen in learner.saw.items():
        assert seen == tuple(order[: rows[number].saw])
    more = Learner(COUNT)
    found = loop_of(store, more, None, workers).run(Whimsical(6, random.Random(2)))
    assert len(found) == COUNT
    assert min(more.saw) == len(rows)
    assert all(seen[: len(order)] == tuple(order) for seen in more.saw.values())


def test_a_trial_is_given_up_after_so_many_attempts(store: TrialStore) -> None:
    loop = loop_of(store, Learner(COUNT), Clock(2), 2, attempts=2)
    found = loop.run(Whimsical(2, random.Random(0), lost=0.5))
    given_up = [trial for trial in found if "SIGKILL" in trial.outcome.failed]
    rows = {row.number: row for row in store.rows()}
    assert given_up
    assert all(rows[trial.spec.number].attempt == 2 for trial in given_up)
    assert all(rows[trial.spec.number].state == "failed" for trial in given_up)
    assert {row.error for row in rows.values() if row.state == "done"} == {None}
    assert {row.attempt for row in rows.values() if row.state == "done"} == {1, 2}


def test_asked_to_stop_it_keeps_what_is_there(store: TrialStore) -> None:
    loop = loop_of(store, Learner(COUNT), Clock(3), 3)
    done: list[str] = []

    def do(payload: object, tell: object, interruption: object) -> dict[str, object]:
        done.append("one")
        loop.interruption.asked = len(done) == 5
        return {"values": {"accuracy": 0.5}, "steps": 1, "seconds": 0.0, "measured": []}

    with pytest.raises(Interrupted):
        loop.run(HereEngine(None, loop.hear, loop.interruption, do))  # type: ignore[arg-type]
    assert [row.state for row in store.rows()] == ["done"] * 5


def test_a_store_with_a_hole_is_told_of(store: TrialStore) -> None:
    searched(store, 1, 1, 0)
    with store._database.at_work() as connection:
        connection.exec_driver_sql("DELETE FROM trials WHERE number = 3")
    with pytest.raises(RunError, match=r"E0753.*trial 4 is missing"):
        searched(store, 1, 1, 0)


class InRounds(Learner):
    """Proposes a few at a time, and the next few when all of these are seen."""

    def __init__(self, count: int, few: int) -> None:
        super().__init__(count)
        self._few = few

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        if number % self._few == 0 and len(seen) < number:
            return WAIT
        return super().ask(number, specs, seen)


@settings(max_examples=12)
@given(
    workers=st.integers(1, 5), hands=st.integers(1, 4), few=st.integers(1, 7), seed=st.integers(0, 10**6),
    clocked=st.booleans(),
)  # fmt: skip
def test_who_waits_for_more_to_see_goes_on_when_it_is_there(
    workers: int, hands: int, few: int, seed: int, clocked: bool
) -> None:
    """By the clock the same trials, killed at any moment or not."""
    chance = random.Random(seed)

    def run(store: TrialStore, engine: Whimsical) -> tuple[list[Trial], InRounds]:
        learner = InRounds(COUNT, few)
        return loop_of(store, learner, Clock(workers) if clocked else None, workers).run(engine), learner

    with fresh() as one, fresh() as other:
        expected, learner = run(one, Whimsical(1, random.Random(0)))
        assert len(expected) == COUNT
        for number, saw in learner.saw.items():
            assert set(saw) >= set(range(number - number % few))
        found: list[Trial] = []
        while not found:
            with suppress(Killed):
                found, _ = run(other, Whimsical(hands, random.Random(chance.random()), 0.2, chance.randint(0, 9)))
        assert len(found) == COUNT
        if clocked:
            assert facts(found) == facts(expected)
