"""The training of a supernet's weights."""

from typing import Literal

from pydantic import Field

from .base import Positive, Section
from .optimizers import SGD, Optimizer
from .schedules import Cosine

Split = Literal["train", "valid"]


def _weights_optimizer() -> SGD:
    return SGD(lr=Cosine(start=0.025, end=0.001), momentum=0.9, weight_decay=3e-4)


class Weights(Section):
    """The weights of the operators."""

    optimizer: Optimizer = Field(default_factory=_weights_optimizer, description="What updates them")
    split: Split = Field(default="train", description="Which half of the training data they learn from")
    clip: Positive | None = Field(default=None, description="Greatest norm of their gradient; none: unbounded")
