"""What families that train architectures by themselves have in common."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.model import Diagnostic
from ..schemas.hyper import Tunable
from ..schemas.search import SearchConfig
from ..schemas.separate import SeparateTrainings
from ..schemas.strategy import Strategy
from .family import Family, Learner, cannot_run_yet


class SeparateFamily(Family):
    """Its settings are :class:`SeparateTrainings`."""

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        strategy = config.strategy
        assert strategy is not None
        for key in strategy.open if isinstance(strategy, Tunable) else ():
            yield cannot_run_yet(strategy, key, "a search over hyper-parameters", "give the setting a value")
        if config.phase:
            yield cannot_run_yet(config, "phase", "a search of separate trainings in phases", "leave `phase` out")

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        assert isinstance(strategy, SeparateTrainings)
        yield Learner("fitness.batch", strategy.fitness.batch, "train", "trials")

    def measures(self, strategy: Strategy) -> str:
        return "trials"
