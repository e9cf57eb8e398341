"""The one loop that drives searches, final trainings and comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..report.reporter import Reporter
from ..tracking.tracker import Tracker
from .interruption import Interrupted, Interruption
from .stepped import Facts, Stepped


class Diverged(Exception):
    """A step gave a loss that is not a number."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(f"the loss is {loss} at step {step}")
        self.step, self.loss = step, loss


def drive(
    phase: str,
    work: Stepped,
    tracker: Tracker,
    reporter: Reporter,
    interruption: Interruption,
    title: str | None = None,
) -> Facts:
    """Bring ``work`` from where the tracker last kept it (or from the start) to its last step; returns the last
    step's facts.

    Raises Interrupted after a checkpoint when the run is asked to stop, and Diverged when a loss is not finite.
    """
    title = title or phase
    kept = tracker.restored(phase)
    first = 0
    if kept is not None:
        first, state = kept
        work.load(state)
    reporter.begin(title, work.total, first)
    facts: Mapping[str, float] = {}
    for t in range(first, work.total):
        facts = work.step(t)
        tracker.journal.write("step", phase=phase, step=t, **{name: _short(value) for name, value in facts.items()})
        if not math.isfinite(facts.get("loss", 0.0)):
            raise Diverged(t, facts["loss"])
        notes = work.notes(t)
        if notes is not None:
            tracker.journal.write("notes", phase=phase, step=t, **notes)
        reporter.advance(title, t + 1, facts)
        if interruption.asked:
            tracker.checkpoint(phase, t + 1, work.state())
            raise Interrupted
        if t + 1 < work.total and tracker.due(t + 1):
            tracker.checkpoint(phase, t + 1, work.state())
    return facts


def _short(value: float) -> float:
    """Six significant digits are enough to read and plot."""
    return float(f"{value:.6g}")
