"""Evolution: a population of architectures, each trained by itself; the best one ever tried is the result."""

from __future__ import annotations

from collections.abc import Iterator

from stdsl.compiler.analysis.architecture import Architecture, load
from stdsl.compiler.diagnostics.model import ArchitectureError, SpaceError
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.compiler.families.evolution.start import given
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.strategy import Strategy

from ...phases.context import Context
from ...prepare.job import Job
from ...randomness import key
from ...tracking.names import given_name
from ...trials.proposal import Spec
from ...trials.running import fitness_sizes, forget_weights, run_trials
from ..halving import longer_work
from ..runner import Found, Work
from ..screening import screening
from ..separate import SeparateRunner, told, trials_work
from .proposer import Evolution


class EvolutionRunner(SeparateRunner):
    """Its first proposals are known before anything is trained, its children are not."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        try:
            known = _given(job.graph, strategy, job.config.seed)
        except (ArchitectureError, SpaceError):
            known = []  # a run that goes on has them, whatever became of the files
        proposer = Evolution(job.graph, strategy, job.config.seed, "loss", known)
        first: list[Spec] = []
        while len(first) < strategy.population and isinstance(spec := proposer.ask(len(first), first, []), Spec):
            first.append(spec)
        times = len(first) + strategy.rounds if len(first) == strategy.population else len(first)
        tried = [spec.architecture for spec in first]
        work = trials_work(job, strategy.fitness, tried, times)
        yield work
        yield from longer_work(work, strategy.halving, times)

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        metric = strategy.fitness.metric or run.criterion.metric
        (steps, _), keep = fitness_sizes(run, strategy.fitness), strategy.halving is not None
        proposer = Evolution(
            run.job.graph, strategy, run.seed, metric, _kept(run, strategy), steps, screening(run, strategy.screen)
        )
        found = run_trials(run, proposer, keep)
        if keep:
            forget_weights(run, found)
        return Found(*told(run, found, metric, strategy.minimize))


def _given(graph: SpaceGraph, strategy: EvolutionConfig, seed: int) -> list[Architecture]:
    return given(graph, strategy.start, strategy.draw, lambda number: key(seed, "given", number))


def _kept(run: Context, strategy: EvolutionConfig) -> list[Architecture]:
    """The given architectures, of which the run has copies, so that it goes on without the files. The last one is
    there where all are."""
    names = [given_name(number) for number in range(1, len(strategy.start.architectures) + 1)]
    if names and not run.directory.architecture(names[-1]).exists():
        for name, arch in zip(names, _given(run.job.graph, strategy, run.seed), strict=True):
            run.directory.save_architecture(name, arch)
    return [load(run.directory.architecture(name), run.job.graph) for name in names]


def _own(strategy: Strategy | None) -> EvolutionConfig:
    assert isinstance(strategy, EvolutionConfig)
    return strategy
