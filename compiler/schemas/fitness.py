"""How separately trained architectures are compared: a short training and a measurement on held-out data."""

from typing import ClassVar, Literal

from pydantic import Field

from .base import Count
from .recipe import Recipe


class Fitness(Recipe):
    """The training behind one number. It learns from the search's `train` half and is measured on its `valid` half."""

    default_epochs: ClassVar[int] = 10

    weights: Literal["trained", "shared"] = Field(
        default="trained",
        description="Those of a training by itself; or an architecture's part of those that a search of the family "
        "`sampling` left, which the search `needs`: then nothing is trained, and of these settings `batch`, `samples`, "
        "`metric` and `precision` count",
    )
    samples: Count | None = Field(
        default=None, description="Held-out samples it is measured on, drawn at random and the same for all; none: all"
    )
