"""Separate trainings, each in a folder of its own: comparisons by the recipe of the final training, and what a trial
of a search is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stdsl.compiler.analysis import architecture as architectures
from stdsl.compiler.analysis.architecture import Architecture

from ..prepare.job import Job
from ..tracking.directory import RunDirectory
from ..tracking.left import owner
from ..tracking.names import repeat_number, title_of
from ..tracking.tracker import Tracker
from .assignment import Assignment, Subject, final_training
from .derive import carried
from .train import Workshop, measure, train

TRAIN, TEST = "train", "test"


def comparison(job: Job, name: str, values: Mapping[str, Any]) -> Assignment:
    """The training of a network that the found one is compared with, or of one beside it, by its name and its
    ``values``, as its architecture file has them."""
    graph, tested, shown = job.final, job.tested.get(""), ""
    for text, each in job.compared.items():
        if RunDirectory.network_of(text) == name:
            graph, tested, shown = each, job.tested.get(text), title_of(text)
    subject = Subject(name, graph, architectures.architecture(graph, values), repeat_number(name), shown)
    measured = None
    if tested is not None:
        measured = replace(subject, graph=tested, arch=architectures.architecture(tested, values))
    return final_training(job.config, subject, measured)


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
    arch = architectures.load(directory.architecture(subject.name), graph, carry=True, unedited=True)
    return replace(subject, graph=graph, arch=arch)


def saved(job: Job, directory: RunDirectory, name: str) -> Architecture:
    """The architecture of such a network as its file has it; of a space without decisions there is none."""
    for text, graph in job.compared.items():
        if directory.network_of(text) == name:
            return architectures.architecture(graph, {})
    return architectures.saved(directory.architecture(name), unedited=True)


def train_one(assignment: Assignment, shop: Workshop) -> dict[str, Any]:
    """Train and measure one network in a folder of its own, going on from where that was left: its metrics, and the
    ``steps`` and ``seconds`` that it took to train."""
    # A process that lost its parent may be at its last step: wait until it is gone.
    name = assignment.subject.name
    tracker = Tracker(shop.directory.trial(name), exclusive=True, whose=owner(shop.run, name))
    try:
        train(assignment, shop, tracker, TRAIN)
        metrics = measure(assignment, shop, tracker, TEST)
        return metrics | {key: tracker.finished[TRAIN][key] for key in ("steps", "seconds")}
    finally:
        tracker.close()
