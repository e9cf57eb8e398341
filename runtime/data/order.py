"""Which samples a step sees: a pure function of the seed, the phase and the step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..randomness import key, permutation
from .batch import Batch, Part


@dataclass(frozen=True)
class Order:
    """The batches of a training: each epoch is a permutation of the part by (seed, purpose, epoch), its incomplete
    last batch left out.

    ``purpose`` keeps two consumers of one seed apart (the weights' and the decisions' batches).
    """

    part: Part
    batch: int
    seed: int
    purpose: str

    @property
    def steps_per_epoch(self) -> int:
        """At least 1: a part smaller than a batch gives one batch of all its samples."""
        return max(1, len(self.part) // self.batch)

    def indices(self, step: int) -> npt.NDArray[np.int64]:
        epoch, place = divmod(step, self.steps_per_epoch)
        order = permutation(key(self.seed, "order", self.purpose, epoch), len(self.part))
        return order[place * self.batch : (place + 1) * self.batch]

    def at(self, step: int) -> Batch:
        """The batch of a step (steps count from 0 and run on through the epochs)."""
        return self.part.samples(self.indices(step), epoch=step // self.steps_per_epoch)
