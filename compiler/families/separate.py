"""What families that train architectures by themselves have in common."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.model import Diagnostic
from ..diagnostics.posteriors import MeasuresMoreThanThereIs
from ..diagnostics.settings import listed
from ..ir.graph import SpaceGraph
from ..schemas.hyper import Tunable
from ..schemas.retraining import trial_batches
from ..schemas.search import SearchConfig
from ..schemas.separate import SeparateTrainings
from ..schemas.strategy import Strategy
from .family import Family, Learner, cannot_run_yet
from .registry import those


class SeparateFamily(Family):
    """Its settings are :class:`SeparateTrainings`."""

    def inherits(self, strategy: Strategy) -> bool:
        assert isinstance(strategy, SeparateTrainings)
        return strategy.fitness.weights == "shared"

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        strategy = config.strategy
        assert strategy is not None
        for key in strategy.open if isinstance(strategy, Tunable) and not self.tunes else ():
            instead = f"give the setting a value, or use a strategy of the family {listed(those('tunes'), ' or ')}"
            yield cannot_run_yet(strategy, key, "a search over hyper-parameters", instead)
        if config.phase:
            yield cannot_run_yet(config, "phase", "a search of separate trainings in phases", "leave `phase` out")

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        assert isinstance(strategy, SeparateTrainings)
        for batch in trial_batches(strategy):
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
