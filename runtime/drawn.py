"""The strategies that the search of a run drew from its posterior, with what they were measured to reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, architecture, plain_values
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.posteriors import NothingDrawn
from stdsl.compiler.schemas.tasks.metrics import METRICS, Metric

from .learnt import command_again, learnt
from .tasks.best_first import best_first


@dataclass(frozen=True)
class Strategy:
    """``value``: of the search's metric, with the template's weights. ``times``: how often it was drawn. ``log_prob``:
    the natural logarithm of its probability, None where that is not known. ``params``, ``flops``: of its network in the
    space that was searched, None where operators do not state them."""

    architecture: Architecture
    value: float
    times: int
    log_prob: float | None
    params: int | None
    flops: int | None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        arch = self.architecture
        return {
            "hash": arch.hash,
            "value": self.value,
            "times": self.times,
            "log_prob": self.log_prob,
            "params": self.params,
            "flops": self.flops,
            "architecture": plain_values(arch),
        }


@dataclass(frozen=True)
class Drawn:
    """``strategies``: the different ones, the best first. ``command``: what runs the same search again, None where
    it trains nothing afterwards."""

    search: str
    space: str
    metric: str
    strategies: tuple[Strategy, ...]
    command: str | None

    @property
    def measured_by(self) -> Metric:
        return METRICS[self.metric]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        found = [strategy.document() for strategy in self.strategies]
        return {"search": self.search, "space": self.space, "metric": self.metric, "strategies": found}


def drawn_of(path: Path) -> Drawn:
    """Those of a run whose search is over. Raises RunError where there is no such run, or it drew nothing."""

    def without(reason: str) -> NothingDrawn:
        return NothingDrawn(None, str(path), reason)

    job, _, facts = learnt(path, without)
    if not facts.get("drawn"):
        raise RunError([without("its search measured no strategies of a posterior")])
    strategies = []
    for one in best_first(facts["drawn"], facts["metric"]):
        arch = architecture(job.graph, one["architecture"])
        own = costs(job.graph, arch)
        strategies.append(Strategy(arch, one["value"], one["times"], one["log_prob"], own.params, own.flops))
    return Drawn(job.config.name, job.graph.name, facts["metric"], tuple(strategies), command_again(path, job))
