"""Separate trainings, each in a folder of its own: comparisons by the recipe of the final training, and what a trial
of a search is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from stdsl.compiler.analysis import architecture as architectures

from ..prepare.job import Job
from ..tracking.directory import RunDirectory
from ..tracking.names import is_trial, repeat_number, title_of
from ..tracking.tracker import Tracker, finished_phases
from ..training.interruption import Interrupted
from .assignment import Assignment, Subject, final_training
from .context import Context
from .derive import carried
from .train import Workshop, measure, train

TRAIN, TEST = "train", "test"


def assignment_named(job: Job, directory: RunDirectory, name: str) -> Assignment:
    """A comparison of a run by the name of its folder."""
    subject = compared(job, directory, name)
    return final_training(job.config, subject, as_measured(job, directory, subject))


def compared(job: Job, directory: RunDirectory, name: str) -> Subject:
    """The network of a comparison by the name of its folder."""
    for text, graph in job.compared.items():
        if directory.network_of(text) == name:
            return Subject(name, graph, architectures.architecture(graph, {}), shown=title_of(text))
    return Subject(name, *carried(job, directory, name), repeat=repeat_number(name))


def as_measured(job: Job, directory: RunDirectory, subject: Subject) -> Subject | None:
    """A network as it is measured, where that is on other data than it is trained on; else None."""
    if not job.tested:
        return None
    for text, graph in job.compared.items():
        if graph is subject.graph and directory.network_of(text) == subject.name:
            return replace(subject, graph=job.tested[text], arch=architectures.architecture(job.tested[text], {}))
    graph = job.tested[""]
    arch = architectures.load(directory.architecture(subject.name), graph, carry=True)
    return replace(subject, graph=graph, arch=arch)


def train_one(assignment: Assignment, shop: Workshop, keep: bool = False) -> dict[str, float]:
    """Train and measure one network in a folder of its own, going on from where that was left; returns its metrics.
    Of a trial the weights go, unless they are to ``keep``."""
    name = assignment.subject.name
    # A process that lost its parent may be at its last step: wait until it is gone.
    tracker = Tracker(shop.directory.comparison(name), exclusive=True)
    try:
        train(assignment, shop, tracker, TRAIN)
        metrics = measure(assignment, shop, tracker, TEST)
        if is_trial(name) and not keep:
            shop.directory.weights(name).unlink(missing_ok=True)
        return metrics
    finally:
        tracker.close()


def train_all(run: Context, names: Sequence[str]) -> None:
    """Train and measure what of these is not over, here and in the helpers, until all of it is. Raises Interrupted when
    the run is asked to stop."""
    run.helpers.add(missing(run, names))

    def over() -> bool:
        if run.interruption.asked:
            raise Interrupted
        return not missing(run, names)

    while (name := run.helpers.take(over)) is not None:
        train_one(assignment_named(run.job, run.directory, name), run.workshop)


def missing(run: Context, names: Iterable[str]) -> list[str]:
    """The trainings among ``names`` that are not over."""
    return [name for name in names if metrics_of(run.directory, name) is None]


def metrics_of(directory: RunDirectory, name: str) -> dict[str, Any] | None:
    """What the journal of a training says of it when it is over (the metrics, and the ``steps`` and ``seconds`` that it
    took), else None."""
    finished = finished_phases(directory.comparison(name))
    return finished[TEST] | {key: finished[TRAIN][key] for key in ("steps", "seconds")} if TEST in finished else None
