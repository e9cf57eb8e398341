"""A reporter that calls a function of the user's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """Something that happened in a run.

    ``kind``: a phase begins (`begin`; ``step`` is above 0 where it goes on), a step of it is done (`step`), it is over
    (`end`), or there is a line to be read (`say`), which belongs to no phase. ``phase``: its name, of trainings
    with that of the network (`search`, `train derived`). ``step``: how many of its ``steps`` are done. ``figures``:
    what the step tells (`loss`, `lr`, …). ``text``: the line, how the phase ended, or where not
    all of its steps train, what they are.
    """

    kind: Literal["begin", "step", "end", "say"]
    phase: str = ""
    step: int = 0
    steps: int = 0
    figures: Mapping[str, float] = field(default_factory=dict)
    text: str = ""


class Listener:
    """Gives each event to ``tell``, one at a time, whichever thread it comes from.

    What ``tell`` raises ends the run: at once, or where another thread had the event, at the next one of the thread
    that made this, or with :meth:`check`. It is told of nothing more then.
    """

    def __init__(self, tell: Callable[[ProgressEvent], object]) -> None:
        self._tell = tell
        self._lock = threading.RLock()
        self._thread = threading.get_ident()
        self._done: dict[str, tuple[int, int]] = {}
        self._failure: BaseException | None = None
        self._over = False

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        with self._lock:
            self._done[title] = done, total
            self._give(ProgressEvent("begin", title, done, total, text=of))

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        with self._lock:
            total = self._done.get(title, (0, done))[1]
            self._done[title] = done, total
            self._give(ProgressEvent("step", title, done, total, dict(facts)))

    def end(self, title: str, summary: str = "") -> None:
        with self._lock:
            done, total = self._done.pop(title, (0, 0))
            self._give(ProgressEvent("end", title, done, total, text=summary))

    def say(self, text: str) -> None:
        with self._lock:
            self._give(ProgressEvent("say", text=text))

    def check(self) -> None:
        """Raises what the function raised in another thread, once."""
        with self._lock:
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure

    def _give(self, event: ProgressEvent) -> None:
        own = threading.get_ident() == self._thread
        if not self._over:
            try:
                self._tell(event)
            except BaseException as error:
                self._over = True
                if own:
                    raise
                self._failure = error
        if own:
            self.check()
