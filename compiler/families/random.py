"""The `random` family: architectures drawn at random, each trained by itself; the best one wins."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..schemas.base import Count
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


class Random(SeparateFamily):
    name = "random"
    settings = RandomConfig
    runner = "stdsl.runtime.strategies.random:RandomRunner"

    def ranked(self, strategy: Strategy) -> int:
        assert isinstance(strategy, RandomConfig)
        return strategy.trials


FAMILY = Random()
