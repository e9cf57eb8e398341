"""The `bayes` family: trials of architectures and hyper-parameters, proposed by a model of what has been tried."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from ...diagnostics.data import PackageNeeded
from ...diagnostics.model import Diagnostic
from ...diagnostics.trials import ModelNeverAsked
from ...ir.graph import SpaceGraph
from ...schemas.search import SearchConfig
from ...schemas.strategy import Strategy
from ..family import cannot_run_yet
from ..separate import SeparateFamily
from .brackets import configurations
from .settings import STARTUP, TRIALS, BayesConfig
from .variables import candidates, too_many

_COMMON = ("fitness.metric", "fitness.samples", "fitness.weights")
"""What trials are compared by: open, their values were of different things."""


class Bayes(SeparateFamily):
    name = "bayes"
    settings = BayesConfig
    runner = "stdsl.runtime.strategies.bayes.runner:BayesRunner"
    tunes = True

    def searches(self, strategy: Strategy, graph: SpaceGraph) -> bool:
        return bool(graph.open or _own(strategy).open)

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        yield from super().limits(config)
        strategy = _own(config.strategy)
        for key in strategy.open:
            if not key.startswith("fitness.") or key in _COMMON:
                what = "a search over what all trials have in common"
                yield cannot_run_yet(strategy, key, what, "give the setting a value")
        for module, package in (("optuna", "Optuna"), ("scipy", "SciPy")):
            if find_spec(module) is None and (module == "optuna" or strategy.model == "gp"):
                yield PackageNeeded(config.place("strategy"), "bayes", package, "bayes")

    def limits_in(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        for decision in graph.open:
            if too_many(decision):
                what = f"a model of `{decision.path}`, a decision with so many values,"
                yield cannot_run_yet(config, "strategy", what, "use a strategy of the family `evolution` or `random`")

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        yield from super().warnings(config, graph)
        strategy = _own(config.strategy)
        needed = strategy.startup
        if needed is None and strategy.budget is None:
            needed = STARTUP
        if needed is None or strategy.random == 1 or not self.searches(strategy, graph):
            return
        if not strategy.open.keys().isdisjoint({"trials", "startup", "random"}):  # refused, by `limits`
            return
        asked = trials_of(strategy)
        there = asked if strategy.budget is not None else candidates(strategy, graph, asked)
        if there <= needed:  # what is proposed last has seen all others at most
            place = strategy.place("startup" if strategy.startup is not None else "trials")
            yield ModelNeverAsked(place, there, needed, there < asked)

    def ranked(self, strategy: Strategy) -> int:
        return trials_of(_own(strategy))


def trials_of(strategy: BayesConfig) -> int:
    """How many there are that do not go on from others."""
    return configurations(strategy.budget) if strategy.budget is not None else strategy.trials or TRIALS


def _own(strategy: Strategy | None) -> BayesConfig:
    assert isinstance(strategy, BayesConfig)
    return strategy


FAMILY = Bayes()
