"""The search whose weights a found network has without a training of its own: the run's, or one that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stdsl.compiler.checks.shared import lent_by
from stdsl.compiler.families.registry import family
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.strategy import Strategy

from ..prepare.job import Job
from ..tracking.directory import RunDirectory
from ..tracking.names import SEARCH


@dataclass(frozen=True)
class Lender:
    """``graph``: the space that it searched; ``weights``: the file that it left. ``needed``: its name, where it is
    not the run's own search."""

    strategy: Strategy
    graph: SpaceGraph
    weights: Path
    needed: str = ""


def lender(job: Job, directory: RunDirectory) -> Lender:
    """That of a run in ``directory``, whose search leaves weights or measures with those of another."""
    strategy = job.config.strategy
    assert strategy is not None
    if family(strategy.family).weights:
        return Lender(strategy, job.graph, directory.weights(SEARCH))
    search = lent_by(job.search)
    assert search is not None, "the check saw to it"
    assert search.config.strategy is not None
    name = search.config.name
    return Lender(search.config.strategy, search.graph, RunDirectory(directory.needed(name)).weights(SEARCH), name)
