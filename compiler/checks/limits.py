"""What the schemas accept and this version cannot carry out; said before any work is done."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from ..diagnostics.data import PackageNeeded
from ..diagnostics.model import Diagnostic
from ..diagnostics.settings import listed
from ..families.family import cannot_run_yet
from ..families.registry import family, those
from ..families.separate import trained_here
from ..schemas.constructors import DATA
from ..schemas.search import ROLES, SearchConfig
from .searches import CheckedSearch


def limits(search: CheckedSearch, engine: str = "local", searched: bool = True) -> Iterator[Diagnostic]:
    """A diagnostic for every setting of a search, and of those that it needs, that cannot run, at the line that sets
    it. ``searched``: its strategy is carried out; else nothing is learnt, for what it left is there."""
    if engine == "ray" and find_spec("ray") is None:
        yield PackageNeeded(None, "--engine ray", "Ray", "ray")
    for each in (search, *search.needs):
        config = each.config
        yield from _search_limits(config)
        yield from _data_limits(config)
        yield from _export_limits(config)
        if config.strategy is not None:
            if searched:
                yield from _strategy_limits(each)
            what = None if engine == "local" else trained_here(config.strategy)
            if what is not None:
                yield cannot_run_yet(config, "strategy", what, "use `--engine local`")


def _strategy_limits(search: CheckedSearch) -> Iterator[Diagnostic]:
    config = search.config
    assert config.strategy is not None
    name = config.strategy.family
    if family(name).runner:
        told: list[Diagnostic] = []
        for stage in config.stages:
            for found in (*family(name).limits(stage), *family(name).limits_in(stage, search.graph)):
                if found not in told:
                    told.append(found)
                    yield found
    else:
        instead = f"use a strategy of the family {listed(those('runner'), ' or ')}"
        yield cannot_run_yet(config, "strategy", f"searches of the family `{name}`", instead)


def _search_limits(config: SearchConfig) -> Iterator[Diagnostic]:
    if config.members > 1 and config.retrain is None:
        what = "an ensemble of networks that are not trained after the search"
        yield cannot_run_yet(config, "ensemble", what, "add `retrain { … }`")


def _export_limits(config: SearchConfig) -> Iterator[Diagnostic]:
    if config.export is None:
        return
    strategy = config.strategy
    if config.retrain is None and strategy is not None and not family(strategy.family).inherits(strategy):
        what = "an export of what separate trainings found, whose weights are not kept"
        yield cannot_run_yet(config, "export", what, "add `retrain { … }`")
    if config.export.opset != 18:
        yield cannot_run_yet(config, "export.opset", f"an export in opset {config.export.opset}", "use `opset = 18`")


def _data_limits(config: SearchConfig) -> Iterator[Diagnostic]:
    for role in ROLES:
        own = config.data_of(role)
        if config.owner(role) == role and own.reader is None:
            readable = tuple(name for name, model in DATA.items() if model.reader is not None)
            key, what = config.data_key(role), f"on the data set `{own.kind}`"
            yield cannot_run_yet(config, key, what, f"use {_one_of(readable)}")


def _one_of(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)
