"""What all phases of a run share."""

from __future__ import annotations

from dataclasses import dataclass

from stdsl.compiler.schemas.search import SearchConfig

from ..data.batch import Dataset
from ..job import Job
from ..report.reporter import Reporter
from ..tracking.directory import RunDirectory
from ..tracking.manifest import Manifest
from ..tracking.tracker import Tracker
from ..training.interruption import Interruption
from ..training.placement import Placement


@dataclass(frozen=True)
class Context:
    """One run under way. A phase that is in ``tracker.finished`` is not done again."""

    job: Job
    manifest: Manifest
    directory: RunDirectory
    tracker: Tracker
    reporter: Reporter
    interruption: Interruption
    placement: Placement
    dataset: Dataset

    @property
    def config(self) -> SearchConfig:
        return self.job.config

    @property
    def seed(self) -> int:
        return self.config.seed
