"""How one network with fixed architecture is trained."""

from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import Field

from .base import Border, Count, Fraction, NonNegative, Positive, Share
from .length import LENGTH, Length
from .optimizers import SGD, Optimizer
from .schedules import Cosine
from .tasks.metrics import MetricName

Precision = Literal["float32", "bfloat16"]


def final_training_optimizer() -> SGD:
    """SGD 0.025 with a cosine to 0, momentum 0.9, weight decay 3e-4: as DARTS evaluates an architecture on CIFAR-10."""
    return SGD(lr=Cosine(start=0.025), momentum=0.9, weight_decay=3e-4)


class Recipe(Length):
    """A training from scratch: its length, batch, optimiser and regularisation."""

    batch: Count = Field(default=64, description="Samples in a mini-batch")
    optimizer: Optimizer = Field(default_factory=final_training_optimizer, description="What updates the weights")
    clip: Positive | None = Field(
        default=None, description="Greatest norm of the gradient of all weights; none: unbounded"
    )
    label_smoothing: Fraction = Field(default=0.0, description="Share of the target spread evenly over all classes")
    cutout: Border = Field(
        default=0, description="Side in pixels of the square erased in each training sample; 0: none"
    )
    drop_path: Fraction = Field(
        default=0.0,
        description="Probability with which what an operation adds to a sum is dropped, sample by sample, in training; "
        "it grows linearly from 0 to this",
    )
    dropout: Fraction | None = Field(default=None, description="Rate of all dropout layers; none: as the space says")
    aux: NonNegative = Field(default=0.0, description="Weight of the losses of the meta's further outputs")
    metric: MetricName | None = Field(
        default=None, description="What is chosen by on held-out data; none: what the search is evaluated by"
    )
    precision: Precision | None = Field(default=None, description="Number format; none: the search's")


FINDABLE = frozenset(Recipe.model_fields) - LENGTH
"""The settings of a final training that may be those that a search of settings found: all but the length."""


class Retrain(Recipe):
    """The final training of what a search derived."""

    default_epochs: ClassVar[int] = 100

    split: Literal["train", "all"] = Field(
        default="all", description="Train on the search's `train` half, or on `all`: both halves of the search"
    )
    holdout: Share = Field(default=0.0, description="Share of that kept out to choose the best snapshot by")
    snapshot: Literal["last", "best"] = Field(
        default="last", description="Which weights are kept (`best` needs a holdout)"
    )
    seeds: Annotated[int, Ge(1), Le(100_000)] = Field(
        default=1, description="How many trainings, each from its own seed"
    )
