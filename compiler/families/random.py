"""The `random` family: architectures drawn at random, each trained by itself; the best one wins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ..diagnostics.model import Diagnostic
from ..schemas.base import Count
from ..schemas.hyper import Tunable
from ..schemas.search import SearchConfig
from ..schemas.separate import SeparateTrainings
from ..schemas.strategy import Strategy
from .family import Family, Learner, cannot_run_yet


class RandomConfig(Tunable, SeparateTrainings):
    """Settings of the `random` family: architectures drawn at random, all different, the best one wins."""

    family: Literal["random"] = "random"
    trials: Count = Field(default=16, description="Architectures in all; fewer where the space has fewer")
    draw: Literal["uniform", "even"] = Field(
        default="uniform",
        description="Every architecture of the space alike, or every decision by itself evenly",
    )


class Random(Family):
    name = "random"
    settings = RandomConfig
    runner = "stdsl.runtime.strategies.random:RandomRunner"

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        strategy = config.strategy
        assert isinstance(strategy, RandomConfig)
        for key in strategy.open:
            yield cannot_run_yet(strategy, key, "a search over hyper-parameters", "give the setting a value")
        if config.phase:
            yield cannot_run_yet(config, "phase", "a search of separate trainings in phases", "leave `phase` out")

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        assert isinstance(strategy, RandomConfig)
        yield Learner("fitness.batch", strategy.fitness.batch, "train", "trials")

    def measures(self, strategy: Strategy) -> str:
        return "trials"


FAMILY = Random()
