"""Trials in the hands of an engine: each is begun, and begun again where its process fails, until it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stdsl.compiler.diagnostics.trials import TrialBegunAgain, TrialFailed

from ..engines.contract import Done, Engine, Fault, Plain
from ..report.reporter import Reporter, warned
from ..training.interruption import Interruption
from .store import EpochMetric, TrialRow, TrialStore

LOOKS: Final = 0.5
"""Seconds after which whoever waits for trials looks whether it was asked to stop."""
_PARTING = 60.0
"""Seconds that trials have to keep their state when the run is asked to stop."""


@dataclass
class Attempts:
    """``hear`` takes what the engine hears. ``allowed``: how often a trial is begun before it is given up; ``timeout``:
    the seconds of each attempt. ``fatal``: asked of an error whether it is none of the trial's own; then the function
    raises what ends the run, or gives what the trial comes to in this process. ``searched``: whether it is a search
    that they are trials of, for which one that failed counts as the worst.
    """

    store: TrialStore
    reporter: Reporter
    interruption: Interruption
    allowed: int = 3
    timeout: float | None = None
    fatal: Callable[[str, Plain, Fault], Plain | None] = lambda name, payload, fault: None
    searched: bool = True
    under_way: dict[str, Plain] = field(default_factory=dict)
    """What describes each trial that was begun and is not over, by its name."""
    _begun: dict[str, int] = field(default_factory=dict)
    _titles: dict[str, str] = field(default_factory=dict)

    def hear(self, name: str, message: Plain) -> None:
        """Something that a trial says on its way."""
        facts = dict(message)
        match facts.pop("event"):
            case "begin":
                self._titles[name] = facts["title"]
                self.reporter.begin(**facts)
            case "step":
                self.reporter.advance(**facts)
            case "end":
                self._titles.pop(name, None)
                self.reporter.end(**facts)
            case "say":
                self.reporter.say(**facts)
            case "alive":
                self.store.beat(name, **facts)

    def begin(self, engine: Engine, name: str, payload: Plain, attempt: int = 1, row: TrialRow | None = None) -> None:
        """Have a trial trained. ``row``: what the store does not have of it yet."""
        self._begun[name] = attempt
        if row is None:
            self.store.change(name, state="running", attempt=attempt)
        else:
            self.store.add(replace(row, state="running", attempt=attempt))
        self.under_way[name] = payload
        engine.submit(name, payload, self.timeout)

    def take(self, engine: Engine, done: Done) -> tuple[str, Plain] | None:
        """The trial whose piece of work has ended, and what it came to; None where it is begun again, or the run is to
        stop."""
        name, fault, payload = done.id, done.fault, self.under_way.pop(done.id)
        if name in self._titles:
            self.reporter.end(self._titles.pop(name), "given up" if fault is not None else "")
        if fault is None:
            assert done.value is not None
            return name, done.value
        if fault.kind == "stopped" and self.interruption.asked:
            return None
        if fault.kind == "raised":
            value = self.fatal(name, payload, fault)
            if value is not None:
                return name, value
        attempt = self._begun[name]
        if attempt >= self.allowed:
            return name, {"failed": fault.words}
        self.reporter.say(warned(TrialBegunAgain(None, name, attempt + 1, self.allowed, fault.words)))
        self.begin(engine, name, payload, attempt + 1)
        return None

    def end(self, name: str, value: Plain, **facts: Any) -> None:
        """Keep what a trial came to. ``facts``: further columns of its row."""
        failed: str = value.get("failed", "")
        attempt = self._begun.get(name, 1)
        facts |= {"attempt": attempt, "error": failed or None}
        if failed:
            self.store.end(name, "failed", (), **facts)
            self.reporter.say(warned(TrialFailed(None, name, attempt, failed, searched=self.searched)))
            return
        measured = [EpochMetric(**each) for each in value["measured"]]
        self.store.end(name, "done", measured, steps_done=value["steps"], seconds=value["seconds"], **facts)

    def part(self, engine: Engine) -> Iterator[tuple[str, Plain]]:
        """Have all that is under way keep its state; what ends by itself meanwhile is given."""
        engine.stop()
        looks = 0.0
        while self.under_way and looks < _PARTING / LOOKS:
            done = engine.wait(LOOKS)
            if done is None:
                looks += 1
                continue
            del self.under_way[done.id]
            if done.fault is None and done.value is not None:
                yield done.id, done.value
