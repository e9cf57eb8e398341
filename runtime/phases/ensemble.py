"""The best architectures of a search, each trained by itself, as one: measured, and as a network."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from stdsl.compiler.backends.networks.ensemble import Ensemble, Mean

from ..data.batch import Part
from ..tracking.names import ENSEMBLE
from ..tracking.rows import write_rows
from ..training.evaluate import evaluate_together
from ..training.loop import check_finite
from .assignment import Subject, final_training
from .compare import as_measured, compared
from .context import Context
from .derive import members
from .train import trained

PHASE = "ensemble"


def subjects(run: Context, best: Subject) -> list[Subject]:
    """The members, the best one first."""
    return [best, *(compared(run.job, run.directory, name) for name in members(run))]


def measure_together(run: Context, best: Subject) -> None:
    """Metrics of the ensemble on the test split; they stand in the journal. All members must be trained."""
    if PHASE in run.tracker.finished:
        return
    torch.set_num_threads(run.manifest.training_threads)
    shop, material = run.workshop, run.workshop.materials["evaluate"]
    found = [(subject, as_measured(run.job, run.directory, subject) or subject) for subject in subjects(run, best)]
    assignment = final_training(run.config, best)
    placement, splits = shop.placed(assignment.recipe), (assignment.measured,)
    models, parts = [], []
    for _, subject in found:
        data = shop.samples("evaluate", subject.graph, splits, placement, altered=False)
        model = trained(subject, shop, placement)
        data.attach(model)
        models.append(model)
        parts.append(Part(data, splits))
    mean = Mean(material.criterion.targets.signature.kind or "classes")
    metrics = evaluate_together(models, parts, placement, mean, assignment.batch, material.criterion)
    figures = metrics.document()
    for what, value in figures.items():
        check_finite("the ensemble", f"{what.replace('_', ' ')} on the test split", {what: value})
    for name, table in metrics.tables.items():
        write_rows(run.directory.evaluation(ENSEMBLE, name), table)
    run.tracker.finish(PHASE, figures)


def network(run: Context, members: Sequence[Subject]) -> Ensemble:
    """The trained members as one network, on the CPU."""
    signature = run.workshop.materials["retrain"].criterion.targets.signature
    models = [trained(subject, run.workshop, run.placement).to("cpu") for subject in members]
    return Ensemble(models, signature.kind or "classes", bool(signature.positions)).eval()
