"""The trials of a run, for readers: what its store says of each, now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.costs.of_architecture import Costs
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.diagnostics.model import ArchitectureError, RunError, StdslError
from stdsl.compiler.diagnostics.trials import NoTrials
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.tasks.metrics import METRICS, MetricName
from stdsl.compiler.schemas.tasks.task import TASKS

from ..prepare.job import Job
from ..prepare.preparation import load_kept_job
from ..tracking.directory import RunDirectory, open_run
from ..tracking.names import trial_name
from ..tracking.progress import holder
from .database import existing_file, server_database
from .store import EpochMetric, TrialRow, TrialStore


@dataclass(frozen=True)
class KeptTrials:
    """``epochs``: what was measured, by the names of the trials. ``asked``: the metric that they are judged by, where
    the text names one. ``costs``: of their networks, by the names, as far as they are known. ``at_work``: whether a
    process works on the run."""

    search: str
    space: str
    asked: MetricName | None
    rows: tuple[TrialRow, ...]
    epochs: Mapping[str, Sequence[EpochMetric]]
    costs: Mapping[str, Costs]
    at_work: bool

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

    def state(self, row: TrialRow) -> str:
        """What a trial is doing: of a run that nobody works on none is `running`."""
        return "stopped" if row.state == "running" and not self.at_work else row.state

    def facts(self, row: TrialRow) -> dict[str, Any]:
        """All that is known of a trial, as plain values; other trials by their names."""
        facts = {field.name: getattr(row, field.name) for field in fields(row)}
        own = self.costs.get(row.name)
        start = None if row.start is None else trial_name(row.start + 1)
        parents = [trial_name(number + 1) for number in row.parents]
        known = {"params": own and own.params, "flops": own and own.flops}
        return facts | {"state": self.state(row), "start": start, "parents": parents} | known

    def document(self) -> dict[str, Any]:
        """For JSON."""
        epochs = {name: [vars(each) for each in measured] for name, measured in self.epochs.items()}
        trials = [{**self.facts(row), "epochs": epochs.get(row.name, [])} for row in self.rows]
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
        rows = tuple(kept.alone().rows())
    finally:
        kept.close()
    if not rows:
        raise RunError([NoTrials(None, str(folder), "none has been proposed yet")])
    config = manifest.config
    named = ((config.get("strategy") or {}).get("fitness") or {}).get("metric")
    named = named or (config.get("evaluate") or {}).get("metric")
    asked = named if named in METRICS else None
    at_work = holder(directory.path) is not None
    return KeptTrials(manifest.search, manifest.space, asked, rows, epochs, _costs(directory, rows), at_work)


def _costs(directory: RunDirectory, rows: Sequence[TrialRow]) -> dict[str, Costs]:
    """By the names of the trials; none where the run's own texts tell them no more, which does not concern its
    trials."""
    found: dict[str, Costs] = {}
    with suppress(StdslError):
        job = load_kept_job(directory, directory.manifest)
        for row in rows:
            with suppress(ArchitectureError):
                found[row.name] = costs_of(_graph_of(job, row.name, row.number is not None), row.architecture)
    return found


def _graph_of(job: Job, name: str, searched: bool) -> SpaceGraph:
    """The space of a separately trained network; ``searched``: whether it is a trial of the search."""
    if searched:
        return job.graph
    return next((graph for text, graph in job.compared.items() if RunDirectory.network_of(text) == name), job.final)
