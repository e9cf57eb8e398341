"""Random search: architectures drawn at random, each trained for a budget and measured; the best one is the result."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.costs.of_many import costs_of, costs_of_each
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.families.random import RandomConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..phases.assignment import Subject
from ..phases.context import Context
from ..phases.train import build
from ..prepare.job import Job
from ..prepare.samples import stage_sizes
from ..randomness import key
from ..tracking.names import trial_name
from ..trials.loop import Trial
from ..trials.proposal import Outcome, Spec
from ..trials.running import run_trials
from .runner import Found, Runner, Work

_DUPLICATES = 1_000
"""So many draws in a row of what was drawn before, and no further one is looked for."""


class RandomRunner(Runner):
    """Its proposals are known before anything is trained."""

    separate = True

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        per_epoch, batch = stage_sizes(job.config.data.samples(("train",)), strategy.fitness.batch)
        steps = strategy.fitness.total_steps(per_epoch)
        found = drawn(job.graph, strategy, job.config.seed)
        figures = costs_of_each(job.graph, found)
        # Which ones are trained is known; the plan is for the one that keeps most, which is as exact as one can be.
        work = [own.flops or 0 for own in figures]  # unknown costs of operators of the user's weigh nothing here
        largest = max(range(len(found)), key=lambda i: (figures[i].activations or 0, work[i]))
        share = statistics.fmean(work) / max(1, work[largest]) or 1.0
        subject = Subject(trial_name(largest + 1), job.graph, found[largest])
        make = partial(build, subject, 0)
        yield Work(f"search ({len(found)} trials)", make, job.graph, steps, batch, times=len(found), share=share)

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        found = run_trials(run, Draws(drawn(run.job.graph, strategy, run.seed)), blind=True)
        metric = strategy.fitness.metric or run.criterion.metric
        trials = [_facts(run, trial, metric) for trial in found if not trial.outcome.failed]
        best = trials[_ranked(trials, metric)[0]]
        facts = {
            "metric": metric,
            "steps": sum(trial["steps"] for trial in trials),
            "seconds": round(sum(trial["seconds"] for trial in trials), 2),
            "best": best["name"],
            "trials": trials,
        }
        failed = [{"name": trial.name, "reason": trial.outcome.failed} for trial in found if trial.outcome.failed]
        value = METRICS[metric].written(best["value"])
        said = f"{len(found)} trials, the best {metric} {value} ({best['name']})"
        return Found(facts | ({"failed": failed} if failed else {}), said)

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        trials = facts["trials"]
        order = _ranked(trials, facts["metric"])
        return [architecture(graph, trials[place]["architecture"]) for place in order]


def drawn(graph: SpaceGraph, strategy: RandomConfig, seed: int) -> list[Architecture]:
    """The architectures of a search, all different: a function of the space, the settings and the seed. Fewer than
    asked for where the space has, or seems to have, no more. Raises SpaceError where it has none."""
    distribution = policy(graph, strategy.draw)
    found: dict[Architecture, None] = {}
    number = in_a_row = 0
    while len(found) < strategy.trials and in_a_row < _DUPLICATES:
        number += 1
        arch = distribution.draw(key(seed, "trial", number))
        in_a_row = in_a_row + 1 if arch in found else 0
        found[arch] = None
    return list(found)


class Draws:
    """Proposes architectures that were drawn, whatever came of others."""

    def __init__(self, found: Sequence[Architecture]) -> None:
        self._found = found

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | None:
        return Spec(number, self._found[number]) if number < len(self._found) else None


def _facts(run: Context, trial: Trial, metric: str) -> dict[str, Any]:
    """What is told of a trial that has a result. ``value``: that of its metric."""
    arch = trial.spec.architecture
    own = costs_of(run.job.graph, arch)
    return {
        "name": trial.name,
        "hash": arch.hash,
        "value": trial.outcome.values[metric],
        "metrics": dict(trial.outcome.values),
        "steps": trial.steps,
        "seconds": trial.seconds,
        "params": own.params,
        "flops": own.flops,
        "architecture": {path: list(v) if isinstance(v, tuple) else v for path, v in arch.items()},
    }


def _ranked(trials: Sequence[Mapping[str, Any]], metric: str) -> list[int]:
    """The places of trials, the best first, of equal ones the earlier first."""
    return sorted(range(len(trials)), key=lambda place: (-METRICS[metric].score(trials[place]["value"]), place))


def _own(strategy: Strategy | None) -> RandomConfig:
    assert isinstance(strategy, RandomConfig)
    return strategy
