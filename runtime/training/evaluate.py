"""Accuracy and loss of a network on a part of the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..data.batch import Part
from .placement import Placement
from .statistics import Statistics, evaluating


@dataclass(frozen=True, slots=True)
class Metrics:
    """``loss``: mean cross-entropy in nats. ``top1``, ``top5``: shares of samples (with fewer than 6 classes top5 is
    1). ``balanced_accuracy``: top1 of each class, averaged over the classes that have samples. ``mean_ap``: see
    :func:`mean_average_precision`.
    """

    loss: float
    top1: float
    top5: float
    samples: int
    balanced_accuracy: float = math.nan
    mean_ap: float = math.nan

    def figure(self, metric: str) -> float:
        """What a setting calls `accuracy`, `top5`, `balanced_accuracy`, `mean_ap` or `loss`."""
        figure: float = getattr(self, {"accuracy": "top1"}.get(metric, metric))
        return figure

    def score(self, metric: str) -> float:
        """The same, so that the greater is the better."""
        return -self.loss if metric == "loss" else self.figure(metric)


def prediction(output: Tensor | dict[str, Tensor]) -> Tensor:
    """The first output of a network: its logits (N, classes)."""
    return by_class(output if isinstance(output, Tensor) else next(iter(output.values())))


def by_class(output: Tensor) -> Tensor:
    """An output with a number for each class, (N, classes), whatever further axes of size 1 it has."""
    return output.flatten(1)


def loss_of(
    output: Tensor | dict[str, Tensor], targets: Tensor, label_smoothing: float = 0.0, auxiliary: float = 0.0
) -> Tensor:
    """Mean cross-entropy of the prediction, plus ``auxiliary`` times that of every further output."""
    loss = F.cross_entropy(prediction(output), targets, label_smoothing=label_smoothing)
    if auxiliary and isinstance(output, dict):
        for extra in list(output.values())[1:]:
            loss = loss + auxiliary * F.cross_entropy(by_class(extra), targets, label_smoothing=label_smoothing)
    return loss


def accuracy(logits: Tensor, targets: Tensor, k: int = 1) -> float:
    """The share of rows of ``logits`` (N, classes) whose target is among the k highest. A row with something that is
    no number tells nothing, so it is wrong."""
    best = logits.topk(min(k, logits.shape[1]), dim=1).indices
    found = (best == targets[:, None]).any(1) & ~logits.isnan().any(1)
    return found.float().mean().item()


@torch.no_grad()
def evaluate(
    model: nn.Module,
    part: Part,
    placement: Placement,
    size: int = 64,
    statistics: Statistics = "running",
    samples: int | None = None,
) -> Metrics:
    """Run ``model`` in evaluation over ``part`` (or its first ``samples`` samples), ``size`` at a time; the model's
    mode is restored. ``statistics``: those that batch-norms use."""
    loss = top1 = top5 = 0.0
    found: list[Tensor] = []
    wanted: list[Tensor] = []
    total = len(part) if samples is None else min(samples, len(part))
    with evaluating(model, statistics):
        for places in _batches(total, size, statistics):
            batch = placement.put(part.samples(places))
            with placement.autocast():
                logits = prediction(model(*batch.inputs)).float()
            n = len(batch)
            loss += F.cross_entropy(logits, batch.targets).item() * n
            top1 += accuracy(logits, batch.targets) * n
            top5 += accuracy(logits, batch.targets, 5) * n
            found.append(logits.softmax(1).cpu())
            wanted.append(batch.targets.cpu())
    scores, targets = torch.cat(found), torch.cat(wanted)
    balanced, precision = balanced_accuracy(scores, targets), mean_average_precision(scores, targets)
    return Metrics(loss / total, top1 / total, top5 / total, total, balanced, precision)


def _batches(total: int, size: int, statistics: Statistics) -> list[npt.NDArray[np.int64]]:
    """The places of the samples of each batch. Where batch-norms use the statistics of a batch, the last one does not
    have a single sample: it goes to the one before."""
    starts = list(range(0, total, size))
    if statistics == "batch" and len(starts) > 1 and total - starts[-1] == 1:
        starts.pop()
    return [np.arange(first, end) for first, end in zip(starts, [*starts[1:], total], strict=True)]


def balanced_accuracy(scores: Tensor, targets: Tensor) -> float:
    """The mean over classes with samples of the share that is found. ``scores`` (N, classes), ``targets`` (N,)."""
    classes = scores.shape[1]
    right = (scores.argmax(1) == targets).double()
    counts = torch.bincount(targets, minlength=classes)
    hits = torch.bincount(targets, weights=right, minlength=classes)
    return (hits / counts)[counts > 0].mean().item()


def mean_average_precision(scores: Tensor, targets: Tensor) -> float:
    """Samples are ranked by their score for a class; its average precision is the mean, over the samples of the class,
    of the precision down to that sample. The mean over classes with samples. ``scores`` (N, classes), ``targets``
    (N,); of equal scores the earlier sample comes first."""
    order = scores.argsort(dim=0, descending=True, stable=True)
    hits = (targets[order] == torch.arange(scores.shape[1])).double()
    ranks = torch.arange(1, len(scores) + 1, dtype=torch.float64)[:, None]
    counts = hits.sum(0)
    precision = (hits.cumsum(0) / ranks * hits).sum(0)
    return (precision / counts)[counts > 0].mean().item()
