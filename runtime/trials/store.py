"""Where the trials of a run are kept: the authority on what was proposed, and on what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import func, insert, select, update

from stdsl.compiler.analysis.architecture import plain_values
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.diagnostics.trials import OtherTrials
from stdsl.compiler.schemas.hyper import Value
from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.quoting import json_text

from ..tracking.names import trial_name
from .database import Database
from .tables import METRICS, SETTINGS, TRIALS

State = Literal["done", "failed", "running", "waiting"]
COUNTED = "samples"
"""The one value of a measurement that is a whole number."""


@dataclass(frozen=True)
class EpochMetric:
    """``value`` of ``metric`` on ``split``, after ``step`` steps, in the epoch ``epoch`` (from 1)."""

    split: str
    epoch: int
    step: int
    metric: str
    value: float


@dataclass(frozen=True)
class TrialRow:
    """A trial as it is kept: see the columns in :mod:`.tables`. ``values``: what it was measured to reach at its
    end."""

    name: str
    number: int | None
    state: State
    hash: str
    architecture: Mapping[str, Any]
    seed: int
    steps: int | None = None
    start: int | None = None
    parents: tuple[int, ...] = ()
    saw: int = 0
    attempt: int = 1
    worker: str | None = None
    proposed: str = ""
    heartbeat: str | None = None
    ended: str | None = None
    place: int | None = None
    steps_done: int | None = None
    seconds: float | None = None
    error: str | None = None
    values: Mapping[str, float] | None = None
    settings: Mapping[str, Value] = field(default_factory=dict)


def not_measured(row: TrialRow, metric: str) -> str | None:
    """What is missing of a trial that is over, where it is not all there."""
    if row.state != "done" or (metric in (row.values or {}) and row.steps_done is not None):
        return None
    return f"it is over, and what it reached ({metric}) is not there"


class TrialStore:
    """The trials of the run ``run`` in a database, which may hold those of others where it is no file of the run's own.
    All of it raises RunError where the database refuses it; what returned is kept, whatever happens to this process."""

    def __init__(self, database: Database, run: str) -> None:
        self._database, self._run = database, run

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self._database.shown

    @property
    def remark(self) -> str:
        """What is odd about its database, "" where nothing is."""
        return self._database.remark

    def rows(self) -> list[TrialRow]:
        """All trials: those of the search by their numbers, then others by their names."""
        values: dict[str, dict[str, float]] = {}
        with self._database.at_work() as connection:
            own = select(METRICS.c.name, METRICS.c.metric, METRICS.c.value).order_by(METRICS.c.step)
            own = own.where(METRICS.c.run == self._run, METRICS.c.split.in_(("valid", "test")))
            for name, metric, value in connection.execute(own):
                if not isinstance(value, float | int) or not math.isfinite(value):
                    raise RunError([OtherTrials(None, self.shown, str(name), f"its {metric} is {value!r}")])
                values.setdefault(name, {})[metric] = int(value) if metric == COUNTED else value
            found = connection.execute(select(TRIALS).where(TRIALS.c.run == self._run)).mappings().all()
        settings = self._settings()
        rows = [self._row(row, values.get(row["name"]), settings.get(row["name"], {})) for row in found]
        return sorted(rows, key=lambda row: (row.number is None, row.number or 0, row.name))

    def states(self, beside: bool = False) -> dict[str, int]:
        """How many trials of the search there are in each state; ``beside``: of the others."""
        own = select(TRIALS.c.state, func.count()).where(TRIALS.c.run == self._run).group_by(TRIALS.c.state)
        own = own.where(TRIALS.c.number.is_(None) if beside else TRIALS.c.number.is_not(None))
        with self._database.at_work() as connection:
            return dict(map(tuple, connection.execute(own.order_by(TRIALS.c.state))))

    def alone(self) -> TrialStore:
        """This one. Raises RunError where it is a file, which is one run's own, and holds trials of another one."""
        other = select(TRIALS.c.name).where(TRIALS.c.run != self._run).limit(1)
        if self._database.file is not None:
            with self._database.at_work() as connection:
                found = connection.execute(other).first()
            if found is not None:
                raise RunError([RunFileDamaged(None, str(self._database.file), "it holds trials of another run")])
        return self

    def epochs(self) -> Iterator[tuple[str, EpochMetric]]:
        """All that was measured, by the names of trials and the steps."""
        c = METRICS.c
        own = select(c.name, c.split, c.epoch, c.step, c.metric, c.value).where(c.run == self._run)
        with self._database.at_work() as connection:
            found = connection.execute(own.order_by(c.name, c.step, c.split, c.metric)).all()
        for name, *rest in found:
            yield name, EpochMetric(*rest)

    def add(self, row: TrialRow) -> None:
        """Keep a trial that was proposed."""
        facts = {
            "name": row.name,
            "number": row.number,
            "state": row.state,
            "hash": row.hash,
            "architecture": json_text(plain_values(row.architecture)),
            "seed": str(row.seed),
            "steps": row.steps,
            "start": row.start,
            "parents": json_text(list(row.parents)),
            "saw": row.saw,
            "attempt": row.attempt,
            "proposed": _now(),
        }
        with self._database.at_work() as connection:
            connection.execute(insert(TRIALS), {"run": self._run, **facts})
            if row.settings:
                own = [{"key": key, "value": json_text(value)} for key, value in sorted(row.settings.items())]
                connection.execute(insert(SETTINGS), [{"run": self._run, "name": row.name, **each} for each in own])

    def change(self, name: str, **columns: Any) -> None:
        """Set columns of a trial."""
        with self._database.at_work() as connection:
            connection.execute(self._of(name), columns)

    def beat(self, name: str, worker: str | None = None) -> None:
        """A trial is alive, now."""
        self.change(name, heartbeat=_now(), **({} if worker is None else {"worker": worker}))

    def end(self, name: str, state: State, measured: Iterable[EpochMetric], **columns: Any) -> None:
        """A trial is over: what it reached, and columns of its row, are kept together."""
        rows = [{"run": self._run, "name": name, **vars(each)} for each in measured]
        with self._database.at_work() as connection:
            connection.execute(self._of(name), {"state": state, "ended": _now(), **columns})
            if rows:
                connection.execute(insert(METRICS), rows)

    def close(self) -> None:
        self._database.close()

    def _settings(self) -> dict[str, dict[str, Value]]:
        """Values of open settings, by the names of trials."""
        found: dict[str, dict[str, Value]] = {}
        if self._database.has(SETTINGS):
            c = SETTINGS.c
            own = select(c.name, c.key, c.value).where(c.run == self._run).order_by(c.name, c.key)
            with self._database.at_work() as connection:
                rows = connection.execute(own).all()
            for name, key, text in rows:
                try:
                    value = parsed_json(text)
                    if isinstance(value, bool) or not isinstance(value, int | float | str):
                        raise ValueError(f"its setting `{key}` is {text}")
                except (ValueError, TypeError, RecursionError) as error:
                    raise RunError(
                        [OtherTrials(None, self.shown, str(name), f"it cannot be read ({error})")]
                    ) from error
                found.setdefault(name, {})[key] = value
        return found

    def _row(
        self, row: Mapping[str, Any], values: Mapping[str, float] | None, settings: Mapping[str, Value]
    ) -> TrialRow:
        facts = {name: value for name, value in row.items() if name != "run"}
        try:
            for column in TRIALS.columns:  # SQLite holds nothing to them
                value, kind = row[column.name], column.type.python_type
                if not (isinstance(value, kind) or (value is None and column.nullable)):
                    raise ValueError(f"its {column.name} is {value!r}")
            facts["architecture"] = dict(parsed_json(facts["architecture"]))
            facts["parents"] = tuple(map(int, parsed_json(facts["parents"])))
            facts["seed"] = int(facts["seed"])
            if facts["state"] not in get_args(State):
                raise ValueError(f"its state is {facts['state']!r}")
            if (fault := _out_of_place(facts)) is not None:
                raise ValueError(fault)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise RunError([OtherTrials(None, self.shown, str(row["name"]), f"it cannot be read ({error})")]) from error
        return TrialRow(**facts, values=values, settings=settings)

    def _of(self, name: str) -> Any:
        return update(TRIALS).where(TRIALS.c.run == self._run, TRIALS.c.name == name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _out_of_place(facts: Mapping[str, Any]) -> str | None:
    """What of a trial is no part of any run; None where all of it may be."""
    number, steps = facts["number"], facts["steps"]
    if number is not None and facts["name"] != trial_name(number + 1):
        return f"it is trial {number + 1}"
    for name, earlier in (("start", facts["start"]), *(("parents", parent) for parent in facts["parents"])):
        if earlier is not None and not 0 <= earlier < (number or 0):
            return f"of its {name}, {earlier} is no trial before it"
    seconds = facts["seconds"]
    if seconds is not None and not 0 <= seconds < math.inf:
        return f"its seconds are {seconds}"
    return f"its steps are {steps}" if steps is not None and steps < 1 else None
