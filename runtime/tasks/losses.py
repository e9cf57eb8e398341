"""The losses of the task: functions of what a network gives, (N, C, …), and of the targets."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from stdsl.compiler.schemas.tasks.losses import (
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Dice,
    Huber,
    Loss,
    SquaredError,
)

from ..data.targets import VOID


def loss_by(
    settings: Loss,
    given: Tensor,
    targets: Tensor,
    label_smoothing: float = 0.0,
    weights: Tensor | None = None,
    void: bool = False,
) -> Tensor:
    """The loss of a batch, a mean over samples and positions. ``given`` (N, C, …); ``targets`` (N, …) int64 of classes,
    (N, C, …) float32 of labels and numbers. ``weights`` (C,): of the samples of each class, whose mean is weighted; of
    each label where it applies. ``void``: positions of classes may be VOID, which are left out; where all are, the loss
    is 0."""
    match settings:
        case CrossEntropy():
            if void:
                return _counted_entropy(given, targets, weights, label_smoothing)
            return F.cross_entropy(given, targets, weights, label_smoothing=label_smoothing)
        case BinaryCrossEntropy():
            return F.binary_cross_entropy_with_logits(given, targets, pos_weight=weights)
        case SquaredError():
            return F.mse_loss(given, targets)
        case AbsoluteError():
            return F.l1_loss(given, targets)
        case Huber():
            return F.huber_loss(given, targets, delta=settings.delta)
        case Dice():
            loss = dice(given, targets, settings.smooth)
            if not settings.cross_entropy:
                return loss
            entropy = _counted_entropy(given, targets) if void else F.cross_entropy(given, targets)
            return loss + settings.cross_entropy * entropy
    raise TypeError(f"nothing computes the loss {settings.kind}")


def dice(given: Tensor, targets: Tensor, smooth: float) -> Tensor:
    """1 less the mean over classes of (2·Σpt + s) / (Σp + Σt + s), the sums over all positions of the batch but those
    that are VOID."""
    there = (targets != VOID).unsqueeze(1)
    shares = given.float().softmax(1) * there
    right = F.one_hot(targets.clamp(min=0), given.shape[1]).movedim(-1, 1).to(shares.dtype) * there
    beside = (0, *range(2, given.dim()))
    both, whole = (shares * right).sum(beside), shares.sum(beside) + right.sum(beside)
    return 1 - ((2 * both + smooth) / (whole + smooth)).mean()


def _counted_entropy(
    given: Tensor, targets: Tensor, weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Tensor:
    """The cross-entropy over positions that are not VOID: as torch's mean, but 0 where there are none."""
    whole = F.cross_entropy(
        given, targets, weights, ignore_index=VOID, reduction="sum", label_smoothing=label_smoothing
    )
    there = targets != VOID
    if weights is None:
        return whole / there.sum().clamp(min=1)
    counted = torch.where(there, weights[targets.clamp(min=0)], 0.0).sum()
    return whole / torch.where(counted > 0, counted, 1.0)
