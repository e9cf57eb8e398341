"""What processes of an engine do for a run, which they open by its folder."""

from __future__ import annotations

from pathlib import Path

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.schemas.recipe import Recipe
from stdsl.compiler.schemas.separate import SeparateTrainings

from ..engines.contract import Doing
from ..phases.assignment import Subject
from ..phases.context import workshop
from ..phases.train import build
from ..prepare.opening import opened_for
from ..prepare.preparation import load_kept_job
from ..report.reporter import Silent
from ..tracking.directory import open_run
from ..training.interruption import Interruption
from ..training.optimizers import build_descent
from ..training.placement import available
from .training import training


def prepare(folder: str, allow_extern: bool) -> Doing:
    """Trains trials of the run at ``folder``. ``allow_extern``: leave to load the code of extern operators.

    What trainings import late, and what is remembered of the space once a network of it was built, is there before any
    process begins."""
    directory = open_run(Path(folder))
    manifest = directory.manifest
    job = load_kept_job(directory, manifest, allow_extern)
    placement, datasets = available(manifest.device), opened_for(job)
    shop = workshop(job, manifest, directory, placement, datasets, Silent(), Interruption())
    strategy, graph = job.config.strategy, job.graph
    if isinstance(strategy, SeparateTrainings):
        recipe: Recipe | None = strategy.fitness
    else:
        recipe, graph = job.config.retrain, next(iter(job.compared.values()), graph)
    assert recipe is not None
    model = build(Subject("", graph, sample(graph, 0)[0] if graph.open else architecture(graph, {})), 0)
    build_descent(recipe.optimizer, list(model.parameters()), 1, 1, recipe.clip)  # imports torch._dynamo
    return training(shop, job)
