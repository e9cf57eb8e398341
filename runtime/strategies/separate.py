"""Searches of separate trainings: what is planned of them, what is told of their trials, and what they find."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, answers_of, architecture, plain_values
from stdsl.compiler.analysis.costs.measures import figures
from stdsl.compiler.analysis.costs.of_many import costs_of, costs_of_each
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.hyper import in_words
from stdsl.compiler.schemas.objectives import CostName
from stdsl.compiler.schemas.retraining import sizes_known
from stdsl.compiler.schemas.separate import SeparateTrainings, searched_of_fitness
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..phases.assignment import Subject
from ..phases.context import Context
from ..phases.train import build
from ..prepare.job import Job
from ..prepare.samples import stage_sizes
from ..tracking.names import trial_name
from ..trials.loop import Trial
from .candidates import FORWARD, passes_to_measure
from .evolution.objectives import best
from .runner import Runner, Work


class SeparateRunner(Runner):
    """Of a family whose search is made of trials: the best of these are its result."""

    separate = True

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        return ranked(graph, facts)

    def front(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        facts: Mapping[str, Any],
        metric: Metric,
        budgets: Sequence[int],
        sibling: Sibling | None,
    ) -> list[FrontPoint]:
        return tried_front(graph, facts, metric, budgets, sibling)


def trials_work(job: Job, fitness: Fitness, known: Sequence[Architecture], times: int) -> Work:
    """So many trials, of which some are known: the plan is for the one of these that keeps most."""
    per_epoch, batch = stage_sizes(job.config.data.samples(("train",)), fitness.batch)
    own = costs_of_each(job.graph, known)
    work = [each.flops or 0 for each in own]  # unknown costs of operators of the user's weigh nothing here
    largest = max(range(len(known)), key=lambda i: (own[i].activations or 0, work[i]))
    share = statistics.fmean(work) / max(1, work[largest]) or 1.0
    steps, passes = fitness.total_steps(per_epoch), 1.0
    strategy = job.config.strategy
    assert isinstance(strategy, SeparateTrainings)
    known_sizes = sizes_known(fitness, searched_of_fitness(strategy))
    if fitness.weights == "shared":
        steps = math.ceil(passes_to_measure(job, ("train", "valid"), fitness.samples, batch))
        passes = FORWARD
    subject = Subject(trial_name(largest + 1), job.graph, known[largest])
    make = partial(build, subject, 0)
    return Work(f"search ({times} trials)", make, job.graph, steps, batch, passes, times, share, *known_sizes)


def told(
    run: Context, found: Sequence[Trial], metric: str, minimize: Sequence[CostName] = ()
) -> tuple[dict[str, Any], str]:
    """The facts of a search that is over, and a line for whoever watches. At least one trial has a result.

    ``minimize``: costs that were objectives, too; then the facts have the `front`, the names of the trials that no
    other is better than in one objective and no worse in all, the cheapest first."""
    trials = [_facts(run, trial, metric, minimize) for trial in found if not trial.outcome.failed]
    first = trials[_order(trials, metric)[0]]
    facts: dict[str, Any] = {
        "metric": metric,
        "steps": sum(trial["steps"] for trial in trials),
        "seconds": round(sum(trial["seconds"] for trial in trials), 2),
        "best": first["name"],
        "trials": trials,
    }
    if minimize:
        facts["minimize"] = list(minimize)
        facts["front"] = _front(trials, metric, minimize)
    failed = [{"name": trial.name, "reason": trial.outcome.failed} for trial in found if trial.outcome.failed]
    if failed:
        facts["failed"] = failed
    value = METRICS[metric].written(first["value"])
    by = f": {in_words(first['settings'])}" if "settings" in first else ""
    return facts, f"{len(found)} trials, the best {metric} {value} ({first['name']}{by})"


def ranked(graph: SpaceGraph, facts: Mapping[str, Any]) -> list[Architecture]:
    """The architectures of the trials that facts tell of, the best first, of equal ones the earlier first; each once,
    by its best trial."""
    trials = facts["trials"]
    found = (architecture(graph, trials[place]["architecture"]) for place in _order(trials, facts["metric"]))
    return list(dict.fromkeys(found))


def tried_front(
    graph: SpaceGraph, facts: Mapping[str, Any], cost: Metric, budgets: Sequence[int], sibling: Sibling | None
) -> list[FrontPoint]:
    """The best trial within each of some budgets of a cost, of equal ones the cheapest, then the earliest; its score is
    the value of its metric, so that the greater is the better. ``budgets``: where there are none, what the trials cost
    that are better than all cheaper ones. ``sibling``: where the cost is that of its networks."""
    own = CostConstraint(cost, None, None, graph.span, sibling)
    metric = METRICS[facts["metric"]]
    found: list[tuple[Architecture, int, float]] = []
    for place in _order(facts["trials"], facts["metric"]):
        trial = facts["trials"][place]
        tried = architecture(graph, trial["architecture"])
        known: int | None = getattr(figures(graph, own, answers_of(graph, tried)), cost)
        if known is not None:
            found.append((tried, known, metric.score(trial["value"])))
    found.sort(key=lambda row: (-row[2], row[1]))
    if not budgets:
        least: dict[int, None] = {}  # from the best one to the cheapest one
        for _, known, _ in found:
            if not least or known < next(reversed(least)):
                least[known] = None
        budgets = sorted(least)
    points = []
    for budget in budgets:
        within = next((row for row in found if row[1] <= budget), None)
        arch, figure, score = within if within is not None else (None, None, None)
        points.append(FrontPoint(budget, arch, figure, score, best=True))
    return points


def _front(trials: Sequence[Mapping[str, Any]], metric: str, minimize: Sequence[CostName]) -> list[str]:
    """The cheapest first."""
    scores = [
        (
            METRICS[metric].score(trial["value"]),
            *(-math.inf if trial[cost] is None else -trial[cost] for cost in minimize),
        )
        for trial in trials
    ]
    order = sorted(best(scores), key=lambda place: (*(-cost for cost in scores[place][1:]), -scores[place][0]))
    return [trials[place]["name"] for place in order]


def _facts(run: Context, trial: Trial, metric: str, minimize: Sequence[CostName]) -> dict[str, Any]:
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
        **{cost: getattr(own, cost) for cost in minimize},
        **({"start": trial_name(trial.spec.start + 1)} if trial.spec.start is not None else {}),
        **({"settings": dict(trial.spec.settings)} if trial.spec.settings else {}),
        "architecture": plain_values(arch),
    }


def _order(trials: Sequence[Mapping[str, Any]], metric: str) -> list[int]:
    """The places of trials, the best first, of equal ones the earlier first."""
    return sorted(range(len(trials)), key=lambda place: (-METRICS[metric].score(trials[place]["value"]), place))
