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
from ..phases.compare import metrics_of, train_all
from ..phases.context import Context
from ..phases.train import build
from ..prepare.job import Job
from ..prepare.samples import stage_sizes
from ..randomness import key
from ..tracking.names import trial_name
from .runner import Found, Runner, Work

_DUPLICATES = 1_000
"""So many draws in a row of what was drawn before, and no further one is looked for."""


class RandomRunner(Runner):
    """Leaves ``architectures/trial-1.arch.json`` and so on, and the journal of each training in its own folder."""

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
        found = drawn(run.job.graph, strategy, run.seed)
        names = [trial_name(number) for number in range(1, len(found) + 1)]
        for name, arch in zip(names, found, strict=True):
            if not run.directory.architecture(name).exists():
                run.directory.save_architecture(name, arch)
        train_all(run, names)
        metric = strategy.fitness.metric or run.criterion.metric
        trials = [_trial(run, name, arch, metric) for name, arch in zip(names, found, strict=True)]
        best = trials[_ranked(trials, metric)[0]]
        facts = {
            "metric": metric,
            "steps": sum(trial["steps"] for trial in trials),
            "seconds": round(sum(trial["seconds"] for trial in trials), 2),
            "best": best["name"],
            "trials": trials,
        }
        return Found(
            facts, f"{len(trials)} trials, the best {metric} {METRICS[metric].written(best['value'])} ({best['name']})"
        )

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


def _trial(run: Context, name: str, arch: Architecture, metric: str) -> dict[str, Any]:
    """What is told of a trial that is over. ``value``: that of its metric."""
    metrics = metrics_of(run.directory, name)
    assert metrics is not None, f"{name} was not trained"
    own = costs_of(run.job.graph, arch)
    facts = {name: value for name, value in metrics.items() if name in (*METRICS, "samples")}
    return {
        "name": name,
        "hash": arch.hash,
        "value": facts[metric],
        "metrics": facts,
        "steps": metrics["steps"],
        "seconds": metrics["seconds"],
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
