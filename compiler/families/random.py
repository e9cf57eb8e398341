"""The `random` family: architectures drawn at random, each trained by itself; the best one wins."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ..schemas.base import Conflict, Count
from ..schemas.halving import Halving, without_trainings
from ..schemas.hyper import Tunable
from ..schemas.separate import SeparateTrainings
from ..schemas.strategy import Strategy
from .separate import SeparateFamily


class RandomConfig(Tunable, SeparateTrainings):
    """Settings of the `random` family: architectures drawn at random, all different, the best one wins."""

    family: Literal["random"] = "random"
    trials: Count = Field(default=16, description="Architectures in all; fewer where the space has fewer")
    draw: Literal["uniform", "even"] = Field(
        default="uniform",
        description="Every architecture of the space alike, or every decision by itself evenly",
    )
    halving: Halving | None = Field(
        default=None,
        description="Trainings that go on while they are among the best; none: all have the fitness's length",
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.halving is not None:
            yield from without_trainings("halving", self.fitness)


class Random(SeparateFamily):
    name = "random"
    settings = RandomConfig
    runner = "stdsl.runtime.strategies.random:RandomRunner"

    def ranked(self, strategy: Strategy) -> int:
        assert isinstance(strategy, RandomConfig)
        return strategy.trials


FAMILY = Random()
