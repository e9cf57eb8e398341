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
from stdsl.compiler.schemas.search import ROLES, Role, SearchConfig

from ..data.batch import Dataset
from ..data.targets import targets_of
from ..data.views import Views, seen_in
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
    """One run under way. A phase that is in ``tracker.finished`` is not done again. ``hands``: how many processes train
    trials; 0: they are trained in this one; None: as many as the engine has room for. ``store``: the URL of the
    database of trials, "" for the file of the run directory."""

    job: Job
    manifest: Manifest
    directory: RunDirectory
    tracker: Tracker
    reporter: Reporter
    interruption: Interruption
    placement: Placement
    datasets: Mapping[Role, Dataset]
    hands: int | None = 0
    store: str = ""

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
        _materials(config, datasets),
        replace(placement, compile=config.compile),
        config.precision,
        config.seed,
        config.sampling == "balanced",
        config.loaders,
        manifest.training_threads,
        directory,
        manifest.id,
        reporter,
        interruption,
    )


def _materials(config: SearchConfig, datasets: Mapping[Role, Dataset]) -> dict[Role, Material]:
    """By role. What is measured on is scaled by what is trained on, and networks are measured by what they were trained
    by."""
    found: dict[Role, Material] = {}
    for role in ROLES:
        own, data = datasets[role], config.data_of(role)
        if role == "evaluate" and config.owner(role) == role:
            by = replace(found["retrain"].criterion, targets=targets_of(own))
            found[role] = Material(own, by, data_identity(config, data, config.data_of("retrain")))
        else:
            found[role] = Material(own, criterion(config, own), data_identity(config, data))
    if config.evaluate.views > 1:
        tested, views = found["evaluate"], Views.of(config.evaluate)
        identity = hashlib.sha256(f"{tested.identity} {views}".encode()).hexdigest()
        found["evaluate"] = Material(seen_in(tested.dataset, views), tested.criterion, identity)
    return found


def data_identity(config: SearchConfig, *data: Data) -> str:
    """A hash of what the samples of data of a search depend on: its settings (then those of the data by which it is
    scaled), the seed and the versions at work."""
    settings = "".join(own.model_dump_json() for own in data)
    facts = settings + json.dumps([config.seed, __version__, torch.__version__])
    return hashlib.sha256(facts.encode()).hexdigest()
