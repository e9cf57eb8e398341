"""What networks of a search are trained by and measured by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from stdsl.compiler.schemas.search import SearchConfig
from stdsl.compiler.schemas.tasks.losses import Loss
from stdsl.compiler.schemas.tasks.metrics import MetricName
from stdsl.compiler.schemas.tasks.task import Task

from ..data.batch import Dataset
from ..data.loading.balance import counts, split_targets
from ..data.targets import VOID, Targets, targets_of
from .extern_loss import OwnLoss, own_loss
from .losses import loss_by
from .measurement import Measurement

Output = Tensor | dict[str, Tensor]


@dataclass(frozen=True)
class Criterion:
    """``loss``: None for that of the task. ``metric``: what results are told by. ``auxiliary``: the weight of the
    losses of all outputs after the first. ``weights``: of the classes or labels in the loss; (): none. ``own``: code of
    the user's that computes it.
    """

    targets: Targets
    loss: Loss | None = None
    metric: MetricName = "loss"
    label_smoothing: float = 0.0
    auxiliary: float = 0.0
    weights: tuple[float, ...] = ()
    own: OwnLoss | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """That of the task of a data set, where nothing else is said."""
        targets = targets_of(dataset)
        return cls(targets, metric=targets.task.metric)

    def by(self, label_smoothing: float, auxiliary: float) -> Self:
        """The same with what a training adds to it."""
        return replace(self, label_smoothing=label_smoothing, auxiliary=auxiliary)

    @property
    def task(self) -> Task:
        return self.targets.task

    @cached_property
    def _settings(self) -> Loss:
        return self.loss or self.task.loss()

    def prediction(self, output: Output) -> Tensor:
        """The first output of a network, (N, C) or (N, C, …): a number for each class, label or number to tell, at each
        position of the targets."""
        return self._arranged(output if isinstance(output, Tensor) else next(iter(output.values())))

    def __call__(self, output: Output, targets: Tensor) -> Tensor:
        """The loss of a batch."""
        loss = self._loss(self.prediction(output), targets)
        if self.auxiliary and isinstance(output, dict):
            for extra in list(output.values())[1:]:
                loss = loss + self.auxiliary * self._loss(self._arranged(extra), targets)
        return loss

    def soft(self, output: Output, teacher: Output, targets: Tensor) -> Tensor:
        """The loss of a batch where another network's outputs, through which no gradient goes, stand for the targets:
        of classes the cross-entropy of its probabilities, of labels the binary one, of numbers the loss by its own.
        ``targets`` tell which positions are VOID."""
        pairs = zip(_outputs(output), _outputs(teacher), strict=True)
        first, *others = [
            self._soft(self._arranged(own), self._arranged(told.detach()), targets) for own, told in pairs
        ]
        for extra in others if self.auxiliary else ():
            first = first + self.auxiliary * extra
        return first

    def plain(self, given: Tensor, targets: Tensor) -> Tensor:
        """The loss that results are told by: of the prediction alone, without label smoothing and weights."""
        if self.own:
            return self.own(given, targets, self.targets.void)
        return loss_by(self._settings, given, targets, void=self.targets.void)

    def counted(self, targets: Tensor) -> int:
        """How much a batch counts in a mean: its samples, or where positions may be VOID, those that are not."""
        return int((targets != VOID).sum()) if self.targets.void else len(targets)

    def of_batch(self, output: Output, targets: Tensor) -> tuple[str, float]:
        """The figure that is told of a batch beside its loss, by its name."""
        measurement = Measurement(self.targets, (self.task.step,))
        measurement.add(self.prediction(output).detach(), targets)
        return self.task.step, measurement.figures()[self.task.step]

    def _loss(self, given: Tensor, targets: Tensor) -> Tensor:
        if self.own:
            return self.own(given, targets, self.targets.void)
        weights = torch.tensor(self.weights, device=given.device) if self.weights else None
        return loss_by(self._settings, given, targets, self.label_smoothing, weights, self.targets.void)

    def _soft(self, given: Tensor, told: Tensor, targets: Tensor) -> Tensor:
        kind = self.targets.signature.kind
        if kind == "labels":
            return F.binary_cross_entropy_with_logits(given, told.sigmoid())
        if kind == "numbers":
            return self._loss(given, told)
        each = F.cross_entropy(given, told.softmax(1), reduction="none")
        if not self.targets.void:
            return each.mean()
        there = targets != VOID
        return (each * there).sum() / there.sum().clamp(min=1)

    def _arranged(self, output: Tensor) -> Tensor:
        """An output with its channels behind the samples, and the positions of the targets behind these."""
        positions = self.targets.signature.positions
        if not positions:
            return output.flatten(1)
        if output.dim() == 3:  # tokens (N, L, C)
            output = output.movedim(2, 1)
        return output.reshape(*output.shape[:2], *positions)


def _outputs(output: Output) -> list[Tensor]:
    return [output] if isinstance(output, Tensor) else list(output.values())


def criterion(config: SearchConfig, dataset: Dataset) -> Criterion:
    """That of a search on its data, whose classes may have to be counted: those of the split `train`. Raises RunError
    where its loss is code of the user's that cannot be trained by."""
    targets = targets_of(dataset)
    weights = getattr(config.loss, "weights", None)
    if weights == "balanced":
        weights = balanced_weights(counts(dataset), len(split_targets(dataset, "train")), targets)
    metric = config.evaluate.metric or targets.task.metric
    return Criterion(targets, config.loss, metric, weights=weights or (), own=own_loss(config, targets))


def balanced_weights(found: npt.NDArray[np.int64], samples: int, targets: Targets) -> tuple[float, ...]:
    """Of classes that are there n times, n = Σn / classes having the weight 1; of labels how many samples are without
    one for each that has it. What is never there counts as once."""
    there = np.maximum(found, 1)
    weights = (samples - found) / there if targets.signature.kind == "labels" else found.sum() / (len(found) * there)
    return tuple(np.maximum(weights, 1e-3).tolist())
