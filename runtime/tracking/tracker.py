"""The journal and the checkpoints of one sequence of steps, kept in agreement."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.schemas import run_files

from .checkpoints import Checkpoints
from .files import open_own, refusing
from .finished import finished_phases, hold_journal
from .journal import BEGUN, FINISHED, Journal, read_journal


@dataclass(frozen=True)
class Restored:
    """``step`` steps of a phase were done, in ``seconds`` of working time, and left ``state``."""

    step: int
    seconds: float
    state: dict[str, Any]


class Tracker:
    """Opening a folder that was written before cuts its journal back to the newest readable checkpoint, so each fact
    is there once.

    ``checkpoint_seconds``: how long work may be lost at most, apart from the end of a phase, which is always kept;
    ``checkpoint_steps``: the same in steps (None: time alone decides). ``exclusive``: wait until no other
    process has the folder. ``whose``: what tells this sequence from all others, and its journal begins with: the ``id``
    of the run, and the ``network`` of a training apart. Raises RunError where a file is damaged or another's, or the
    system refuses it: nothing is begun again then.
    """

    def __init__(
        self,
        folder: Path,
        checkpoint_seconds: float = 20.0,
        checkpoint_steps: int | None = None,
        exclusive: bool = False,
        whose: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        with refusing(folder, "written"):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.fdopen(open_own(folder / run_files.LOCK), "a") if exclusive else None
            if self._lock is not None:
                fcntl.flock(self._lock, fcntl.LOCK_EX)
        if whose is not None:
            hold_journal(folder, whose)
        self.checkpoints = Checkpoints(folder / run_files.CHECKPOINTS)
        self.seconds, self.steps = checkpoint_seconds, checkpoint_steps
        self.checkpoints.sweep()
        restored = self.checkpoints.load()
        if restored is None:
            self._refuse_to_begin_again()
        self.journal = Journal(folder / run_files.JOURNAL)
        at = restored["journal"] if restored else 0
        self.lost = self.journal.steps_after(at)
        """Steps that were done after the newest checkpoint, and are done again."""
        self.anew = restored is None
        """There is no checkpoint to go on from."""
        self.journal.cut(at, restored.get("lines") if restored else None)
        if whose is not None and not at:
            self.journal.write(BEGUN, **whose)
        self.finished = finished_phases(folder)
        """The facts of each phase that is over."""
        self._open: dict[str, Any] | None = restored if restored and restored["phase"] not in self.finished else None
        self._kept = time.monotonic()

    def _refuse_to_begin_again(self) -> None:
        """Raises RunError where checkpoints are gone: the end of a phase is written before its checkpoint, and what
        follows after it."""
        lines = list(read_journal(self.folder / run_files.JOURNAL))
        if any(line["event"] == FINISHED for line in lines[:-1]):
            fault = "it is empty, and the journal tells of phases that are over"
            raise RunError([RunFileDamaged(None, str(self.checkpoints.folder), fault)])

    def restored(self, phase: str) -> Restored | None:
        """Where a phase was when the run stopped; None for a phase that was not under way."""
        if self._open is None or self._open["phase"] != phase:
            return None
        return Restored(self._open["step"], self._open["seconds"], self._open["state"])

    def due(self, steps_done: int) -> bool:
        """Whether it is time for a checkpoint."""
        by_steps = self.steps is not None and steps_done % self.steps == 0
        return by_steps or time.monotonic() - self._kept > self.seconds

    def checkpoint(self, phase: str, step: int, state: dict[str, Any], seconds: float = 0.0) -> None:
        """Keep ``state`` after ``step`` steps and ``seconds`` of work on ``phase``, and with it the journal up to
        here.
        """
        place: dict[str, Any] = {"journal": self.journal.sync(), "phase": phase, "step": step, "seconds": seconds}
        place["lines"] = self.journal.checksum
        self.checkpoints.save(place | {"state": state})
        self._kept = time.monotonic()

    def finish(self, phase: str, facts: dict[str, Any]) -> None:
        """Record that a phase is over. ``facts`` is what later phases need of it; big results are files of the run
        directory.
        """
        self.journal.write(FINISHED, phase=phase, facts=facts)
        self.finished[phase] = facts
        self._open = None
        self.checkpoint(phase, 0, {})

    def close(self) -> None:
        self.journal.close()
        if self._lock is not None:
            self._lock.close()
