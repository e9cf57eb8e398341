"""The loop of a search of separate trainings: ask, submit, wait, tell the clock, and on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.trials import OtherTrials

from ..engines.contract import Engine, Fault, Plain
from ..report.reporter import Reporter
from ..tracking.names import trial_name, trial_number
from ..training.interruption import Interrupted, Interruption
from .attempts import LOOKS, Attempts
from .clock import Clock
from .proposal import Outcome, Proposer, Spec, Wait
from .store import TrialRow, TrialStore


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
    ``length``: the predicted one of a trial. ``payload``: what describes it to the engine. ``attempts``, ``timeout``,
    ``fatal``: see :class:`.attempts.Attempts`. ``over``: is told of each trial that has ended.
    """

    clock: Clock | None
    workers: int
    length: Callable[[Spec], int]
    payload: Callable[[Spec], Plain]
    seed: int
    attempts: int = 3
    timeout: float | None = None
    fatal: Callable[[str, Plain, Fault], Plain | None] = lambda name, payload, fault: None
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
    _waiting: deque[tuple[int, int]] = field(default_factory=deque)
    _last_spec: bool = False

    def __post_init__(self) -> None:
        rules = self.rules
        self._attempts = Attempts(
            self.store, self.reporter, self.interruption, rules.attempts, rules.timeout, rules.fatal
        )
        self.hear = self._attempts.hear

    def go_on_from(self, rows: Sequence[TrialRow], spec_of: Callable[[TrialRow], Spec]) -> None:
        """Take what the store has. Raises RunError where that is no beginning of a search."""
        finished = dict[int, int]()
        for number, row in enumerate(rows):
            if row.number != number:
                raise RunError([OtherTrials(None, self.store.shown, row.name, f"trial {number + 1} is missing")])
            spec = spec_of(row)
            self._begin(spec, row.saw)
            if row.state in ("done", "failed"):
                outcome = Outcome(number, row.values or {}, "" if row.state == "done" else row.error or "it failed")
                self.trials[number] = Trial(spec, outcome, row.steps_done or 0, row.seconds or 0.0)
                finished[number] = row.place if row.place is not None else number
            else:
                self._waiting.append((number, row.attempt))
        self._finishing = sorted(finished, key=lambda number: finished[number])

    def run(self, engine: Engine) -> list[Trial]:
        """All trials, to their ends. Raises Interrupted when the run is asked to stop, after what is under way has kept
        its state."""
        attempts = self._attempts
        while True:
            if self.interruption.asked:
                for name, value in attempts.part(engine):
                    self._end(name, value)
                raise Interrupted
            while len(attempts.under_way) < engine.slots and (found := self._next()) is not None:
                number, attempt, row = found
                attempts.begin(engine, trial_name(number + 1), self.rules.payload(self.specs[number]), attempt, row)
            if not attempts.under_way:
                return [self.trials[number] for number in sorted(self.trials)]
            done = engine.wait(LOOKS)
            over = None if done is None else attempts.take(engine, done)
            if over is not None:
                self._end(*over)

    def _begin(self, spec: Spec, saw: int) -> None:
        """``saw``: how many outcomes its proposal saw; where that is more than there were, it had waited for them."""
        self.specs.append(spec)
        clock = self.rules.clock
        if clock is not None:
            while len(clock.visible) < saw and clock.idle():
                pass
            clock.begin(self.rules.length(spec))

    def _next(self) -> tuple[int, int, TrialRow | None] | None:
        """A trial to train, the attempt at it, and its row where the store has none: one that waits, else a new one,
        where a proposal can be made now."""
        if self._waiting:
            return *self._waiting.popleft(), None
        number = len(self.specs)
        spec = self._asked(number)
        if spec is None:
            return None
        assert spec.number == number, f"trial {number} was asked for, and {spec.number} was proposed"
        arch = spec.architecture
        row = TrialRow(
            trial_name(number + 1), number, "waiting", arch.hash, arch, self.rules.seed, spec.steps, spec.start,
            spec.parents, len(self._seen), settings=spec.settings,
        )  # fmt: skip
        self._begin(spec, len(self._seen))
        return number, 1, row

    def _asked(self, number: int) -> Spec | None:
        """What is proposed as the trial ``number``; None where nothing can be proposed now, or ever."""
        clock = self.rules.clock
        while not self._last_spec and self._may_ask():
            spec = self.proposer.ask(number, self.specs, self._seen)
            if not isinstance(spec, Wait):
                self._last_spec = spec is None
                return spec
            if clock is None:
                assert self._attempts.under_way, "a proposal waits for what is not under way"
                return None
            more = clock.idle()
            assert more, "a proposal waits, and has seen all that there is"
        return None

    def _may_ask(self) -> bool:
        """Whether all is known that the next proposal must see; then ``_seen`` holds that, and nothing else."""
        clock, workers = self.rules.clock, self.rules.workers
        if not workers:
            return True
        if clock is None and len(self._attempts.under_way) >= workers:
            return False
        order = self._finishing if clock is None else clock.visible
        for number in order[len(self._seen) :]:
            if number not in self.trials:
                return False
            self._seen.append(self.trials[number].outcome)
        return True

    def _end(self, name: str, value: Plain) -> None:
        """A trial is over."""
        number = trial_number(name) - 1
        failed: str = value.get("failed", "")
        outcome = Outcome(number, {} if failed else value["values"], failed)
        self._attempts.end(name, value, place=len(self._finishing))
        self.trials[number] = Trial(self.specs[number], outcome, value.get("steps", 0), value.get("seconds", 0.0))
        self._finishing.append(number)
        self.rules.over(name)
