"""The `bayes` family: trials of architectures and hyper-parameters, proposed by a model of what has been tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import Field

from ..schemas.base import Conflict, Count, Section
from ..schemas.fitness import Fitness
from ..schemas.hyper import Tunable
from ..schemas.strategy import Strategy
from .family import Family


class Budget(Section):
    """Trials that begin short and go on while they are among the best (BOHB, Falkner et al. 2018)."""

    least: Count = Field(default=2, description="Epochs of the shortest trial")
    most: Count = Field(default=70, description="Epochs of the longest trial")
    eta: Annotated[int, Ge(2)] = Field(default=3, description="One in so many trials goes on, so many times as long")
    iterations: Count = Field(default=10, description="Brackets of successive halving")

    def conflicts(self) -> Iterator[Conflict]:
        if self.least > self.most:
            yield Conflict("least", f"`least` ({self.least}) is above `most` ({self.most})", "swap them", "most")


class BayesConfig(Tunable, Strategy):
    """Settings of the `bayes` family: a model of what has been tried proposes what to try next."""

    family: Literal["bayes"] = "bayes"
    trials: Count = Field(default=64, description="Trials in all")
    model: Literal["tpe", "gp"] = Field(default="tpe", description="Parzen estimators or a Gaussian process")
    startup: Count = Field(default=10, description="Trials drawn at random before the model is asked")
    budget: Budget | None = Field(
        default=None, description="Short trials first; without it all have the fitness's length"
    )
    fitness: Fitness = Field(default_factory=Fitness, description="What a trial is judged by")
    workers: Count = Field(default=1, description="Trials that run at the same time, as far as there is room")


class Bayes(Family):
    name = "bayes"
    settings = BayesConfig


FAMILY = Bayes()
