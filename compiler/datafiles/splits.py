"""The splits of a data set: what they may be called, and how samples are divided into those that are not given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from ..record import record
from .faults import FileDamaged

TRAIN = "train"
K = TypeVar("K")


@record
class Shares:
    """How samples are divided: ``test`` of all, then ``valid`` of the rest."""

    valid: float
    test: float

    def beside(self, given: Iterable[str]) -> Shares:
        """For the samples to train on, where there are splits of their own."""
        found = set(given)
        return Shares(0.0 if "valid" in found else self.valid, 0.0 if "test" in found else self.test)

    def of(self, samples: int) -> tuple[int, int, int]:
        """How many of the samples of a class are for `train`, `valid` and `test`."""
        test = round(self.test * samples)
        valid = round(self.valid * (samples - test))
        return samples - test - valid, valid, test

    def sizes(self, counts: Mapping[str, Mapping[K, int] | None]) -> dict[str, int] | None:
        """The sizes of all splits, given how many samples of each class there are in those that are given; None where
        that is not known."""
        known = {split: count for split, count in counts.items() if count is not None}
        if len(known) < len(counts):
            return None
        own = self.beside(known)
        parts = [own.of(count) for count in known[TRAIN].values()]
        whole = {split: sum(count.values()) for split, count in known.items()}
        return whole | {
            split: sum(part[place] for part in parts)
            for place, split in enumerate((TRAIN, "valid", "test"))
            if split == TRAIN or split not in known
        }


def named_splits(names: Collection[str], path: Path) -> dict[str, str]:
    """Split → the name that it has among ``names``, which are of `train`, `valid`, `val` and `test`.

    Where one split is given beside `train`, results are measured on it: it is the test, whatever its name. Raises
    FileDamaged for ``path`` where one has two names.
    """
    if {"val", "valid"} <= set(names):
        raise FileDamaged(path, "it has both `val` and `valid`, which are one split")
    found = {"valid" if name == "val" else name: name for name in names}
    if found.keys() == {TRAIN, "valid"}:
        found["test"] = found.pop("valid")
    return found
