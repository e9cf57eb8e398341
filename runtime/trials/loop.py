"""The loop of a search of separate trainings: ask, submit, wait, tell the clock, and on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.trials import OtherTrials, TrialBegunAgain, TrialFailed

from ..engines.contract import Done, Engine, Fault, Plain
from ..report.reporter import Reporter, warned
from ..tracking.names import trial_name, trial_number
from ..training.interruption import Interrupted, Interruption
from .clock import Clock
from .proposal import Outcome, Proposer, Spec
from .store import EpochMetric, TrialRow, TrialStore

_LOOKS = 0.5
"""Seconds after which the loop looks whether it was asked to stop."""
_PARTING = 60.0
"""Looks that trials have to keep their state when the run is asked to stop."""


@dataclass(frozen=True)
class Trial:
    """A trial that is over, the ``steps`` that it was trained for, and the ``seconds`` that it took to train."""

    spec: Spec
    outcome: Outcome
    steps: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return trial_name(self.spec.number + 1)


@dataclass(frozen=True)
class Rules:
    """How trials go: ``clock`` shows outcomes (None: they are seen as they come, with ``workers`` trials at a time; 0:
    none is ever seen, and there are as many at a time as the engine takes).
    ``length``: the predicted one of a trial. ``payload``: what describes it to the engine. ``attempts``: how often it
    is begun before it is given up, ``timeout`` the seconds of each. ``fatal``: asked of an error whether it is none of
    the trial's own; then the function raises what ends the run, or gives what the trial comes to in this process.
    ``over``: is told of each trial that has ended.
    """

    clock: Clock | None
    workers: int
    length: Callable[[Spec], int]
    payload: Callable[[Spec], Plain]
    seed: int
    attempts: int = 3
    timeout: float | None = None
    fatal: Callable[[Spec, Fault], Plain | None] = lambda spec, fault: None
    over: Callable[[str], None] = lambda name: None


@dataclass
class Loop:
    """``hear`` of it takes what the engine hears. Trials that ``store`` has are not proposed again: those that are over
    are not trained again either."""

    proposer: Proposer
    rules: Rules
    store: TrialStore
    reporter: Reporter
    interruption: Interruption
    specs: list[Spec] = field(default_factory=list)
    trials: dict[int, Trial] = field(default_factory=dict)
    _finishing: list[int] = field(default_factory=list)
    _seen: list[Outcome] = field(default_factory=list)
    _waiting: deque[int] = field(default_factory=deque)
    _attempts: dict[int, int] = field(default_factory=dict)
    _under_way: set[int] = field(default_factory=set)
    _titles: dict[str, str] = field(default_factory=dict)
    _last_spec: bool = False

    def go_on_from(self, rows: Sequence[TrialRow], spec_of: Callable[[TrialRow], Spec]) -> None:
        """Take what the store has. Raises RunError where that is no beginning of a search."""
        finished = dict[int, int]()
        for number, row in enumerate(rows):
            if row.number != number:
                raise RunError([OtherTrials(None, self.store.shown, row.name, f"trial {number + 1} is missing")])
            spec = spec_of(row)
            self._begin(spec)
            self._attempts[number] = row.attempt
            if row.state in ("done", "failed"):
                outcome = Outcome(number, row.values or {}, "" if row.state == "done" else row.error or "it failed")
                self.trials[number] = Trial(spec, outcome, row.steps_done or 0, row.seconds or 0.0)
                finished[number] = row.place if row.place is not None else number
            else:
                self._waiting.append(number)
        self._finishing = sorted(finished, key=lambda number: finished[number])

    def run(self, engine: Engine) -> list[Trial]:
        """All trials, to their ends. Raises Interrupted when the run is asked to stop, after what is under way has kept
        its state."""
        while True:
            if self.interruption.asked:
                self._part(engine)
                raise Interrupted
            while len(self._under_way) < engine.slots and (number := self._next()) is not None:
                self._submit(engine, number)
            if not self._under_way:
                return [self.trials[number] for number in sorted(self.trials)]
            done = engine.wait(_LOOKS)
            if done is not None:
                self._take(done)

    def hear(self, id: str, message: Plain) -> None:
        """Something that a trial says on its way."""
        facts = dict(message)
        match facts.pop("event"):
            case "begin":
                self._titles[id] = facts["title"]
                self.reporter.begin(**facts)
            case "step":
                self.reporter.advance(**facts)
            case "end":
                self._titles.pop(id, None)
                self.reporter.end(**facts)
            case "say":
                self.reporter.say(**facts)
            case "alive":
                self.store.beat(id, **facts)

    def _begin(self, spec: Spec) -> None:
        self.specs.append(spec)
        if self.rules.clock is not None:
            self.rules.clock.begin(self.rules.length(spec))

    def _next(self) -> int | None:
        """A trial to train: one that waits, else a new one, where a proposal can be made now."""
        if self._waiting:
            return self._waiting.popleft()
        if self._last_spec or not self._may_ask():
            return None
        number = len(self.specs)
        spec = self.proposer.ask(number, self.specs, self._seen)
        if spec is None:
            self._last_spec = True
            return None
        assert spec.number == number, f"trial {number} was asked for, and {spec.number} was proposed"
        arch = spec.architecture
        self.store.add(
            TrialRow(
                trial_name(number + 1), number, "waiting", arch.hash, arch, self.rules.seed, spec.steps, spec.start,
                spec.parents, len(self._seen),
            )
        )  # fmt: skip
        self._attempts[number] = 1
        self._begin(spec)
        return number

    def _may_ask(self) -> bool:
        """Whether all is known that the next proposal must see; then ``_seen`` holds that, and nothing else."""
        clock, workers = self.rules.clock, self.rules.workers
        if not workers:
            return True
        if clock is None and len(self._under_way) >= workers:
            return False
        order = self._finishing if clock is None else clock.visible
        for number in order[len(self._seen) :]:
            if number not in self.trials:
                return False
            self._seen.append(self.trials[number].outcome)
        return True

    def _submit(self, engine: Engine, number: int) -> None:
        name = trial_name(number + 1)
        self.store.change(name, state="running", attempt=self._attempts[number])
        self._under_way.add(number)
        engine.submit(name, self.rules.payload(self.specs[number]), self.rules.timeout)

    def _take(self, done: Done) -> None:
        """A piece of work has ended."""
        number = trial_number(done.id) - 1
        self._under_way.remove(number)
        if done.id in self._titles:
            self.reporter.end(self._titles.pop(done.id), "given up" if done.fault is not None else "")
        if done.fault is None:
            assert done.value is not None
            self._end(number, done.value)
            return
        fault, attempts = done.fault, self.rules.attempts
        if fault.kind == "raised":
            value = self.rules.fatal(self.specs[number], fault)
            if value is not None:
                self._end(number, value)
                return
        attempt = self._attempts[number]
        if attempt >= attempts:
            self._end(number, {"failed": fault.words})
            return
        self._attempts[number] = attempt + 1
        self.reporter.say(warned(TrialBegunAgain(None, done.id, attempt + 1, attempts, fault.words)))
        self._waiting.appendleft(number)

    def _end(self, number: int, value: Mapping[str, Any]) -> None:
        """A trial is over."""
        name = trial_name(number + 1)
        failed: str = value.get("failed", "")
        outcome = Outcome(number, {} if failed else value["values"], failed)
        trial = Trial(self.specs[number], outcome, value.get("steps", 0), value.get("seconds", 0.0))
        facts: dict[str, Any] = {
            "place": len(self._finishing),
            "attempt": self._attempts[number],
            "error": failed or None,
        }
        if failed:
            self.store.end(name, "failed", (), **facts)
            self.reporter.say(warned(TrialFailed(None, name, self._attempts[number], failed)))
        else:
            measured = [EpochMetric(**each) for each in value["measured"]]
            self.store.end(name, "done", measured, steps_done=trial.steps, seconds=trial.seconds, **facts)
        self.trials[number] = trial
        self._finishing.append(number)
        self.rules.over(name)

    def _part(self, engine: Engine) -> None:
        """Have all that is under way keep its state; what ends by itself meanwhile is kept."""
        engine.stop()
        looks = 0.0
        while self._under_way and looks < _PARTING / _LOOKS:
            done = engine.wait(_LOOKS)
            if done is None:
                looks += 1
                continue
            number = trial_number(done.id) - 1
            self._under_way.remove(number)
            if done.fault is None and done.value is not None:
                self._end(number, done.value)
