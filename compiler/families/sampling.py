"""The `sampling` family: weights shared by sampled architectures, and a distribution over decisions."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ..schemas.base import Count, NonNegative, Positive, Section
from ..schemas.length import Length
from ..schemas.objectives import Objective
from ..schemas.optimizers import Adam, Optimizer
from ..schemas.schedules import constant
from ..schemas.strategy import Strategy
from ..schemas.tasks.metrics import MetricName
from ..schemas.warmup import Warmup, warmup_steps
from ..schemas.weights import Weights
from .family import Family


def _adam() -> Adam:
    return Adam(lr=constant(0.015), weight_decay=0.0)


class Distribution(Section):
    """The distribution that architectures are drawn from."""

    optimizer: Optimizer = Field(default_factory=_adam, description="What updates the logits α of the decisions")
    split: Literal["train", "valid"] = Field(
        default="train", description="Which half of the training data they learn from"
    )
    warmup: Warmup = 0
    init: NonNegative = Field(default=0.0, description="Standard deviation of α at the start; 0: uniform")


class DeriveSampled(Section):
    """How an architecture is read off the distribution."""

    candidates: Count = Field(
        default=1, description="1: the most probable one; n: the best of n drawn ones, measured with the shared weights"
    )
    metric: MetricName | None = Field(
        default=None, description="What the candidates are measured by; none: what the search is evaluated by"
    )


class SamplingConfig(Length, Strategy):
    """Settings of the `sampling` family. The defaults are PARSEC (Casale et al. 2019) with Auto-TSNet's numbers."""

    default_epochs: ClassVar[int] = 50

    family: Literal["sampling"] = "sampling"
    batch: Count = Field(default=64, description="Samples in a mini-batch")
    samples: Count = Field(default=13, description="Architectures drawn at each step, K")
    draw: Literal["probability", "uniform"] = Field(
        default="probability", description="From the learnt distribution, or always uniformly (then nothing is learnt)"
    )
    estimator: Literal["importance", "reinforce"] = Field(
        default="importance",
        description="Gradient of α: importance weights of the K samples' likelihoods, or REINFORCE",
    )
    weights: Weights = Field(default_factory=Weights, description="Training of the shared weights")
    decisions: Distribution = Field(default_factory=Distribution, description="Training of the distribution")
    derive: DeriveSampled = Field(default_factory=DeriveSampled, description="How the architecture is read off")
    objectives: tuple[Objective, ...] = Field(default=(), description="Further terms of the loss")
    clip: Positive | None = Field(default=None, description="Greatest norm of the gradient of α; none: unbounded")

    def warmup_steps(self, per_epoch: int) -> int:
        """Mini-batches during which the distribution stays as it is."""
        return warmup_steps(self.decisions.warmup, self, per_epoch)


class Sampling(Family):
    name = "sampling"
    settings = SamplingConfig


FAMILY = Sampling()
