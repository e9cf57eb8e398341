"""A search by a model: each trial is where the model of the earlier ones expects most; the best one wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stdsl.compiler.families.bayes import trials_of
from stdsl.compiler.families.bayes.brackets import brackets, steps_between
from stdsl.compiler.families.bayes.settings import BayesConfig
from stdsl.compiler.families.bayes.variables import candidates
from stdsl.compiler.schemas.separate import SeparateTrainings, with_settings
from stdsl.compiler.schemas.strategy import Strategy

from ...data.batch import Part
from ...phases.context import Context
from ...prepare.job import Job
from ...prepare.samples import stage_sizes
from ...trials.proposal import Spec
from ...trials.running import forget_weights, run_trials
from ..runner import Found, Work
from ..separate import SeparateRunner, told, trials_work
from .proposer import Bayes
from .variables import Settings


class BayesRunner(SeparateRunner):
    """Its first proposals, drawn at random, are known before anything is trained."""

    def works(self, job: Job) -> Iterator[Work]:
        """Of open settings the plan has the values that hold before any is assigned."""
        strategy = _own(job.config.strategy)
        samples = job.config.data.samples(("train",))
        per_epoch, _ = stage_sizes(samples, strategy.fitness.batch)
        proposer = Bayes(job.graph, strategy, job.config.seed, "loss", lambda settings: per_epoch)
        times, first = trials_of(strategy), list[Spec]()
        if strategy.budget is None:  # brackets take candidates twice where there are no more
            times = candidates(strategy, job.graph, times)
        while len(first) < min(times, proposer.startup()):
            spec = proposer.ask(len(first), first, [])
            if not isinstance(spec, Spec):
                break
            first.append(spec)
        tried = list(dict.fromkeys(spec.architecture for spec in first))
        work = trials_work(job, strategy.fitness, tried, times)
        if strategy.budget is None:
            yield work
            return
        longer: dict[int, int] = {}  # steps → how many trials of so many
        for bracket in brackets(strategy.budget):
            for rung, size in enumerate(bracket.sizes):
                steps = steps_between(bracket, rung, per_epoch)
                longer[steps] = longer.get(steps, 0) + size
        for steps, size in sorted(longer.items()):
            about = "" if work.batch_known and samples is not None else "~"  # rungs are epochs
            name = f"search ({size} trials of {about}{steps} steps)"
            yield replace(work, name=name, steps=steps, times=size, steps_known=work.batch_known)

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        metric, keep = strategy.fitness.metric or run.criterion.metric, strategy.budget is not None
        samples = len(Part(run.dataset, ("train",)))

        def per_epoch(settings: Settings) -> int:
            return stage_sizes(samples, with_settings(strategy, settings).fitness.batch)[0]

        found = run_trials(run, Bayes(run.job.graph, strategy, run.seed, metric, per_epoch), keep)
        if keep:
            forget_weights(run, found)
        return Found(*told(run, found, metric))


def _own(strategy: SeparateTrainings | Strategy | None) -> BayesConfig:
    assert isinstance(strategy, BayesConfig)
    return strategy
