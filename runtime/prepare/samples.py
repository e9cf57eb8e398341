"""How many samples the stages of a search have, as far as its settings tell, before any data is opened."""

from __future__ import annotations

GUESS = 10_000
"""Where only the files tell."""


def stage_sizes(samples: int | None, batch: int) -> tuple[int, int]:
    """The steps of an epoch and the size of a batch as a run has them: the samples of an incomplete last batch are
    left out, and all samples together are a batch where they are fewer than one."""
    n = GUESS if samples is None else samples
    return max(1, n // batch), batch if samples is None else min(batch, n)
