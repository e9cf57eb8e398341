"""Trials that take no time, for engines whose ends come in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from stdsl.compiler.analysis.architecture import Architecture, DecisionTable
from stdsl.runtime.engines.contract import Done, Fault, Plain
from stdsl.runtime.randomness import key
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.training.interruption import Interruption
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.loop import Loop, Rules, Trial
from stdsl.runtime.trials.proposal import Outcome, Spec, Wait
from stdsl.runtime.trials.store import TrialRow, TrialStore

TABLE = DecisionTable("a", (), ())


def arch(value: int) -> Architecture:
    return Architecture({"x": value}, TABLE)


class Learner:
    """A proposer that depends on everything that it may depend on, and remembers what it saw."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.saw: dict[int, tuple[int, ...]] = {}

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        assert len(specs) == number
        if number == self._count:
            return None
        self.saw[number] = tuple(outcome.number for outcome in seen)
        told = [f"{outcome.number} {sorted(outcome.values.items())} {outcome.failed}" for outcome in seen]
        earlier = [str(spec.architecture["x"]) for spec in specs]
        return Spec(number, arch(key(number, *told, "earlier", *earlier) % 1000), parents=self.saw[number][-1:])


class Killed(BaseException):
    """This process is no more."""


@dataclass
class Whimsical:
    """An engine whose pieces of work end in any order; some are lost on the way. After ``ends`` of them it is killed,
    and this process with it."""

    slots: int
    chance: random.Random
    lost: float = 0.0
    ends: int | None = None
    under_way: dict[str, Plain] = field(default_factory=dict)
    most: int = 0

    def submit(self, id: str, payload: Plain, timeout: float | None = None) -> None:
        assert id not in self.under_way
        self.under_way[id] = payload
        self.most = max(self.most, len(self.under_way))
        assert self.most <= self.slots

    def wait(self, seconds: float) -> Done | None:
        if self.ends == 0:
            raise Killed
        if self.chance.random() < 0.2 or not self.under_way:
            return None
        self.ends = None if self.ends is None else self.ends - 1
        id = self.chance.choice(sorted(self.under_way))
        payload = self.under_way.pop(id)
        if self.chance.random() < self.lost:
            return Done(id, fault=Fault("lost", "signal SIGKILL: it said nothing"))
        return Done(id, result(payload["x"]))

    def cancel(self, id: str) -> None:
        self.under_way.pop(id, None)

    def stop(self) -> None:
        pass

    def __enter__(self) -> Whimsical:
        return self

    def __exit__(self, *exception: object) -> None:
        self.under_way.clear()


def result(x: int) -> Plain:
    """What a training comes to: of one in seven, nothing."""
    if x % 7 == 0:
        return {"failed": "the loss is nan at step 3"}
    value = (x * 37 % 101) / 101
    measured = [
        {"split": "train", "epoch": 1, "step": 5, "metric": "loss", "value": 1 - value / 3},
        {"split": "valid", "epoch": 1, "step": 5, "metric": "accuracy", "value": value},
    ]
    return {"values": {"accuracy": value}, "steps": 5, "seconds": 0.25, "measured": measured}


def loop_of(store: TrialStore, proposer: Learner, clock: Clock | None, workers: int, attempts: int = 50) -> Loop:
    """A loop that goes on from what the store has."""

    def length(spec: Spec) -> int:
        return 1 + key("length", spec.number) % 40

    def spec_of(row: TrialRow) -> Spec:
        assert row.number is not None
        return Spec(row.number, arch(row.architecture["x"]), row.steps, row.start, row.parents)

    rules = Rules(clock, workers, length, lambda spec: {"x": spec.architecture["x"]}, 0, attempts)
    loop = Loop(proposer, rules, store, Silent(), Interruption())
    loop.go_on_from(store.rows(), spec_of)
    return loop


def facts(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    """What trials are, and what came of them."""
    return [
        (t.spec.number, t.spec.architecture["x"], t.spec.parents, dict(t.outcome.values), t.outcome.failed, t.steps)
        for t in trials
    ]
