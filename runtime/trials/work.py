"""What processes of an engine do for a run, which they open by its folder."""

from __future__ import annotations

from pathlib import Path

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.schemas.separate import SeparateTrainings

from ..engines.contract import Doing
from ..phases.assignment import Subject
from ..phases.train import build
from ..report.reporter import Silent
from ..run import reopened
from ..training.interruption import Interruption
from ..training.optimizers import build_descent
from .training import training


def prepare(folder: str, allow_extern: bool) -> Doing:
    """Trains trials of the run at ``folder``. ``allow_extern``: leave to load the code of extern operators.

    What trainings import late, and what is remembered of the space once a network of it was built, is there before any
    process begins."""
    shop, job = reopened(Path(folder), Silent(), Interruption(), allow_extern)
    graph, config = job.graph, job.config
    separate = isinstance(config.strategy, SeparateTrainings)
    recipe = config.strategy.fitness if isinstance(config.strategy, SeparateTrainings) else config.retrain
    assert recipe is not None
    alone = [graph for graph in job.compared.values() if not separate]
    graph = alone[0] if alone else graph
    model = build(Subject("", graph, sample(graph, 0)[0] if graph.open else architecture(graph, {})), 0)
    build_descent(recipe.optimizer, list(model.parameters()), 1, 1, recipe.clip)  # imports torch._dynamo
    return training(shop, job)
