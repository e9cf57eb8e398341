"""The search of a run, by the family of its strategy."""

from __future__ import annotations

from pathlib import Path

import torch

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.families.registry import searches

from ..report.reporter import warned
from ..strategies.runner import runner
from ..tracking.directory import RunDirectory
from ..tracking.files import read_made, write_bytes
from ..tracking.manifest import Elastic
from ..tracking.names import SEARCH
from ..tracking.weights import checksum_in
from ..tracking.weights_left import marks, weights_left
from .context import Context

PHASE = "search"


def search(run: Context) -> None:
    """Leaves in the journal what the search came to. Does nothing where it is over, or there is nothing to search."""
    strategy = run.config.strategy
    if PHASE in run.tracker.finished or strategy is None or not searches(strategy, run.job.graph):
        return
    torch.set_num_threads(run.manifest.threads)
    if run.job.elastic is None:
        found = runner(strategy).search(run)
    else:
        _fetch(run, run.job.elastic)
        found = runner(strategy).redrawn(run)
    run.tracker.finish(PHASE, dict(found.facts) | marks(run.directory, run.manifest))
    for warning in found.warnings:
        run.reporter.say(warned(warning))
    run.reporter.end(PHASE, found.summary)


def _fetch(run: Context, elastic: Elastic) -> None:
    """Leaves the weights of another run's search in this one, which needs the other no more then. Raises RunError where
    there are other ones."""
    target, source = run.directory.weights(SEARCH), RunDirectory(Path(elastic.run)).weights(SEARCH)
    fetched = not target.exists()
    path = source if fetched else target
    content = weights_left(path) if fetched else read_made(path)
    if elastic.weights not in ("", checksum_in(content, path)):
        raise RunError([RunFileDamaged(None, str(path), "it holds other weights than the run was begun with")])
    if fetched:
        write_bytes(target, content)
