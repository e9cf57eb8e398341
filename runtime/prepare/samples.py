"""How many samples the stages of a search have, as far as its settings tell, before any data is opened."""

from __future__ import annotations

from stdsl.compiler.schemas.recipe import Retrain
from stdsl.compiler.schemas.search import SearchConfig

GUESS = 10_000
"""Where only the files tell."""


def retraining_samples(config: SearchConfig) -> int | None:
    """Samples that the final training learns from: those of its splits but the ones held out."""
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


def stage_sizes(samples: int | None, batch: int) -> tuple[int, int]:
    """The steps of an epoch and the size of a batch as a run has them: the samples of an incomplete last batch are
    left out, and all samples together are a batch where they are fewer than one."""
    n = GUESS if samples is None else samples
    return max(1, n // batch), batch if samples is None else min(batch, n)
