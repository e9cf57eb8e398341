"""Successive halving: who goes on, and for how long."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))

from whimsical_trials import Killed, Whimsical

import stdsl
from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.families.bayes.brackets import rungs as rungs_of
from stdsl.compiler.families.bayes.settings import Budget
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.compiler.families.random import RandomConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.halving import Halving
from stdsl.runtime.randomness import key
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.strategies.halving import Ladder, further_steps
from stdsl.runtime.strategies.random import Draws, Halved, drawn
from stdsl.runtime.training.interruption import Interruption
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.loop import Loop, Rules, Trial
from stdsl.runtime.trials.proposal import Proposer, Spec
from stdsl.runtime.trials.store import TrialRow, TrialStore


def test_steps_add_up_to_powers() -> None:
    for eta in (2, 3, 4):
        assert [40 + sum(further_steps(40, eta, r) for r in range(1, k + 1)) for k in range(4)] == [
            40 * eta**k for k in range(4)
        ]


def test_the_best_of_those_that_are_seen_go_on_from_the_highest_rung_first() -> None:
    ladder = Ladder(2, 2)
    assert ladder.next() is None
    for number, score in enumerate((0.1, 0.4, 0.3)):
        ladder.begin(number, None)
        ladder.see(number, (score,))
    assert ladder.next() == (1, 1)
    ladder.begin(3, 1)
    assert ladder.next() is None, "one of three goes on, and it has"
    ladder.begin(4, None)
    ladder.see(4, (0.9,))
    assert ladder.next() == (4, 1)
    ladder.begin(5, 4)
    ladder.see(5, (0.95,))
    assert ladder.next() is None, "there is one result on rung 1"
    ladder.see(3, (0.5,))
    assert ladder.next() == (5, 2)
    ladder.begin(6, 5)
    ladder.see(6, (0.99,))
    assert ladder.next() is None, "rung 2 is the highest"


def test_what_is_seen_decides_whatever_the_order() -> None:
    """With all results of a rung seen, those that have gone on in the end have the best half among them."""
    generator = random.Random(4)
    for _ in range(30):
        scores = [generator.random() for _ in range(16)]
        ladder, went = Ladder(4, 1), list[int]()
        for number in range(16):
            ladder.begin(number, None)
        for number in generator.sample(range(16), 16):
            ladder.see(number, (scores[number],))
            while (found := ladder.next()) is not None:
                went.append(found[0])
                ladder.begin(100 + found[0], found[0])
        best = sorted(range(16), key=lambda n: -scores[n])[:4]
        assert set(best) <= set(went)


@cache
def graph() -> SpaceGraph:
    text = (
        "stdsl 1\nmeta m on x: image(1, 8, 8) {\n  n = choose 1..4 as width\n  for i in 1..n { s[i] = x -> "
        "choose {wide: conv(2, 3x3), point: conv(2, 1x1)} as kind }\n  return s -> concat -> global_avg_pool -> "
        "linear(3)\n}\nspace s = m\n"
    )
    return stdsl.loads(text, "s").graph


@contextmanager
def fresh() -> Iterator[TrialStore]:
    with TemporaryDirectory() as folder:
        store = TrialStore(file_database(Path(folder) / "trials.sqlite"), "a run")
        yield store
        store.close()


STEPS = 10


HALVING = Halving(eta=2, rungs=2)


def evolved(trials: int) -> Proposer:
    strategy = EvolutionConfig(population=4, tournament=2, rounds=trials - 4, halving=HALVING)
    return Evolution(graph(), strategy, 3, "accuracy", (), STEPS)


def at_random(trials: int) -> Proposer:
    draws = Draws(drawn(graph(), RandomConfig(trials=trials, draw="even"), 3))
    return Halved(draws, HALVING, STEPS, "accuracy")


def halved(
    store: TrialStore,
    workers: int,
    engine: Whimsical,
    clocked: bool = True,
    trials: int = 13,
    proposer: Callable[[int], Proposer] = evolved,
) -> list[Trial]:
    """A search whose trials reach what their architecture and their rung say; one in seven fails."""

    def spec_of(row: TrialRow) -> Spec:
        assert row.number is not None
        return Spec(row.number, architecture(graph(), row.architecture), row.steps, row.start, row.parents)

    rules = Rules(
        Clock(workers) if clocked else None,
        workers,
        lambda spec: (spec.steps or STEPS) * (1 + key("length", spec.architecture.hash) % 5),
        lambda spec: {"x": key("reached", spec.architecture.hash, spec.steps or 0) % 1000},
        0,
        attempts=50,
    )
    loop = Loop(proposer(trials), rules, store, Silent(), Interruption())
    loop.go_on_from(store.rows(), spec_of)
    return loop.run(engine)


def left_behind(trials: list[Trial]) -> list[tuple[int, int]]:
    """Who would go on once everything is seen, and to which rung, of those that did not."""
    ladder = Ladder(2, 2)
    for trial in trials:
        ladder.begin(trial.spec.number, trial.spec.start)
    for trial in trials:
        ladder.see(trial.spec.number, None if trial.outcome.failed else (trial.outcome.values["accuracy"],))
    found = []
    while (goes := ladder.next()) is not None:
        found.append(goes)
        ladder.begin(len(trials) + len(found), goes[0])
    return found


@pytest.mark.parametrize("proposer", [evolved, at_random])
@pytest.mark.parametrize("trials", [13, 44])  # there are 30 architectures: of 44 trials the space is tried whole
@pytest.mark.parametrize("workers", [1, 3])
def test_the_last_ones_go_on_too_whatever_finishes_when(
    workers: int, trials: int, proposer: Callable[[int], Proposer]
) -> None:
    """As the clock shows them; and a run that is killed and goes on does the same."""
    with fresh() as one:
        expected = halved(one, workers, Whimsical(1, random.Random(0)), trials=trials, proposer=proposer)
    made = [trial.spec for trial in expected if trial.spec.start is None]
    assert len(made) == (13 if trials == 13 else 30)
    assert {trial.spec.steps for trial in expected} == {None, STEPS, 2 * STEPS}
    assert left_behind(expected) == []
    for hands in (2, 3):
        with fresh() as other:
            found, chance = list[Trial](), random.Random(hands)
            while not found:
                engine = Whimsical(hands, random.Random(chance.random()), 0.2, chance.randint(3, 20))
                try:
                    found = halved(other, workers, engine, trials=trials, proposer=proposer)
                except Killed:
                    continue
        assert [(t.spec, t.outcome) for t in found] == [(t.spec, t.outcome) for t in expected]


@pytest.mark.parametrize("proposer", [evolved, at_random])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_last_ones_go_on_in_the_order_of_finishing(workers: int, proposer: Callable[[int], Proposer]) -> None:
    with fresh() as store:
        trials = halved(store, workers, Whimsical(3, random.Random(5)), clocked=False, proposer=proposer)
    assert left_behind(trials) == []


def test_the_rungs_are_those_of_brackets() -> None:
    """Where the shortest training is a whole number of epochs, the same lengths in all."""
    for epochs, eta, rungs, per_epoch in ((1, 3, 2, 16), (2, 2, 4, 7), (3, 4, 1, 5)):
        budget = Budget(least=epochs, most=epochs * eta**rungs, eta=eta)
        fitness = Fitness(epochs=epochs).total_steps(per_epoch)
        longer = [further_steps(fitness, eta, rung) for rung in range(1, rungs + 1)]
        assert list(accumulate([fitness, *longer])) == [epochs * per_epoch for epochs in rungs_of(budget)]
