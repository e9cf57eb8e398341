"""The losses of the task: functions of what a network gives, (N, C, …), and of the targets."""

from __future__ import annotations

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


def loss_by(
    settings: Loss, given: Tensor, targets: Tensor, label_smoothing: float = 0.0, weights: Tensor | None = None
) -> Tensor:
    """The loss of a batch, a mean over samples and positions. ``given`` (N, C, …); ``targets`` (N, …) int64 of classes,
    (N, C, …) float32 of labels and numbers. ``weights`` (C,): of the samples of each class, whose mean is weighted; of
    each label where it applies."""
    match settings:
        case CrossEntropy():
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
            return loss + settings.cross_entropy * F.cross_entropy(given, targets) if settings.cross_entropy else loss
    raise TypeError(f"nothing computes the loss {settings.kind}")


def dice(given: Tensor, targets: Tensor, smooth: float) -> Tensor:
    """1 less the mean over classes of (2·Σpt + s) / (Σp + Σt + s), the sums over all positions of the batch."""
    shares = given.float().softmax(1)
    right = F.one_hot(targets, given.shape[1]).movedim(-1, 1).to(shares.dtype)
    beside = (0, *range(2, given.dim()))
    both, whole = (shares * right).sum(beside), shares.sum(beside) + right.sum(beside)
    return 1 - ((2 * both + smooth) / (whole + smooth)).mean()
