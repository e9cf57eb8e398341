"""Searches of separate trainings: what is planned of them, what is told of their trials, and what they find."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.costs.of_many import costs_of, costs_of_each
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..phases.assignment import Subject
from ..phases.context import Context
from ..phases.train import build
from ..prepare.job import Job
from ..prepare.samples import stage_sizes
from ..tracking.names import trial_name
from ..trials.loop import Trial
from .runner import Work


def trials_work(job: Job, fitness: Fitness, known: Sequence[Architecture], times: int) -> Work:
    """So many trials, of which some are known: the plan is for the one of these that keeps most."""
    per_epoch, batch = stage_sizes(job.config.data.samples(("train",)), fitness.batch)
    figures = costs_of_each(job.graph, known)
    work = [own.flops or 0 for own in figures]  # unknown costs of operators of the user's weigh nothing here
    largest = max(range(len(known)), key=lambda i: (figures[i].activations or 0, work[i]))
    share = statistics.fmean(work) / max(1, work[largest]) or 1.0
    subject = Subject(trial_name(largest + 1), job.graph, known[largest])
    steps = fitness.total_steps(per_epoch)
    return Work(
        f"search ({times} trials)", partial(build, subject, 0), job.graph, steps, batch, times=times, share=share
    )


def told(run: Context, found: Sequence[Trial], metric: str) -> tuple[dict[str, Any], str]:
    """The facts of a search that is over, and a line for whoever watches. At least one trial has a result."""
    trials = [_facts(run, trial, metric) for trial in found if not trial.outcome.failed]
    best = trials[_order(trials, metric)[0]]
    facts: dict[str, Any] = {
        "metric": metric,
        "steps": sum(trial["steps"] for trial in trials),
        "seconds": round(sum(trial["seconds"] for trial in trials), 2),
        "best": best["name"],
        "trials": trials,
    }
    failed = [{"name": trial.name, "reason": trial.outcome.failed} for trial in found if trial.outcome.failed]
    if failed:
        facts["failed"] = failed
    value = METRICS[metric].written(best["value"])
    return facts, f"{len(found)} trials, the best {metric} {value} ({best['name']})"


def ranked(graph: SpaceGraph, facts: Mapping[str, Any]) -> list[Architecture]:
    """The architectures of the trials that facts tell of, the best first, of equal ones the earlier first; each once,
    by its best trial."""
    trials = facts["trials"]
    found = (architecture(graph, trials[place]["architecture"]) for place in _order(trials, facts["metric"]))
    return list(dict.fromkeys(found))


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


def _order(trials: Sequence[Mapping[str, Any]], metric: str) -> list[int]:
    """The places of trials, the best first, of equal ones the earlier first."""
    return sorted(range(len(trials)), key=lambda place: (-METRICS[metric].score(trials[place]["value"]), place))
