"""What all phases of a run share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from stdsl import __version__
from stdsl.compiler.schemas.data import Data
from stdsl.compiler.schemas.search import Role, SearchConfig

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
from .train import Material, Workshop


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
    datasets: Mapping[Role, Dataset]
    helpers: Helpers

    @property
    def dataset(self) -> Dataset:
        """What is searched on."""
        return self.datasets["search"]

    @cached_property
    def workshop(self) -> Workshop:
        """What trainings of this run share."""
        return workshop(
            self.job, self.manifest, self.directory, self.placement, self.datasets, self.reporter, self.interruption
        )

    @cached_property
    def criterion(self) -> Criterion:
        """What networks of the search are trained and measured by."""
        return self.workshop.materials["search"].criterion

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
    datasets: Mapping[Role, Dataset],
    reporter: Reporter,
    interruption: Interruption,
) -> Workshop:
    """What trainings share, of a run that this process leads or helps."""
    config = job.config
    return Workshop(
        {
            role: Material(own, criterion(config, own), data_identity(config, config.data_of(role)))
            for role, own in datasets.items()
        },
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


def data_identity(config: SearchConfig, data: Data) -> str:
    """A hash of what the samples of data of a search depend on: its settings, the seed and the versions at work."""
    facts = data.model_dump_json() + json.dumps([config.seed, __version__, torch.__version__])
    return hashlib.sha256(facts.encode()).hexdigest()
