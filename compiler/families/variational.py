"""The `variational` family: Bernoulli posteriors over gates, concrete categorical ones over choices."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from annotated_types import Gt, Lt
from pydantic import Field

from ..schemas.base import Count, Natural, Section
from ..schemas.length import Length
from ..schemas.objectives import KLDropPath, Objective
from ..schemas.optimizers import Adam, Optimizer
from ..schemas.over import Over, Variables
from ..schemas.schedules import constant
from ..schemas.strategy import Strategy
from ..schemas.tasks.metrics import MetricName
from ..schemas.weights import Weights
from .family import Family

Probability = Annotated[float, Gt(0), Lt(1)]


def _adam() -> Adam:
    return Adam(lr=constant(1e-3))


class Posterior(Section):
    """The drop probabilities and their training."""

    optimizer: Optimizer = Field(default_factory=_adam, description="What updates them")
    split: Literal["train", "valid"] = Field(
        default="train", description="Which half of the training data they learn from"
    )
    init: Probability = Field(default=0.5, description="Drop probability of every gate at the start")


class DeriveVariational(Section):
    """How architectures are read off the posterior."""

    samples: Natural = Field(
        default=0,
        description="0: the most probable one; n: the best of n drawn ones, measured with the template's weights",
    )
    metric: MetricName | None = Field(
        default=None, description="What drawn architectures are measured by; none: what the search is evaluated by"
    )


class VariationalConfig(Length, Strategy):
    """Settings of the `variational` family."""

    default_epochs: ClassVar[int] = 50

    family: Literal["variational"] = "variational"
    batch: Count = Field(default=64, description="Samples in a mini-batch")
    tau: Annotated[Over, Variables("t", "T", minimum=0.0)] = Field(
        default_factory=lambda: Variables("t", "T").read(0.1), description="Temperature of the concrete relaxation"
    )
    weights: Weights = Field(default_factory=Weights, description="Training of the template's weights")
    decisions: Posterior = Field(default_factory=Posterior, description="Training of the posterior")
    objectives: tuple[Objective, ...] = Field(
        default_factory=lambda: (KLDropPath(),), description="Further terms of the loss"
    )
    derive: DeriveVariational = Field(default_factory=DeriveVariational, description="How architectures are read off")


class Variational(Family):
    name = "variational"
    settings = VariationalConfig


FAMILY = Variational()
