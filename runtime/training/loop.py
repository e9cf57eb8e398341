"""The one loop that drives searches, final trainings and comparisons."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from stdsl.compiler.text.figures import times

from ..report.reporter import Reporter
from ..tracking.tracker import Tracker
from .interruption import Interrupted, Interruption
from .stepped import Facts, Stepped

_LONE_VALUE = "Expected more than 1 value per channel when training"
"""What torch says of a batch-norm."""
_TOO_LARGE = "without overflow"
"""What torch says of a learning rate, or another number of an optimiser, that is beyond float32."""


class Diverged(Exception):
    """Something is infinite, or no number: ``what`` of ``work`` (`loss`, `weights`), after ``step`` if in a step."""

    def __init__(self, work: str, what: str, value: float, step: int | None = None) -> None:
        super().__init__(f"{what} of {work}: {value} (step {step})")
        self.work, self.what, self.value, self.step = work, what, value, step


class LoneValue(Exception):
    """A batch-norm got one value per channel in training, in ``work``."""

    def __init__(self, work: str) -> None:
        super().__init__(work)
        self.work = work


@dataclass(frozen=True)
class Driven:
    """``seconds``: working time over all sessions that were not undone. ``last``: the last step's facts (empty if it
    was done before a resume).
    """

    steps: int
    seconds: float
    last: Facts = field(default_factory=dict)

    def share(self, seconds: float) -> float:
        """What part of all that some of its seconds were, rounded."""
        return round(min(1.0, seconds / self.seconds), 4) if self.seconds else 0.0


def drive(
    phase: str,
    work: Stepped,
    tracker: Tracker,
    reporter: Reporter,
    interruption: Interruption,
    title: str | None = None,
    named: str | None = None,
    measured: int = 0,
) -> Driven:
    """Bring ``work`` from where the tracker last kept it (or from the start) to its last step; returns the last
    step's facts. ``title``: what reports call it, ``named``: what messages do; both are the phase unless given.
    ``measured``: in how many of the steps, the last ones, an architecture is measured and nothing trained.

    Raises Interrupted after a checkpoint when the run is asked to stop, Diverged where any number that a step tells of
    is not finite, and LoneValue.
    """
    named = named or phase
    title = title or phase
    kept = tracker.restored(phase)
    first, before = 0, 0.0
    if kept is not None:
        first, before = kept.step, kept.seconds
        work.load(kept.state)
    started = time.monotonic()
    reporter.begin(title, work.total, first, steps_of(work.total, measured))
    facts: Facts = {}

    def keep(done: int) -> None:
        tracker.checkpoint(phase, done, work.state(), before + time.monotonic() - started)

    def tell(event: str, t: int, facts: Mapping[str, Any]) -> None:
        for what, value in facts.items():
            wrong = next(_not_finite(value), None)
            if wrong is not None:
                tracker.journal.write("diverged", phase=phase, step=t, what=what, value=str(wrong))
                raise Diverged(named, what.replace("_", " "), wrong, t)
        tracker.journal.write(event, phase=phase, step=t, **facts)

    for t in range(first, work.total):
        try:
            facts = work.step(t)
        except ValueError as error:
            if _LONE_VALUE in str(error):
                raise LoneValue(named) from error
            raise
        except RuntimeError as error:
            if _TOO_LARGE in str(error):
                raise Diverged(named, "size of a step", math.inf, t) from error
            raise
        tell("step", t, {name: _short(value) for name, value in facts.items()})
        for event, more in work.events(t):
            tell(event, t, more)
        notes = work.notes(t)
        if notes is not None:
            tell("notes", t, notes)
        reporter.advance(title, t + 1, facts)
        if interruption.asked:
            keep(t + 1)
            raise Interrupted
        if t + 1 < work.total and tracker.due(t + 1):
            keep(t + 1)
    return Driven(work.total, before + time.monotonic() - started, facts)


def steps_of(total: int, measured: int) -> str:
    """What the steps of a work are, in words, "" where all train."""
    if not measured:
        return ""
    what = f"{times(measured, 'architecture')} measured"
    return f"{times(total - measured, 'step')}, then {what}" if total > measured else what


def check_finite(named: str, what: str, values: Mapping[str, Any]) -> None:
    """Raises Diverged where a number among values or in a tensor is not finite: what the last step did shows in no
    step after it."""
    for value in values.values():
        wrong = next(_not_finite(value), None)
        if wrong is not None:
            raise Diverged(named, what, wrong)


def _not_finite(value: Any) -> Iterator[float]:
    """The numbers in a value that are infinite or none."""
    if isinstance(value, float):
        if not math.isfinite(value):
            yield value
    elif isinstance(value, Tensor):
        if value.is_floating_point() and not bool(value.isfinite().all()):
            yield value[~value.isfinite()][0].item()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _not_finite(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _not_finite(inner)


def _short(value: float) -> float:
    """Six significant digits are enough to read and plot."""
    return float(f"{value:.6g}")
