"""Optimisers of weights and of decisions."""

from typing import Annotated, Literal

from pydantic import Field

from .base import Constructor, Fraction, NonNegative, Positive
from .schedules import Rate

_LR = "Learning rate: a number, a schedule, or an expression over t (the mini-batch, from 1) and T"
Betas = tuple[Fraction, Fraction]


class SGD(Constructor):
    """Stochastic gradient descent with momentum."""

    kind: Literal["sgd"] = "sgd"
    lr: Rate = Field(description=_LR)
    momentum: Fraction = Field(default=0.9, description="Share of the last update that is carried on")
    weight_decay: NonNegative = Field(default=0.0, description="L2 penalty, added to the gradient")
    nesterov: bool = Field(default=False, description="Look ahead along the momentum")


class Adam(Constructor):
    """Adam (Kingma & Ba 2015); the weight decay is part of the gradient."""

    kind: Literal["adam"] = "adam"
    lr: Rate = Field(description=_LR)
    betas: Betas = Field(default=(0.9, 0.999), description="Decay of the averages of the gradient and of its square")
    weight_decay: NonNegative = Field(default=0.0, description="L2 penalty, added to the gradient")
    eps: Positive = Field(default=1e-8, description="Added to the denominator")


class AdamW(Constructor):
    """Adam with decoupled weight decay (Loshchilov & Hutter 2019)."""

    kind: Literal["adamw"] = "adamw"
    lr: Rate = Field(description=_LR)
    betas: Betas = Field(default=(0.9, 0.999), description="Decay of the averages of the gradient and of its square")
    weight_decay: NonNegative = Field(
        default=0.01, description="Share of the weights taken off, times the learning rate"
    )
    eps: Positive = Field(default=1e-8, description="Added to the denominator")


Optimizer = Annotated[SGD | Adam | AdamW, Field(discriminator="kind")]
