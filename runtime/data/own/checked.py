"""What a data set gives is checked where it is read: a wrong label or number shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import WrongSample
from stdsl.compiler.diagnostics.source import Span

from ..batch import Batch, Dataset
from ..loading.balance import read_targets
from ..loading.wrapped import Wrapped, whereabouts
from ..targets import VOID, Targets
from .own_dataset import OwnDataset

_BEYOND = "beyond what float32 holds (3.4e38)"
NOT_FINITE = f"holds values that are infinite, no numbers, or {_BEYOND}"


@dataclass(frozen=True)
class Checked(Wrapped):
    """``dataset``; raises RunError at ``place`` for a sample whose label is no class, or whose values (or numbers to
    tell) are not all finite, and where a data set of the user's own raises anything."""

    dataset: Dataset
    name: str
    place: Span | None = None

    @property
    def damaged(self) -> Mapping[str, str]:
        """The files that could not be read so far, and were left out, with the reason."""
        return dict(getattr(self.dataset, "damaged", {}))

    def split_targets(self, split: str) -> npt.NDArray[Any]:
        """The targets of all samples of a split; checked where they are read with these."""
        if hasattr(self.dataset, "split_targets"):
            return super().split_targets(split)
        return read_targets(self, split)

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        batch = self._asked(split, indices, epoch)
        for first, fault in wrong_targets(batch.targets, self.targets):
            raise self._wrong(split, int(indices[first]), fault)
        for values in batch.inputs:
            if not bool(values.isfinite().all()):
                first = int((~values.isfinite().flatten(1).all(1)).nonzero()[0])
                fault = NOT_FINITE
                raise self._wrong(split, int(indices[first]), fault)
        return batch

    def _asked(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        try:
            return self.dataset.samples(split, indices, epoch)
        except (RunError, MemoryError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # the code of the user's may raise anything
            if of_this_package(self.dataset) and not isinstance(self.dataset, OwnDataset):
                raise  # a mistake in this package
            others = " and those asked for with it" if len(indices) > 1 else ""
            fault = f"{others} cannot be had: {type(error).__name__}: {error}".strip()
            raise self._wrong(split, int(indices[0]), fault) from error

    def _wrong(self, split: str, index: int, fault: str) -> RunError:
        told = whereabouts(self.dataset, split, index)
        return RunError([WrongSample(self.place, self.name, split, index, fault, *told)])


def of_this_package(dataset: Any) -> bool:
    """Whether no user wrote it."""
    return type(dataset).__module__.partition(".")[0] == __name__.partition(".")[0]


def wrong_targets(values: Tensor, targets: Targets) -> Iterator[tuple[int, str]]:
    """The samples of a batch whose targets are not what ``targets`` says, by their places in it, with the reason."""
    own = targets.signature
    match own.kind:
        case "classes":
            wrong = (values < 0) | (values >= (own.count or 0))
            wrong = wrong & (values != VOID) if targets.void else wrong
        case "labels":
            wrong = (values != 0) & (values != 1)
        case _:
            wrong = ~values.isfinite()
    for place in wrong.reshape(len(wrong), -1).any(1).nonzero().flatten().tolist():
        first = values[place][wrong[place]].flatten()[0].item()
        if own.kind == "classes":
            yield place, f"has the label {int(first)}, and there are {own.count} classes, from 0 on"
        elif own.kind == "labels":
            yield place, f"has {first:g} for a label, and that is 0 or 1"
        else:
            yield place, f"has a target that is infinite, no number, or {_BEYOND}"
