"""What is known of the final training of a search before anything runs: its samples, and what the search is to find."""

from __future__ import annotations

from collections.abc import Collection

from ..diagnostics.source import Span
from .fitness import Fitness
from .hyper import Options, Tunable, ends
from .length import LENGTH
from .recipe import Recipe, Retrain
from .search import RetrainSection, SearchConfig
from .separate import SeparateTrainings


def retraining_samples(config: SearchConfig) -> int | None:
    """Samples that the final training learns from: those of its splits but the ones held out. None where only files
    tell."""
    recipe = config.retrain
    assert recipe is not None
    n = config.data_of("retrain").samples(retraining_splits(recipe))
    return None if n is None else n - held_out(n, recipe.holdout)


def retraining_splits(recipe: Retrain) -> tuple[str, ...]:
    """The splits that the final training learns from."""
    return ("train", "valid") if recipe.split == "all" else ("train",)


def held_out(samples: int, share: float) -> int:
    """How many of them a share is: at least one, and one stays at least."""
    return min(max(1, round(share * samples)), samples - 1) if share else 0


def with_found(config: SearchConfig, fitness: Fitness) -> RetrainSection:
    """The final training where the best trial was trained by ``fitness``; its length is its own."""
    assert config.retrain is not None
    return config.retrain.model_copy(update={name: getattr(fitness, name) for name in config.taken_over})


def planned(config: SearchConfig) -> RetrainSection:
    """The final training as it is before anything is found: of what is open, the first option or the lower end."""
    assert config.retrain is not None
    strategy = config.strategy
    return with_found(config, strategy.fitness) if isinstance(strategy, SeparateTrainings) else config.retrain


def final_batches(config: SearchConfig) -> list[int]:
    """The sizes that mini-batches of the final training may have."""
    assert config.retrain is not None
    strategy = config.strategy
    if "batch" in config.taken_over and isinstance(strategy, SeparateTrainings):
        return trial_batches(strategy)
    return [config.retrain.batch]


def batch_place(config: SearchConfig) -> Span | None:
    """The text that says what mini-batches the final training has."""
    if "batch" in config.taken_over and config.strategy is not None:
        return config.strategy.place("fitness.batch")
    return config.place("retrain.batch")


def sizes_known(recipe: Recipe, open_: Collection[str]) -> tuple[bool, bool]:
    """Whether the steps and the batch of a recipe are known while its settings ``open_`` are searched."""
    steps = not LENGTH & set(open_) and (recipe.steps is not None or "batch" not in open_)
    return steps, "batch" not in open_


def trial_batches(strategy: SeparateTrainings) -> list[int]:
    """The sizes that mini-batches of trials may have: all options, or both ends of a range, of an open setting."""
    hyper = strategy.open.get("fitness.batch") if isinstance(strategy, Tunable) else None
    if hyper is None:
        return [strategy.fitness.batch]
    return [int(value) for value in (hyper.values.values() if isinstance(hyper, Options) else ends(hyper))]
