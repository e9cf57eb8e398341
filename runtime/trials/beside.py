"""Trainings beside the run's own, each a trial: spaces that are compared, members of an ensemble, repeats, random
architectures."""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from typing import Any

from stdsl.compiler.analysis.architecture import plain_values
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.trials import OtherTrials
from stdsl.compiler.schemas.separate import SeparateTrainings

from ..engines.contract import Engine, Fault, Plain, class_name
from ..phases.compare import saved
from ..phases.context import Context
from ..phases.search import PHASE as SEARCH
from ..prepare.found_settings import asks_for_found, found_settings
from ..training.interruption import Interrupted
from ..training.loop import Diverged
from .attempts import LOOKS, Attempts
from .files import take_files
from .hands import FATAL, engine_of, met_again, open_store
from .store import TrialRow, TrialStore, not_measured

_FATAL = (*FATAL, class_name(Diverged))
_ATTEMPTS = 3


class _MetElsewhere(Exception):
    """A trial met an error that ends the run, in another process."""

    def __init__(self, name: str, payload: Plain, fault: Fault) -> None:
        self.name, self.payload, self.fault = name, payload, fault


class Beside:
    """Has networks trained by the recipe of the final training, as many at a time as there are hands but the run's own;
    once that only waits, with all.

    By their names ``results`` has their metrics, and the ``steps`` and ``seconds`` that they took, ``failed`` the
    reasons of those that have none. Use as a context manager: leaving it by an exception has what is under way keep its
    state.
    """

    def __init__(self, run: Context) -> None:
        self.results: dict[str, dict[str, Any]] = {}
        self.failed: dict[str, str] = {}
        self._run = run
        self._known: dict[str, None] = {}
        self._waiting: deque[str] = deque()
        self._values: dict[str, Plain] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = self._left = False
        self._error: BaseException | None = None
        self._stopped: BaseException | None = None
        """Why the run was asked to stop by what is trained beside it."""

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, kind: object, raised: BaseException | None, traceback: object) -> None:
        with self._changed:
            self._left = self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        if isinstance(raised, Interrupted) and self._stopped is not None:
            raise self._stopped from raised

    def add(self, names: Iterable[str]) -> None:
        """Networks to train, each once however often it is added."""
        with self._changed:
            new = [name for name in dict.fromkeys(names) if name not in self._known]
            self._known |= dict.fromkeys(new)
            self._waiting.extend(new)
            if self._waiting and self._thread is None and self._room() != 0:
                self._thread = threading.Thread(target=self._apart, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def finish(self) -> None:
        """Until all of them are over: each is in ``results`` then, or in ``failed``. Raises Interrupted when the run is
        asked to stop, and what ends it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        error, self._error = self._error, None
        while True:
            if isinstance(error, _MetElsewhere):
                self._values[error.name] = met_again(self._run, error.payload, error.fault)
            elif error is not None:
                raise error
            error = None
            if all(name in self.results or name in self.failed for name in self._known):
                break
            try:
                self._work()
            except _MetElsewhere as met:
                error = met
        if self._known:
            shutil.rmtree(self._run.directory.trials, ignore_errors=True)

    def _room(self) -> int | None:
        """How many may be under way now; None: as many as the engine takes."""
        run = self._run
        if self._closed or run.hands is None:
            return run.hands or None
        return run.hands if run.manifest.engine != "local" else max(0, run.hands - 1)

    def _apart(self) -> None:
        """In a thread, while the run does its own work; what ends the run has it stop at the next step. (An error that
        another process met is met again in this one first.)"""
        try:
            self._work()
        except (Interrupted, _MetElsewhere) as error:
            self._error = error
        except BaseException as error:
            self._error = self._stopped = error
            self._run.interruption.asked = True

    def _work(self) -> None:
        """Train what is not over, until there is no more to come. Raises Interrupted, and what ends the run."""
        run, strategy = self._run, self._run.config.strategy
        own = strategy if isinstance(strategy, SeparateTrainings) else None
        with self._changed:
            self._waiting = deque(name for name in self._known if name not in self.results | self.failed)
        with closing(open_store(run)) as store, ExitStack() as stack:
            rows = {row.name: row for row in store.rows() if row.number is None}
            attempts = Attempts(
                store,
                run.reporter,
                run.interruption,
                _ATTEMPTS if own is None else own.attempts,
                None if own is None else own.timeout,
                self._fatal,
                searched=False,
            )
            engine: Engine | None = None
            while True:
                if run.interruption.asked or self._left:
                    self._part(engine, attempts)
                    raise Interrupted
                while (name := self._next(engine, attempts)) is not None:
                    payload = self._begun(store, rows.get(name), name)
                    if name in self._values:
                        self._end(attempts, name, self._values.pop(name))
                    elif payload is not None:
                        engine = engine or stack.enter_context(engine_of(run, attempts.hear, beside=True))
                        attempts.begin(engine, name, payload)
                if engine is not None and attempts.under_way:
                    done = engine.wait(LOOKS)
                    try:
                        over = None if done is None else attempts.take(engine, done)
                    except _MetElsewhere:
                        self._part(engine, attempts)
                        raise
                    if over is not None:
                        self._end(attempts, *over)
                    continue
                with self._changed:
                    if not self._waiting and self._closed:
                        return
                    if not self._waiting:
                        self._changed.wait(LOOKS)

    def _part(self, engine: Engine | None, attempts: Attempts) -> None:
        """Have what is under way keep its state."""
        for name, value in attempts.part(engine) if engine is not None else ():
            self._end(attempts, name, value)

    def _next(self, engine: Engine | None, attempts: Attempts) -> str | None:
        """One that waits, where there is a hand for it."""
        with self._changed:
            most = self._room()
            if engine is not None:
                most = engine.slots if most is None else min(most, engine.slots)
            if self._waiting and (most is None or len(attempts.under_way) < most):
                return self._waiting.popleft()
        return None

    def _begun(self, store: TrialStore, row: TrialRow | None, name: str) -> Plain | None:
        """What describes a trial; None where it is over. One that failed in an earlier run of the same text is begun
        once more."""
        run = self._run
        arch = saved(run.job, run.directory, name)
        if row is None:
            store.add(TrialRow(name, None, "waiting", arch.hash, arch, run.seed))
        elif row.hash != arch.hash or row.seed != run.seed:
            fault = "its architecture has another hash" if row.hash != arch.hash else f"its seed is {row.seed}"
            raise RunError([OtherTrials(None, store.shown, name, fault)])
        elif (missing := not_measured(row, run.workshop.materials["evaluate"].criterion.metric)) is not None:
            raise RunError([OtherTrials(None, store.shown, name, missing)])
        elif row.state == "done":
            self._take(name, row.values or {}, row.steps_done or 0, row.seconds or 0.0)
            return None
        values = found_settings(run.tracker.finished[SEARCH]) if asks_for_found(run.config) else {}
        return {"name": name, "architecture": plain_values(arch), "found": values}

    def _fatal(self, name: str, payload: Plain, fault: Fault) -> Plain | None:
        if fault.error not in _FATAL:
            return None
        if fault.raised is not None:
            raise fault.raised
        raise _MetElsewhere(name, payload, fault)

    def _end(self, attempts: Attempts, name: str, value: Plain) -> None:
        take_files(self._run.directory, name, value)
        attempts.end(name, value)
        if "failed" in value:
            self.failed[name] = value["failed"]
        else:
            self._take(name, value["values"], value["steps"], value["seconds"])
        shutil.rmtree(self._run.directory.trial(name), ignore_errors=True)

    def _take(self, name: str, values: Mapping[str, float], steps: int, seconds: float) -> None:
        self.results[name] = {**values, "steps": steps, "seconds": seconds}
