"""The search of a run, by the family of its strategy."""

from __future__ import annotations

import torch

from ..report.reporter import warned
from ..strategies.runner import runner
from .context import Context

PHASE = "search"


def search(run: Context) -> None:
    """Leaves in the journal what the search came to. Does nothing where it is over, or nothing is to be decided."""
    strategy = run.config.strategy
    if PHASE in run.tracker.finished or strategy is None or not run.job.graph.open:
        return
    torch.set_num_threads(run.manifest.threads)
    found = runner(strategy).search(run)
    run.tracker.finish(PHASE, dict(found.facts))
    for warning in found.warnings:
        run.reporter.say(warned(warning))
    run.reporter.end(PHASE, found.summary)
