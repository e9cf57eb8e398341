"""The tasks: a table, whose rows say what targets a task has and what follows where nothing else is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ...datafiles.forms import Kind
from ...record import record
from .losses import BinaryCrossEntropy, CrossEntropy, Loss, SquaredError
from .metrics import METRICS, MetricName
from .targets import TargetSignature

TaskName = Literal["classification", "multi_label", "regression", "dense"]


@record
class Task:
    """``kind``, ``dense``: the form of its targets, which no other row has. ``asks``: as what targets are read for it,
    where files leave that open. ``loss`` (what makes it: settings are built where they are read), ``metric``: what is
    taken where a search names none. ``shown``: what is told of every network; ``step``: what is told of a batch beside
    its loss."""

    name: TaskName
    kind: Kind
    dense: bool
    asks: Kind | None
    loss: Callable[[], Loss]
    metric: MetricName
    shown: tuple[MetricName, ...]
    step: MetricName

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that its networks are measured by, in the order of the table."""
        targets = TargetSignature(self.kind, None, None, (2,) if self.dense else ())
        return tuple(name for name, metric in METRICS.items() if metric.of(targets))


TASKS: tuple[Task, ...] = (
    Task("classification", "classes", False, "classes", CrossEntropy, "accuracy", ("accuracy", "top5"), "accuracy"),
    Task("multi_label", "labels", False, "labels", BinaryCrossEntropy, "mean_ap", ("mean_ap", "macro_f1"), "accuracy"),
    Task("regression", "numbers", False, "numbers", SquaredError, "rmse", ("rmse", "mae", "r2"), "rmse"),
    Task("dense", "classes", True, None, CrossEntropy, "iou", ("iou", "accuracy"), "accuracy"),
    Task("dense", "numbers", True, None, SquaredError, "rmse", ("rmse", "mae", "r2"), "rmse"),
)


def task_of(targets: TargetSignature) -> Task | None:
    """The task that targets are of; None where their form is not known, or no task has it."""
    if targets.kind is None or targets.positions is None:
        return None
    found = [task for task in TASKS if task.kind == targets.kind and task.dense == targets.dense]
    return found[0] if found else None


def named(name: TaskName) -> tuple[Task, ...]:
    """The rows of a task."""
    return tuple(task for task in TASKS if task.name == name)
