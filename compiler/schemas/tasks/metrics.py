"""What networks are measured by: a table, whose entries say of which targets a metric is, and what is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from ...datafiles.forms import Kind
from ...record import record
from ...text.figures import rounded
from .targets import TargetSignature

MetricName = Literal[
    "accuracy",
    "top5",
    "balanced_accuracy",
    "macro_f1",
    "mean_ap",
    "auc",
    "iou",
    "rmse",
    "mae",
    "r2",
    "loss",
]


@record
class Metric:
    """``title``: what tables call it. ``about``: its definition. ``kinds``: the targets that it is of; ``dense``:
    whether those of whole samples (False), of positions (True), or both (None). ``greater``: whether the greater is
    the better. ``units``: whether it has the units of the targets, else it is a share."""

    title: str
    about: str
    kinds: tuple[Kind, ...]
    dense: bool | None = None
    greater: bool = True
    units: bool = False

    def of(self, targets: TargetSignature) -> bool:
        """Whether it can be measured where these are the targets; what is not known of them may fit."""
        if targets.kind is not None and targets.kind not in self.kinds:
            return False
        return self.dense is None or targets.positions is None or self.dense == targets.dense

    def score(self, value: float) -> float:
        """A value of it, so that the greater is the better."""
        return value if self.greater else -value

    def better(self, value: float, best: float | None) -> bool:
        """Whether a value is better than the best so far (None: there is none); one that is no number is worse than
        any other."""
        return best is None or math.isnan(best) or self.score(value) > self.score(best)

    def written(self, value: float) -> str:
        """A value as people read it."""
        if not self.units:
            return rounded(value, 3)
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(
        "accuracy",
        "the share that is told right, of samples or of positions; of labels, of all labels of all samples",
        ("classes", "labels"),
    ),
    "top5": Metric("top 5", "the share of samples whose class is among the five likeliest", ("classes",), dense=False),
    "balanced_accuracy": Metric(
        "balanced accuracy", "the share that is told right of each class, averaged over classes", ("classes",)
    ),
    "macro_f1": Metric(
        "macro F1",
        "of each class or label 2·tp / (2·tp + fp + fn), averaged over those that occur or are told",
        ("classes", "labels"),
    ),
    "mean_ap": Metric(
        "mean AP",
        "average precision of each class or label, averaged over those that occur",
        ("classes", "labels"),
        dense=False,
    ),
    "auc": Metric(
        "AUC",
        "of each class or label the share of pairs (one of it, one not) that are ranked right, a tie half, averaged",
        ("classes", "labels"),
        dense=False,
    ),
    "iou": Metric(
        "IoU",
        "of each class tp / (tp + fp + fn) over all positions, averaged over those that occur or are told",
        ("classes",),
        dense=True,
    ),
    "rmse": Metric("RMSE", "root of the mean squared error, in units of the target", ("numbers",), None, False, True),
    "mae": Metric("MAE", "mean absolute error, in units of the target", ("numbers",), None, False, True),
    "r2": Metric("R²", "1 - squared error / squared deviation from the mean", ("numbers",)),
    "loss": Metric(
        "loss", "the loss, without label smoothing and weights", ("classes", "labels", "numbers"), None, False
    ),
}
"""By name. Of several numbers `rmse`, `mae` and `r2` are averages over them."""
