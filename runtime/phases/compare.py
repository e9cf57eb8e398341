"""Comparisons: random architectures and other spaces, each trained by the recipe of the final training in a folder of
its own.
"""

from __future__ import annotations

from typing import Any

from stdsl.compiler.analysis.architecture import architecture

from ..prepare.job import Job
from ..tracking.directory import RunDirectory
from ..tracking.names import repeat_number, title_of
from ..tracking.tracker import Tracker, finished_phases
from .derive import carried
from .train import Subject, Workshop, test, train

TRAIN, TEST = "train", "test"


def subject_named(job: Job, directory: RunDirectory, name: str) -> Subject:
    """A comparison by the name of its folder."""
    for text, graph in job.compared.items():
        if directory.network_of(text) == name:
            return Subject(name, graph, architecture(graph, {}), shown=title_of(text))
    return Subject(name, *carried(job, directory, name), repeat=repeat_number(name))


def compare_one(subject: Subject, shop: Workshop) -> dict[str, float]:
    """Train and test one network, going on from where its folder was left; returns its metrics."""
    # A process that lost its parent may be at its last step: wait until it is gone.
    tracker = Tracker(shop.directory.comparison(subject.name), exclusive=True)
    try:
        train(subject, shop, tracker, TRAIN)
        return test(subject, shop, tracker, TEST)
    finally:
        tracker.close()


def metrics_of(directory: RunDirectory, name: str) -> dict[str, Any] | None:
    """What the journal of a comparison says of it when it is over (the metrics, and the ``seconds`` of its
    training), else None."""
    finished = finished_phases(directory.comparison(name))
    return finished[TEST] | {"seconds": finished[TRAIN]["seconds"]} if TEST in finished else None
