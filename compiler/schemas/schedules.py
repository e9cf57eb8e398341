"""How a rate changes over a training: a number, an expression over t and T, or one of these."""

import math
from typing import Annotated, Literal

from pydantic import Field

from .base import Constructor, Count, Natural, NonNegative, Positive
from .over import Over, Variables

Ramp = Annotated[
    Natural,
    Field(
        description="Steps over which the rate first rises in a straight line: at step s it is (s + 1) / ramp of itself"
    ),
]


class Cosine(Constructor):
    """Half a period of a cosine from `start` to `end` over the whole training (Loshchilov & Hutter 2017)."""

    kind: Literal["cosine"] = "cosine"
    start: Positive = Field(description="Rate at the first step")
    end: NonNegative = Field(default=0.0, description="Rate that the last step comes close to")
    ramp: Ramp = 0

    def at(self, step: int, steps: int, per_epoch: int) -> float:
        share = min(step / steps, 1.0)
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * share)) / 2


class Linear(Constructor):
    """A straight line from `start` to `end` over the whole training."""

    kind: Literal["linear"] = "linear"
    start: Positive = Field(description="Rate at the first step")
    end: NonNegative = Field(default=0.0, description="Rate that the last step comes close to")
    ramp: Ramp = 0

    def at(self, step: int, steps: int, per_epoch: int) -> float:
        return self.start + (self.end - self.start) * min(step / steps, 1.0)


class Staircase(Constructor):
    """`start`, multiplied by `factor` after every `every` epochs."""

    kind: Literal["step"] = "step"
    start: Positive = Field(description="Rate at the first step")
    every: Count = Field(description="Epochs between two drops")
    factor: Positive = Field(default=0.1, description="What the rate is multiplied by at each drop")
    ramp: Ramp = 0

    def at(self, step: int, steps: int, per_epoch: int) -> float:
        return float(self.start * self.factor ** (step // per_epoch // self.every))


class Constant(Constructor):
    """The same rate throughout; a number says the same, this form adds the ramp."""

    kind: Literal["constant"] = "constant"
    start: Positive = Field(description="The rate")
    ramp: Ramp = 0

    def at(self, step: int, steps: int, per_epoch: int) -> float:
        return float(self.start)


Schedule = Annotated[Cosine | Linear | Staircase | Constant, Field(discriminator="kind")]
Rate = Schedule | Annotated[Over, Variables("t", "T", minimum=0.0)]
"""A learning rate: a number, an expression over t and T, or a schedule."""


def constant(rate: float) -> Over:
    """A learning rate that stays as it is."""
    return Variables("t", "T").read(rate)


def scheduled(rate: Cosine | Linear | Staircase | Constant, step: int, steps: int, per_epoch: int) -> float:
    """The learning rate of step ``step`` (from 0) of ``steps``, with ``per_epoch`` steps in an epoch.

    A ramp multiplies what the schedule gives; it does not shift it.
    """
    value = rate.at(step, steps, max(per_epoch, 1))
    return value * (step + 1) / rate.ramp if step < rate.ramp else value
