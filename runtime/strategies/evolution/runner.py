"""Evolution: a population of architectures, each trained by itself; the best one ever tried is the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.strategy import Strategy

from ...phases.context import Context
from ...prepare.job import Job
from ...trials.proposal import Spec
from ...trials.running import run_trials
from ..runner import Found, Runner, Work
from ..separate import ranked, told, trials_work
from .proposer import Evolution


class EvolutionRunner(Runner):
    """Its first proposals are known before anything is trained, its children are not."""

    separate = True

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        proposer = Evolution(job.graph, strategy, job.config.seed, metric="loss")
        first: list[Spec] = []
        while len(first) < strategy.population and (spec := proposer.ask(len(first), first, [])) is not None:
            first.append(spec)
        times = len(first) + strategy.rounds if len(first) == strategy.population else len(first)
        yield trials_work(job, strategy.fitness, [spec.architecture for spec in first], times)

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        metric = strategy.fitness.metric or run.criterion.metric
        proposer = Evolution(run.job.graph, strategy, run.seed, metric)
        return Found(*told(run, run_trials(run, proposer), metric))

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        return ranked(graph, facts)


def _own(strategy: Strategy | None) -> EvolutionConfig:
    assert isinstance(strategy, EvolutionConfig)
    return strategy
