"""The best architectures for several budgets, from the weights or the trials that the search of a run left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric
from stdsl.compiler.analysis.joint.translation import sibling_of
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_directories import NoFront
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling

from .learnt import command_again, learnt
from .strategies.runner import runner


@dataclass(frozen=True)
class Front:
    """``space``: whose networks the budgets are about. ``command``: what runs the same search again."""

    search: str
    space: str
    metric: Metric
    points: Sequence[FrontPoint]
    command: str


def front_of(path: Path, metric: Metric, budgets: Sequence[int] | int) -> Front:
    """That of a run whose search is over, within `where` as its result is; costs are those of the space that this is
    trained in. Raises RunError where there is no such run, or its search leaves nothing to tell by, SpaceError
    where operators do not state the cost."""

    def without(reason: str) -> NoFront:
        return NoFront(None, str(path), reason)

    job, strategy, facts = learnt(path, without)
    sibling = None if job.final is job.search.graph else _sibling(job.graph, job.search.graph, job.final)
    points = runner(strategy).front(strategy, job.graph, facts, metric, budgets, sibling)
    if points is None:
        raise RunError(
            [without(f"a search of the family `{strategy.family}` leaves neither weights of decisions nor trials")]
        )
    return Front(job.config.name, job.final.name, metric, points, command_again(path, job))


def _sibling(common: SpaceGraph, searched: SpaceGraph, final: SpaceGraph) -> Sibling:
    """The space of the final training as the sibling that `where` measures in already, where it does."""
    own = (c.other for c in cost_constraints(common) if c.other is not None and c.other.graph is final)
    return next(own, None) or sibling_of(searched, final)
