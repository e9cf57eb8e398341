"""What will run, and not as one might expect: told by the check of a file, by a plan, and before a run starts."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.model import Diagnostic
from ..diagnostics.run import BatchExceedsData
from ..diagnostics.trials import SettingNotUsed
from ..families.family import Learner
from ..families.registry import family
from ..ir.graph import SpaceGraph
from ..schemas.hyper import Tunable
from ..schemas.retraining import batch_place, final_batches, retraining_samples
from ..schemas.search import SearchConfig
from .comparisons import few_comparable


def warnings(config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
    """All warnings about a search in its space."""
    yield from batch_warnings(config)
    yield from _without_effect(config)
    few = few_comparable(config, graph)
    if few is not None:
        yield few
    if config.strategy is not None:
        told: list[Diagnostic] = []
        for stage in config.stages:
            told += [found for found in family(config.strategy.family).warnings(stage, graph) if found not in told]
        yield from told


def batch_warnings(config: SearchConfig) -> Iterator[BatchExceedsData]:
    """A warning for every batch that is larger than the samples that it is drawn from."""
    strategy, recipe = config.strategy, config.retrain
    if strategy is not None:
        small: dict[str, list[tuple[Learner, int]]] = {}
        for learner in family(strategy.family).learners(strategy):
            n = config.data.samples((learner.split,))
            if n is not None and learner.batch > n:
                small.setdefault(learner.setting, []).append((learner, n))
        for setting, found in small.items():
            learners = f"{' and '.join(learner.what for learner, _ in found)} of the search learn"
            batch, least = found[0][0].batch, min(n for _, n in found)
            yield BatchExceedsData(strategy.place(setting), batch, least, learners)
    if recipe is not None:
        n = retraining_samples(config)
        batch = max(final_batches(config))
        if n is not None and batch > n:
            yield BatchExceedsData(batch_place(config), batch, n, "the final training learns")


def _without_effect(config: SearchConfig) -> Iterator[SettingNotUsed]:
    """A warning for every setting of the final training in whose place what the search finds is taken."""
    strategy = config.strategy
    for name in sorted(config.taken_over):
        own = next((key for key in config.places if f"{key}.".startswith(f"retrain.{name}.")), None)
        if own is not None and isinstance(strategy, Tunable):
            open_ = next(key for key in strategy.open if f"{key}.".startswith(f"fitness.{name}."))
            yield SettingNotUsed(config.place(own), name, strategy.place(open_), config.place("retrain.settings"))
