"""What the schemas accept and this version cannot carry out; said before any work is done."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..analysis.costs.additive import additive_cost
from ..diagnostics.model import Diagnostic
from ..diagnostics.run import CannotRunYet
from ..ir.graph import SpaceGraph
from ..schemas.base import Placed
from ..schemas.constructors import DATA
from ..schemas.gradient import GradientConfig
from ..schemas.search import SearchConfig
from .searches import CheckedSearch


def limits(search: CheckedSearch, engine: str = "local") -> Iterator[Diagnostic]:
    """A diagnostic for every setting of a search, and of those that it needs, that cannot run, at the line that sets
    it."""
    if engine != "local":
        yield CannotRunYet(None, "--engine", f"on the engine `{engine}`", "use `--engine local`")
    for each in (search, *search.needs):
        config = each.config
        yield from _search_limits(config)
        yield from _data_limits(config)
        yield from _export_limits(config)
        if isinstance(config.strategy, GradientConfig):
            yield from _gradient_limits(config.strategy)
            yield from _cost_limits(config.strategy, each.graph)
        elif config.strategy is not None:
            family = config.strategy.family
            what = f"searches of the family `{family}`"
            yield _at(config, "strategy", what, "use a strategy of the family `gradient`")


def _cost_limits(strategy: GradientConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
    """Soft costs that are known within bounds only."""
    for term in strategy.objectives:
        if term.kind == "cost" and term.of != "depth" and not additive_cost(graph, term.of).exact:
            what = f"a soft cost of {term.of} in this space, whose mean is not known exactly"
            yield _at(strategy, "objectives", what, "bound it with `where` instead")


def _at(settings: Placed, key: str, what: str, instead: str | None = None) -> CannotRunYet:
    return CannotRunYet(settings.place(key), key, what, instead)


def _search_limits(config: SearchConfig) -> Iterator[Diagnostic]:
    if config.phase and isinstance(config.strategy, GradientConfig) and config.strategy.discretize is not None:
        what = "a scheduled discretization in phases"
        yield _at(config, "phase", what, "leave `discretize` out, or search all decisions together")
    if config.ensemble is not None:
        yield _at(config, "ensemble", "ensembles", "leave `ensemble` out")
    if config.evaluate.clips > 1:
        yield _at(config, "evaluate.clips", "an evaluation over several clips of a video", "use `clips = 1`")
    if config.evaluate.crops != "center":
        yield _at(config, "evaluate.crops", "an evaluation over several crops", "use `crops = center`")


def _export_limits(config: SearchConfig) -> Iterator[Diagnostic]:
    if config.export is None:
        return
    if config.export.opset != 18:
        yield _at(config, "export.opset", f"an export in opset {config.export.opset}", "use `opset = 18`")


def _data_limits(config: SearchConfig) -> Iterator[Diagnostic]:
    if config.data.reader is None:
        readable = tuple(name for name, model in DATA.items() if model.reader is not None)
        yield _at(config, "data", f"on the data set `{config.data.kind}`", f"use {_one_of(readable)}")


def _gradient_limits(strategy: GradientConfig) -> Iterator[Diagnostic]:
    relax = strategy.relax
    if relax.choose.kind == "partial" and not math.isclose(1 / relax.choose.channels % 1, 0, abs_tol=1e-6):
        share = "a share of the channels that is not one in so many"
        yield _at(strategy, "relax.choose", share, "use `channels = 1 / 4`")
    if relax.choose.kind == "partial" and strategy.discretize is not None:
        what = "discretization during a search over partial channels"
        yield _at(strategy, "discretize", what, "use `choose = softmax`, or leave `discretize` out")
    if relax.sharing != "separate":
        yield _at(strategy, "relax.sharing", "weights shared between alternatives", "use `sharing = separate`")
    for term in strategy.objectives:
        if term.kind == "kl_drop_path":
            what = f"the objective `{term.kind}` in a mixture"
            yield _at(strategy, "objectives", what, "use a strategy of the family `variational`")
        elif term.kind == "cost" and term.of == "depth":
            yield _at(strategy, "objectives", "a soft cost of the depth", "bound it with `where` instead")


def _one_of(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)
