"""What all searches of separate trainings are told: how an architecture is judged, and how trials go beside each
other."""

from collections.abc import Mapping
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import Field

from .base import Count, Positive
from .fitness import Fitness
from .hyper import Tunable, Value
from .screening import Screen
from .strategy import Strategy


class SeparateTrainings(Strategy):
    """Settings of strategies that train architectures by themselves, each in a trial.

    Which trials there are follows from these alone; how many processes train them is the machine's (`--hands`).
    """

    fitness: Fitness = Field(default_factory=Fitness, description="What an architecture is judged by")
    screen: Screen | None = Field(
        default=None, description="Which of several architectures is trained, by a score; none: each that is proposed"
    )
    workers: Count = Field(
        default=1,
        description="Trials that are under way at a time, by the clock that decides what a proposal sees; how many "
        "processes train them does not change them",
    )
    slack: Annotated[float, Ge(1)] = Field(
        default=2.0,
        description="A result is seen so many predicted lengths after its trial began; with one worker after 1",
    )
    order: Literal["clock", "finishing"] = Field(
        default="clock",
        description="What a proposal sees: results as the clock shows them, the same in every run, or all that are "
        "there, which depends on the machine",
    )
    attempts: Count = Field(
        default=3, description="How often a trial is begun whose process fails, before it counts as the worst"
    )
    timeout: Positive | None = Field(
        default=None, description="Seconds after which an attempt at a trial is taken to hang; none: however long"
    )


def searched_of_fitness(strategy: SeparateTrainings) -> frozenset[str]:
    """The settings of `fitness` in which something is open."""
    open_ = strategy.open if isinstance(strategy, Tunable) else {}
    return frozenset(key.split(".")[1] for key in open_ if key.startswith("fitness."))


def with_settings(strategy: SeparateTrainings, values: Mapping[str, Value]) -> SeparateTrainings:
    """The settings by which a trial is trained: those of the strategy with ``values`` for what they leave open. Raises
    KeyError and ``pydantic.ValidationError`` where they are not exactly that (:meth:`.hyper.Tunable.assign`)."""
    if isinstance(strategy, Tunable):
        return strategy.assign(values) if strategy.open or values else strategy
    if values:
        raise KeyError(f"not open: {', '.join(sorted(values))}")
    return strategy
