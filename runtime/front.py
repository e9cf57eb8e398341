"""The best architectures for several budgets, from the weights or the trials that the search of a run left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric
from stdsl.compiler.analysis.joint.translation import sibling_of
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_directories import NoFront
from stdsl.compiler.families.registry import family
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.text.commands import command

from .learnt import NetworkOf, learnt, network_of


@dataclass(frozen=True)
class Front:
    """``space``: whose networks the budgets of ``cost`` are about. ``metric``: what the scores of trials are the values
    of, negative where the less is the better; None where they are of the weights of a search. ``named``: whether it was
    asked for these budgets. ``network``: how an architecture of it becomes a network."""

    search: str
    space: str
    cost: Metric
    metric: str | None
    named: bool
    points: Sequence[FrontPoint]
    network: NetworkOf | None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        told = {"search": self.search, "space": self.space, "cost": self.cost, "metric": self.metric}
        return {**told, "points": [point.document() for point in self.points]}


def front_of(path: Path, cost: Metric, budgets: Sequence[int] = ()) -> Front:
    """That of a run whose search is over, within `where` as its result is; costs are those of the space that this is
    trained in. ``budgets``: none are those that tell the most.

    Raises RunError where there is no such run, or its search leaves nothing to tell by, SpaceError where operators do
    not state the cost.
    """

    def without(reason: str) -> NoFront:
        return NoFront(None, str(path), reason)

    job, strategy, facts = learnt(path, without)
    kind, told = family(strategy.family), None
    # Weights that all share tell nothing of architectures by themselves.
    if not (kind.shared and kind.unlearnt(strategy)[0]):
        from .strategies.runner import runner  # with PyTorch, which what is refused does not need

        sibling = None if job.final is job.search.graph else _sibling(job.graph, job.search.graph, job.final)
        own = runner(strategy)
        told = own.front(strategy, job.graph, facts, cost, budgets, sibling)
    if told is None:
        reason = f"its search, of the family `{strategy.family}`, left neither weights of decisions nor trials"
        instead = command("stdsl", "derive", str(path), "--front", cost, "--budget")
        advice = f"`{instead} …` measures networks for each budget with the weights that all of them share"
        raise RunError([NoFront(None, str(path), reason, advice) if kind.shared else without(reason)])
    metric = facts["metric"] if own.separate else None
    return Front(job.config.name, job.final.name, cost, metric, bool(budgets), told, network_of(path, job))


def _sibling(common: SpaceGraph, searched: SpaceGraph, final: SpaceGraph) -> Sibling:
    """The space of the final training as the sibling that `where` measures in already, where it does."""
    own = (c.other for c in cost_constraints(common) if c.other is not None and c.other.graph is final)
    return next(own, None) or sibling_of(searched, final)
