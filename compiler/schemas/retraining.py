"""Which samples the final training of a search has, as far as settings tell, before any data is opened."""

from __future__ import annotations

from .recipe import Retrain
from .search import SearchConfig


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
