"""Which trainings go on, in searches whose trials begin short."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import Field

from .base import Conflict, Section
from .fitness import Fitness


class Halving(Section):
    """Longer trainings for the better ones (asynchronous successive halving; Li et al. 2020)."""

    eta: Annotated[int, Ge(2)] = Field(default=3, description="One in so many goes on, to so many times as many steps")
    rungs: Annotated[int, Ge(1), Le(16)] = Field(default=1, description="How many times one may go on")


def without_trainings(key: str, fitness: Fitness) -> Iterator[Conflict]:
    """``key``: the setting that says which trainings go on, where one does."""
    if fitness.weights == "shared":
        message = "with shared weights nothing is trained that could go on"
        yield Conflict(key, message, f"leave `{key}` out", "fitness.weights")
