"""What one search gives to networks that tell something together: its trained networks, with its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from stdsl.compiler.backends.lowering.externs import load_externs
from stdsl.compiler.backends.networks.ensemble import Ensemble

from ..data.batch import Dataset, Part
from ..data.targets import targets_of
from ..prepare.job import Job
from ..prepare.opening import opened_for
from ..prepare.preparation import load_kept_job
from ..tracking.directory import RunDirectory, open_run
from ..tracking.finished import finished_phases
from ..tracking.names import DERIVED
from ..training.placement import Placement
from .assignment import Subject, final_training
from .compare import as_measured, compared
from .context import Context, workshop
from .derive import DERIVE, members
from .train import Workshop, trained


@dataclass(frozen=True)
class Side:
    """``subjects``: the trained network of a search, or the members of its ensemble, the best one first."""

    job: Job
    directory: RunDirectory
    shop: Workshop
    subjects: Sequence[Subject]

    @property
    def name(self) -> str:
        return self.job.config.name

    @property
    def dataset(self) -> Dataset:
        """What its networks were trained on."""
        return self.shop.materials["retrain"].dataset

    def on_test(self, placement: Placement) -> tuple[list[nn.Module], list[Part]]:
        """Its networks, and the test split as each takes it."""
        models, parts = [], []
        for subject in self.subjects:
            seen = as_measured(self.job, self.directory, subject) or subject
            splits = (final_training(self.job.config, subject).measured,)
            data = self.shop.samples("evaluate", seen.graph, splits, placement, altered=False)
            model = trained(seen, self.shop, placement)
            data.attach(model)
            models.append(model)
            parts.append(Part(data, splits))
        return models, parts

    def network(self, placement: Placement) -> nn.Module:
        """Its networks as one, on the CPU."""
        models = [trained(subject, self.shop, placement).to("cpu") for subject in self.subjects]
        if len(models) == 1:
            return models[0]
        signature = targets_of(self.dataset).signature
        return Ensemble(models, signature.kind or "classes", bool(signature.positions)).eval()


def own_side(run: Context, best: Subject) -> Side:
    """That of the run itself."""
    others = [compared(run.job, run.directory, name) for name in members(run)]
    return Side(run.job, run.directory, run.workshop, [best, *others])


def needed_side(run: Context, search: str) -> Side:
    """That of a search that ran before, from what its run directory holds. Raises RunError where that is damaged."""
    directory = open_run(run.directory.needed(search))
    manifest = directory.manifest
    job = load_kept_job(directory, manifest, run.job.allow_extern)
    for graph in (job.final, *job.tested.values()):
        load_externs(graph)
    shop = workshop(job, manifest, directory, run.placement, opened_for(job), run.reporter, run.interruption)
    names = (DERIVED, *finished_phases(directory.path)[DERIVE].get("members", ()))
    return Side(job, directory, shop, [compared(job, directory, name) for name in names])
