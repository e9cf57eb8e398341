"""The architectures that the search of a run drew, with what they were measured to reach."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, architecture, plain_values
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.posteriors import NothingDrawn
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.families.registry import family
from stdsl.compiler.schemas.tasks.metrics import METRICS, Metric
from stdsl.compiler.text.commands import command

from .learnt import NetworkOf, learnt, network_of
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
    """``strategies``: the different ones, the best first; ``called``: what the family calls one and several of them.
    ``network``: how an architecture of them becomes a network."""

    search: str
    space: str
    metric: str
    strategies: tuple[Strategy, ...]
    network: NetworkOf | None
    called: tuple[str, str]

    @property
    def measured_by(self) -> Metric:
        return METRICS[self.metric]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        found = [strategy.document() for strategy in self.strategies]
        return {"search": self.search, "space": self.space, "metric": self.metric, "strategies": found}


def drawn_of(path: Path) -> Drawn:
    """Those of a run whose search is over. Raises RunError where there is no such run, or it drew nothing."""

    def without(reason: str, place: Span | None = None, advice: str = "") -> NothingDrawn:
        return NothingDrawn(place, str(path), reason, advice)

    job, strategy, facts = learnt(path, without)
    own = family(strategy.family)
    if not facts.get("drawn"):
        place, reason = job.config.place("strategy"), f"a search of the family `{own.name}` measures none that it draws"
        advice = ""
        if own.candidates:
            reason = f"it took the most probable one of its {own.distribution}, and measured no others"
            advice = f"let the search measure some that it draws: `{own.candidates} = 30`"
        elif facts.get("trials"):
            advice = f"`{command('stdsl', 'show', str(path), '--trials')}` lists what it tried"
        raise RunError([without(reason, place, advice)])
    strategies = []
    for one in best_first(facts["drawn"], facts["metric"]):
        arch = architecture(job.graph, one["architecture"])
        cost = costs(job.graph, arch)
        strategies.append(Strategy(arch, one["value"], one["times"], one["log_prob"], cost.params, cost.flops))
    return Drawn(job.config.name, job.graph.name, facts["metric"], tuple(strategies), network_of(path, job), own.drawn)
