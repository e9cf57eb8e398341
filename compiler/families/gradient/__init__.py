"""The `gradient` family: a mixture supernet whose decision weights are found by descent (DARTS, PC-DARTS, SDAS)."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.budgets import NotExactlyBest
from ...diagnostics.model import Diagnostic
from ...ir.graph import SpaceGraph
from ...schemas.search import SearchConfig
from ...schemas.strategy import Strategy
from ..family import Family, Learner
from ..mixtures import not_mixed
from ..objectives import cost_limits_in, unstated_costs
from .settings import GradientConfig


class Gradient(Family):
    name = "gradient"
    settings = GradientConfig
    runner = "stdsl.runtime.strategies.gradient.runner:GradientRunner"
    weights = True
    mixes = True
    unmixed = "relax { choose = gumbel(hard = true, compute = sampled) }"
    of_phases = frozenset(
        {
            *("weights.optimizer", "weights.clip", "decisions.optimizer", "decisions.clip", "decisions.warmup"),
            *("objectives", "label_smoothing"),
        }
    )

    def check(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from not_mixed(config, graph, strategy.relax.drawn)
        yield from unstated_costs(strategy, strategy.objectives, graph)

    def check_within(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        if _own(config.strategy).derive.method == "exact":
            from ...analysis.derivation.exactly import in_the_way

            reason = in_the_way(graph)
            if reason:
                asked = _own(config.strategy).place("derive.method")
                yield NotExactlyBest(config.place("space"), graph.name, reason, asked)

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        from .limits import limits

        yield from limits(config, _own(config.strategy))

    def limits_in(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from cost_limits_in(strategy, strategy.objectives, graph)

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        from .narrowing import narrowing_warnings
        from .recomputing import recompute_warnings

        strategy = _own(config.strategy)
        yield from narrowing_warnings(strategy, graph)
        yield from recompute_warnings(strategy, graph)

    def trained(self, strategy: Strategy) -> str:
        if _own(strategy).relax.drawn:
            return "trains what its decision weights draw, so that what they turn from is hardly trained"
        return super().trained(strategy)

    def ranked(self, strategy: Strategy) -> int:
        return 1

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        own = _own(strategy)
        yield Learner("batch", own.batch, own.weights.split, "weights")
        yield Learner("batch", own.batch, own.decisions.split, "decisions")


def _own(strategy: Strategy | None) -> GradientConfig:
    assert isinstance(strategy, GradientConfig)
    return strategy


FAMILY = Gradient()
