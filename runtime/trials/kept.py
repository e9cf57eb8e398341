"""The trials of a run, for readers: what its store says of each, now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.trials import NoTrials
from stdsl.compiler.schemas.tasks.metrics import METRICS, MetricName
from stdsl.compiler.schemas.tasks.task import TASKS

from ..tracking.directory import open_run
from .database import existing_file, server_database
from .store import EpochMetric, TrialRow, TrialStore


@dataclass(frozen=True)
class KeptTrials:
    """``epochs``: what was measured, by the names of the trials. ``asked``: the metric that they are judged by, where
    the text names one."""

    search: str
    space: str
    asked: MetricName | None
    rows: tuple[TrialRow, ...]
    epochs: Mapping[str, Sequence[EpochMetric]]

    @property
    def metrics(self) -> list[str]:
        """The metrics that trials were measured by at their ends."""
        return [name for name in METRICS if any(name in (row.values or {}) for row in self.rows)]

    @property
    def shown(self) -> list[str]:
        """Those that a table has room for: what they are judged by, and the loss."""
        measured = self.metrics
        own = next((task.metric for task in TASKS if set(measured) == set(task.metrics)), None)
        return [name for name in measured if name in (self.asked or own or measured[0], "loss")]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        epochs = {name: [vars(each) for each in measured] for name, measured in self.epochs.items()}
        trials = [{**facts_of(row), "epochs": epochs.get(row.name, [])} for row in self.rows]
        return {"search": self.search, "space": self.space, "trials": trials}


def kept_trials(folder: Path, store: str | None = None) -> KeptTrials:
    """The trials of the run at ``folder``, which may be at work. ``store``: the URL of its database, where it takes a
    password. Raises RunError where it has none, or they cannot be read."""
    directory = open_run(folder)
    manifest = directory.manifest
    url = store or manifest.store
    try:
        database = server_database(url) if url else existing_file(directory.trial_store)
    except FileNotFoundError:
        raise RunError([NoTrials(None, str(folder), "it has no `trials.sqlite`")]) from None
    kept = TrialStore(database, manifest.id)
    try:
        epochs: dict[str, list[EpochMetric]] = {}
        for name, each in kept.epochs():
            epochs.setdefault(name, []).append(each)
        rows = tuple(kept.rows())
    finally:
        kept.close()
    if not rows:
        raise RunError([NoTrials(None, str(folder), "none has been proposed yet")])
    config = manifest.config
    named = ((config.get("strategy") or {}).get("fitness") or {}).get("metric")
    named = named or (config.get("evaluate") or {}).get("metric")
    return KeptTrials(manifest.search, manifest.space, named if named in METRICS else None, rows, epochs)


def facts_of(row: TrialRow) -> dict[str, Any]:
    """A row as plain values."""
    return {field.name: getattr(row, field.name) for field in fields(row)}
