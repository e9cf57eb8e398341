"""Which samples a step sees: a pure function of the seed, the phase and the step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ...randomness import key, permutation
from ..batch import Batch, Part
from .balance import part_classes


@dataclass(frozen=True)
class Order:
    """The batches of a training: each epoch is a permutation of the part by (seed, purpose, epoch), its incomplete
    last batch left out.

    ``purpose`` keeps two consumers of one seed apart (the weights' and the decisions' batches). ``balanced``: an epoch
    has as many samples as without, as many of each class as can be: those of rare classes several times, those of
    frequent ones in turns.
    """

    part: Part
    batch: int
    seed: int
    purpose: str
    balanced: bool = False

    @property
    def steps_per_epoch(self) -> int:
        """At least 1: a part smaller than a batch gives one batch of all its samples."""
        return max(1, len(self.part) // self.batch)

    def indices(self, step: int) -> npt.NDArray[np.int64]:
        epoch, place = divmod(step, self.steps_per_epoch)
        order = permutation(key(self.seed, "order", self.purpose, epoch), len(self.part))
        order = self._evenly(epoch)[order] if self.balanced else order
        return order[place * self.batch : (place + 1) * self.batch]

    @cached_property
    def _by_class(self) -> tuple[npt.NDArray[np.int64], ...]:
        """The places of the samples of each class that has some."""
        classes = part_classes(self.part)
        return tuple(np.nonzero(classes == label)[0] for label in np.unique(classes))

    def _evenly(self, epoch: int) -> npt.NDArray[np.int64]:
        """The places that an epoch draws, class by class. Of each class its samples follow each other in an order of
        its own, epoch after epoch, so that all come as often."""
        classes = len(self._by_class)
        share, more = divmod(len(self.part), classes)
        found = []
        for number, places in enumerate(self._by_class):
            # What is left over goes to some classes in one epoch, to others in the next.
            one_more = [(number + turn) % classes < more for turn in range(classes)]
            first = epoch * share + epoch // classes * more + sum(one_more[: epoch % classes])
            past = first + share + one_more[epoch % classes]
            rounds = range(first // len(places), -(-past // len(places)))
            base = [key(self.seed, "order of a class", self.purpose, number, turn) for turn in rounds]
            order = np.concatenate([permutation(own, len(places)) for own in base])
            start = first - rounds.start * len(places)
            found.append(places[order[start : start + past - first]])
        return np.concatenate(found)

    def at(self, step: int) -> Batch:
        """The batch of a step (steps count from 0 and run on through the epochs)."""
        return self.part.samples(self.indices(step), epoch=step // self.steps_per_epoch)
