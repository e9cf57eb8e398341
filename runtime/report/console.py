"""A reporter for people: progress bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from stdsl.compiler.text.figures import times
from stdsl.compiler.text.quoting import visible

from .terminal import Terminal

_LINE_SECONDS = 10.0
_HIDDEN = frozenset({"lr", "decision_loss"})
"""What a step tells that progress does not show."""


class ConsoleReporter:
    """Writes to ``console`` (standard error by default). Use as a context manager, so that bars are taken down."""

    def __init__(self, console: Console | None = None, quiet: bool = False) -> None:
        self.console = console or Terminal(stderr=True)
        self.quiet = quiet
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}
        self._started: dict[str, tuple[float, int]] = {}
        self._last_line: dict[str, float] = {}
        self._progress: Progress | None = None
        self._lock = threading.RLock()  # what is trained beside a run is told of from a thread

    def __enter__(self) -> ConsoleReporter:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        title = visible(title)
        with self._lock:
            now = time.monotonic()
            self._totals[title], self._started[title], self._last_line[title] = total, (now, done), now
            if self.quiet:
                return
            if self.console.is_terminal:
                self._tasks[title] = self._bars().add_task(title, total=total, completed=done, facts="")
            else:
                what = of or times(total, "step")
                going_on = f"going on after {done} of {f'{total:,}: {of}' if of else what}"
                self.say(f"{title}: {going_on if done else f'starts, {what}'}")

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        title = visible(title)
        with self._lock:
            if self.quiet:
                return
            text = "  ".join(
                f"{name.replace('_', ' ')} {value:.3f}" for name, value in facts.items() if name not in _HIDDEN
            )
            if title in self._tasks:
                self._bars().update(self._tasks[title], completed=done, facts=text)
                return
            now = time.monotonic()
            if now - self._last_line.get(title, 0.0) >= _LINE_SECONDS:
                self._last_line[title] = now
                self.say(
                    f"{title}: {done}/{self._totals.get(title, done)}  {text}  {self._remaining(title, done, now)} left"
                )

    def end(self, title: str, summary: str = "") -> None:
        title, summary = visible(title), visible(summary)
        with self._lock:
            task = self._tasks.pop(title, None)
            if task is not None:
                bars = self._bars()
                bars.remove_task(task)
                if not self._tasks:
                    bars.stop()
                    self._progress = None
            started = self._started.pop(title, None)
            took = f" ({_duration(time.monotonic() - started[0])})" if started else ""
            self.say(f"{title}: done{f', {summary}' if summary else ''}{took}")

    def say(self, text: str) -> None:
        if not self.quiet:
            self.console.print(visible(text, lines=True), highlight=False, markup=False, emoji=False, soft_wrap=True)

    def _remaining(self, title: str, done: int, now: float) -> str:
        began, first = self._started.get(title, (now, 0))
        if done <= first:
            return "?"
        return _duration((now - began) / (done - first) * (self._totals.get(title, done) - done))

    def _bars(self) -> Progress:
        if self._progress is None:
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[facts]}", markup=False),
                console=self.console,
                refresh_per_second=4,
                transient=True,
            )
            self._progress.start()
        return self._progress


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
