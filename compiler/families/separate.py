"""What families that train architectures by themselves have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from ..diagnostics.model import Diagnostic
from ..diagnostics.posteriors import MeasuresMoreThanThereIs
from ..ir.graph import SpaceGraph
from ..schemas.hyper import Options, Tunable, ends
from ..schemas.search import SearchConfig
from ..schemas.separate import SeparateTrainings
from ..schemas.strategy import Strategy
from .family import Family, Learner, cannot_run_yet


class SeparateFamily(Family):
    """Its settings are :class:`SeparateTrainings`. ``tunes``: whether it searches open settings, too."""

    tunes: ClassVar[bool] = False

    def inherits(self, strategy: Strategy) -> bool:
        assert isinstance(strategy, SeparateTrainings)
        return strategy.fitness.weights == "shared"

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        strategy = config.strategy
        assert strategy is not None
        for key in strategy.open if isinstance(strategy, Tunable) and not self.tunes else ():
            instead = "give the setting a value, or use a strategy of the family `bayes`"
            yield cannot_run_yet(strategy, key, "a search over hyper-parameters", instead)
        if config.phase:
            yield cannot_run_yet(config, "phase", "a search of separate trainings in phases", "leave `phase` out")

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        assert isinstance(strategy, SeparateTrainings)
        for batch in _batches(strategy):
            yield Learner("fitness.batch", batch, "train", "trials")

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = config.strategy
        assert isinstance(strategy, SeparateTrainings)
        samples, asked = config.data.samples(("valid",)), strategy.fitness.samples
        if samples is not None and asked is not None and asked > samples:
            yield MeasuresMoreThanThereIs(strategy.place("fitness.samples"), asked, samples, "trials", "samples")

    def measures(self, strategy: Strategy) -> str:
        return "trials"


def trained_here(strategy: Strategy) -> str | None:
    """What of a search cannot be trained on other machines yet, in words; None where all can."""
    if not isinstance(strategy, SeparateTrainings):
        return None
    if strategy.fitness.weights == "shared":
        return "trials with shared weights on other machines"
    if getattr(strategy, "halving", None) is not None or getattr(strategy, "budget", None) is not None:
        return "trials that go on from the weights of others, on other machines"
    return None


def _batches(strategy: SeparateTrainings) -> list[int]:
    """The sizes that mini-batches of trials may have: all options, or both ends of a range, of an open setting."""
    hyper = strategy.open.get("fitness.batch") if isinstance(strategy, Tunable) else None
    if hyper is None:
        return [strategy.fitness.batch]
    return [int(value) for value in (hyper.values.values() if isinstance(hyper, Options) else ends(hyper))]
