"""What the settings of the `gradient` family accept and this version cannot carry out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...diagnostics.model import Diagnostic
from ...schemas.search import SearchConfig
from ..family import cannot_run_yet
from ..objectives import cost_limits, drop_limits
from .settings import GradientConfig


def limits(config: SearchConfig, strategy: GradientConfig) -> Iterator[Diagnostic]:
    """A diagnostic for every such setting."""
    if config.phase and strategy.discretize is not None:
        what = "a scheduled discretization in phases"
        yield cannot_run_yet(config, "phase", what, "leave `discretize` out, or search all decisions together")
    relax = strategy.relax
    if relax.choose.kind == "partial" and not math.isclose(1 / relax.choose.channels % 1, 0, abs_tol=1e-6):
        share = "a share of the channels that is not one in so many"
        yield cannot_run_yet(strategy, "relax.choose", share, "use `channels = 1 / 4`")
    if relax.choose.kind == "partial" and strategy.discretize is not None:
        what = "discretization during a search over partial channels"
        yield cannot_run_yet(strategy, "discretize", what, "use `choose = softmax`, or leave `discretize` out")
    if relax.sharing != "separate" and not relax.drawn:
        what = "weights shared between alternatives"
        yield cannot_run_yet(strategy, "relax.sharing", what, "use `sharing = separate`")
    if relax.drawn and strategy.discretize is not None:
        what = "discretization during a search that computes what is drawn alone"
        yield cannot_run_yet(strategy, "discretize", what, "leave `discretize` or `compute` out")
    if relax.drawn and config.compile:
        what = "compiled networks whose path changes from step to step"
        yield cannot_run_yet(config, "compile", what, "leave `compile` out")
    yield from drop_limits(strategy, strategy.objectives, "in a mixture")
    yield from cost_limits(strategy, strategy.objectives)
