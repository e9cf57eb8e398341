"""Settings of the `bayes` family."""

from collections.abc import Iterator
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import Field

from ...schemas.base import Conflict, Count, Section, Share
from ...schemas.halving import without_trainings
from ...schemas.hyper import Tunable
from ...schemas.length import LENGTH
from ...schemas.separate import SeparateTrainings

TRIALS = 64
"""How many there are where nothing says."""
STARTUP = 10
"""After how many results the model is asked where nothing says."""


class Budget(Section):
    """Trials that begin short and go on while they are among the best (BOHB, Falkner et al. 2018)."""

    least: Count = Field(default=2, description="Epochs that the shortest trial may not fall below")
    most: Count = Field(default=70, description="Epochs of the longest trial, with those that it goes on from")
    eta: Annotated[int, Ge(2)] = Field(default=3, description="One in so many trials goes on, so many times as long")
    iterations: Annotated[int, Ge(1), Le(10_000)] = Field(default=10, description="Brackets of successive halving")
    rounding: Literal["up", "down"] = Field(
        default="up",
        description="The first trials of a bracket: Hyperband's formula, rounded `up`, or `down` as BOHB's authors do",
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.least > self.most:
            yield Conflict("least", f"`least` ({self.least}) is above `most` ({self.most})", "swap them", "most")


class BayesConfig(Tunable, SeparateTrainings):
    """Settings of the `bayes` family: a model of what has been tried proposes what to try next."""

    family: Literal["bayes"] = "bayes"
    trials: Count | None = Field(
        default=None, description="Trials in all; none: 64, and with `budget` as many as its brackets have"
    )
    model: Literal["tpe", "gp"] = Field(default="tpe", description="Parzen estimators or a Gaussian process")
    startup: Count | None = Field(
        default=None,
        description="Results of one length that the model needs; trials before that are drawn at random; none: 10, and "
        "with `budget` one more than there is to decide",
    )
    random: Share | None = Field(
        default=None,
        description="Share of the proposals that are drawn at random all the same; none: 0, and with `budget` a third",
    )
    top: Annotated[float, Gt(0), Lt(1)] | None = Field(
        default=None,
        description="Share of the results that Parzen estimators take as good; none: a tenth and 25 at most, and with "
        "`budget` .15",
    )
    budget: Budget | None = Field(
        default=None, description="Short trials first; without it all have the fitness's length"
    )
    draw: Literal["uniform", "even"] = Field(
        default="even",
        description="How architectures are drawn at random: every one alike, or every decision by itself evenly",
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.budget is not None and self.trials is not None:
            message = "how many trials there are follows from `budget`"
            yield Conflict("trials", message, "leave one of them out", "budget")
        if self.budget is not None:
            yield from without_trainings("budget", self.fitness)
            yield from self._lengths()
        if self.screen is not None:
            message = "the model says which trial comes next, and nothing is left for `screen` to choose among"
            yield Conflict("screen", message, "leave `screen` out, or take the family `random`")
        if self.top is not None and self.model == "gp":
            message = "`top` belongs to Parzen estimators, and the model is a Gaussian process"
            yield Conflict("top", message, "leave it out", "model")

    def _lengths(self) -> Iterator[Conflict]:
        """What `fitness` says of how long trials are, where `budget` says it."""
        for key in sorted(LENGTH):
            if self.fitness.weights == "trained" and getattr(self.fitness, key) is not None:
                message = f"how long trials are follows from `budget`, in epochs, and `{key}` would be without effect"
                advice = f"leave `{key}` out: `budget {{ least = …  most = … }}` says how many epochs"
                yield Conflict(f"fitness.{key}", message, advice, "budget")
