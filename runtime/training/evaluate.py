"""Accuracy and loss of a network on a part of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..data.batch import Part
from .placement import Placement
from .statistics import Statistics, evaluating


@dataclass(frozen=True, slots=True)
class Metrics:
    """``loss``: mean cross-entropy in nats. ``top1``, ``top5``: shares of samples (with fewer than 6 classes top5 is
    1).
    """

    loss: float
    top1: float
    top5: float
    samples: int


def prediction(output: Tensor | dict[str, Tensor]) -> Tensor:
    """The first output of a network: its logits (N, classes)."""
    return output if isinstance(output, Tensor) else next(iter(output.values()))


def loss_of(
    output: Tensor | dict[str, Tensor], targets: Tensor, label_smoothing: float = 0.0, auxiliary: float = 0.0
) -> Tensor:
    """Mean cross-entropy of the prediction, plus ``auxiliary`` times that of every further output."""
    loss = F.cross_entropy(prediction(output), targets, label_smoothing=label_smoothing)
    if auxiliary and isinstance(output, dict):
        for extra in list(output.values())[1:]:
            loss = loss + auxiliary * F.cross_entropy(extra, targets, label_smoothing=label_smoothing)
    return loss


def accuracy(logits: Tensor, targets: Tensor, k: int = 1) -> float:
    """The share of rows of ``logits`` (N, classes) whose target is among the k highest."""
    best = logits.topk(min(k, logits.shape[1]), dim=1).indices
    return (best == targets[:, None]).any(1).float().mean().item()


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
    total = len(part) if samples is None else min(samples, len(part))
    with evaluating(model, statistics):
        for first in range(0, total, size):
            batch = placement.put(part.samples(np.arange(first, min(first + size, total))))
            with placement.autocast():
                logits = prediction(model(*batch.inputs)).float()
            n = len(batch)
            loss += F.cross_entropy(logits, batch.targets).item() * n
            top1 += accuracy(logits, batch.targets) * n
            top5 += accuracy(logits, batch.targets, 5) * n
    return Metrics(loss / total, top1 / total, top5 / total, total)
