"""The one loop that drives searches, final trainings and comparisons."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from ..report.reporter import Reporter
from ..tracking.tracker import Tracker
from .interruption import Interrupted, Interruption
from .stepped import Facts, Stepped


class Diverged(Exception):
    """A step gave a loss that is not a number."""

    def __init__(self, phase: str, step: int, loss: float) -> None:
        super().__init__(f"the loss of {phase} is {loss} at step {step}")
        self.phase, self.step, self.loss = phase, step, loss


@dataclass(frozen=True)
class Driven:
    """``seconds``: working time over all sessions that were not undone. ``last``: the last step's facts (empty if it
    was done before a resume).
    """

    steps: int
    seconds: float
    last: Facts = field(default_factory=dict)


def drive(
    phase: str,
    work: Stepped,
    tracker: Tracker,
    reporter: Reporter,
    interruption: Interruption,
    title: str | None = None,
) -> Driven:
    """Bring ``work`` from where the tracker last kept it (or from the start) to its last step; returns the last
    step's facts.

    Raises Interrupted after a checkpoint when the run is asked to stop, and Diverged when a loss is not finite.
    """
    title = title or phase
    kept = tracker.restored(phase)
    first, before = 0, 0.0
    if kept is not None:
        first, before = kept.step, kept.seconds
        work.load(kept.state)
    started = time.monotonic()
    reporter.begin(title, work.total, first)
    facts: Facts = {}

    def keep(done: int) -> None:
        tracker.checkpoint(phase, done, work.state(), before + time.monotonic() - started)

    for t in range(first, work.total):
        facts = work.step(t)
        tracker.journal.write("step", phase=phase, step=t, **{name: _short(value) for name, value in facts.items()})
        if not math.isfinite(facts.get("loss", 0.0)):
            raise Diverged(phase, t, facts["loss"])
        for event, more in work.events(t):
            tracker.journal.write(event, phase=phase, step=t, **more)
        notes = work.notes(t)
        if notes is not None:
            tracker.journal.write("notes", phase=phase, step=t, **notes)
        reporter.advance(title, t + 1, facts)
        if interruption.asked:
            keep(t + 1)
            raise Interrupted
        if t + 1 < work.total and tracker.due(t + 1):
            keep(t + 1)
    return Driven(work.total, before + time.monotonic() - started, facts)


def _short(value: float) -> float:
    """Six significant digits are enough to read and plot."""
    return float(f"{value:.6g}")
