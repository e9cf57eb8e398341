"""What all phases of a run share."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from stdsl import __version__
from stdsl.compiler.schemas.search import SearchConfig

from ..data.batch import Dataset
from ..engines.local import Helpers
from ..prepare.job import Job
from ..report.reporter import Reporter
from ..tasks.criterion import Criterion, criterion
from ..tracking.directory import RunDirectory
from ..tracking.manifest import Manifest
from ..tracking.tracker import Tracker
from ..training.interruption import Interruption
from ..training.placement import Placement
from .train import Workshop


@dataclass(frozen=True)
class Context:
    """One run under way. A phase that is in ``tracker.finished`` is not done again. ``helpers``: processes that train
    beside this one."""

    job: Job
    manifest: Manifest
    directory: RunDirectory
    tracker: Tracker
    reporter: Reporter
    interruption: Interruption
    placement: Placement
    dataset: Dataset
    helpers: Helpers

    @cached_property
    def workshop(self) -> Workshop:
        """What trainings of this run share."""
        return workshop(
            self.job, self.manifest, self.directory, self.placement, self.dataset, self.reporter, self.interruption
        )

    @cached_property
    def criterion(self) -> Criterion:
        """What networks are trained and measured by."""
        return self.workshop.criterion

    @property
    def config(self) -> SearchConfig:
        return self.job.config

    @property
    def seed(self) -> int:
        return self.config.seed


def workshop(
    job: Job,
    manifest: Manifest,
    directory: RunDirectory,
    placement: Placement,
    dataset: Dataset,
    reporter: Reporter,
    interruption: Interruption,
) -> Workshop:
    """What trainings share, of a run that this process leads or helps."""
    config = job.config
    return Workshop(
        dataset,
        criterion(config, dataset),
        data_identity(config),
        replace(placement, compile=config.compile),
        config.precision,
        config.seed,
        config.sampling == "balanced",
        config.workers,
        manifest.training_threads,
        directory,
        reporter,
        interruption,
    )


def data_identity(config: SearchConfig) -> str:
    """A hash of what the samples of a search's data depend on: its settings, the seed and the versions at work."""
    facts = config.data.model_dump_json() + json.dumps([config.seed, __version__, torch.__version__])
    return hashlib.sha256(facts.encode()).hexdigest()
