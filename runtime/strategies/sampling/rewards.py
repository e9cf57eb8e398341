"""The score-function gradient of what sampled paths are rewarded by, and of what they cost, against a baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from torch import Tensor

from .logits import Gradients

KEPT: Final = 0.95
"""The share of a moving average that a further value leaves of it."""


@dataclass
class Baseline:
    """What values of sampled paths are compared with. Of several the mean of the others; of one alone the moving
    average of those of earlier steps, ``average``, None before the first, which is compared with itself. Nothing of
    that depends on the path itself, so that the gradient stays unbiased (Williams, "Simple Statistical
    Gradient-Following Algorithms for Connectionist Reinforcement Learning", Machine Learning 8, 1992), but for that
    first step, which moves nothing."""

    average: float | None = None

    def beyond(self, values: Sequence[float]) -> list[float]:
        """Of each value how far it is above what it is compared with. One alone is part of the average from then on."""
        if len(values) > 1:
            return against_others(values)
        (value,) = values
        before = value if self.average is None else self.average
        self.average = KEPT * before + (1 - KEPT) * value
        return [value - before]


@dataclass
class Reinforced:
    """The mean of what paths of a step give: (1 / K) Σ gₖ of the gradients of their losses, and of rewards Rₖ with
    scores sₖ = ∇ log P(Aₖ | α) the gradient of their mean over all architectures, (1 / K) Σ (Rₖ - bₖ) sₖ
    (Williams 1992), with ``baseline`` for bₖ."""

    baseline: Baseline
    sums: dict[Tensor, Tensor] = field(default_factory=dict)
    rewards: list[float] = field(default_factory=list)
    scores: list[Gradients] = field(default_factory=list)
    """Of the paths so far; none where nothing is learnt from them."""

    def add(self, reward: float, gradients: Gradients, score: Gradients | None = None) -> None:
        """Add a path: its reward, the gradients of its loss, and that of the logarithm of its probability."""
        add_to(self.sums, gradients)
        self.rewards.append(reward)
        if score is not None:
            self.scores.append(score)

    def mean(self) -> dict[Tensor, Tensor]:
        """Of the parameters that some path has a gradient of; the sums are used up."""
        many = len(self.rewards)
        found = {parameter: total.div_(many) for parameter, total in self.sums.items()}
        if self.scores:
            for advantage, score in zip(self.baseline.beyond(self.rewards), self.scores, strict=True):
                add_to(found, score, advantage / many)
        return found

    @property
    def told(self) -> dict[str, float]:
        """What steps tell of it."""
        return {"reward": math.fsum(self.rewards) / len(self.rewards)} if self.scores else {}


def against_others(values: Sequence[float]) -> list[float]:
    """Of each of several samples its value less the mean of the others': a baseline that does not depend on the sample
    itself."""
    whole, rest = math.fsum(values), len(values) - 1
    return [value - (whole - value) / rest for value in values]


def add_to(total: dict[Tensor, Tensor], gradients: Gradients, factor: float = 1.0) -> None:
    """Add ``factor`` times some gradients to others."""
    for parameter, gradient in gradients.items():
        more = factor * gradient
        total[parameter] = total[parameter] + more if parameter in total else more
