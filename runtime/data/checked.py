"""What a data set gives is checked where it is read: a wrong label or number shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import WrongSample
from stdsl.compiler.diagnostics.source import Span

from .batch import Batch, Dataset, Normalisation
from .targets import Targets, targets_of


@dataclass(frozen=True)
class Checked:
    """``dataset``; raises RunError at ``place`` for a sample whose label is no class, or whose values (or numbers to
    tell) are not all finite."""

    dataset: Dataset
    name: str
    place: Span | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    @property
    def targets(self) -> Targets:
        return targets_of(self.dataset)

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.dataset.inputs

    @property
    def normalisation(self) -> Normalisation:
        return self.dataset.normalisation

    @property
    def damaged(self) -> Mapping[str, str]:
        """The files that could not be read so far, and were left out, with the reason."""
        return dict(getattr(self.dataset, "damaged", {}))

    def size(self, split: str) -> int:
        return self.dataset.size(split)

    def varies(self, split: str) -> bool:
        return self.dataset.varies(split)

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        batch = self.dataset.samples(split, indices, epoch)
        for first, fault in wrong_targets(batch.targets, self.targets):
            raise RunError([WrongSample(self.place, self.name, split, int(indices[first]), fault)])
        for values in batch.inputs:
            if not bool(values.isfinite().all()):
                first = int((~values.isfinite().flatten(1).all(1)).nonzero()[0])
                fault = "holds values that are infinite or no numbers"
                raise RunError([WrongSample(self.place, self.name, split, int(indices[first]), fault)])
        return batch


def wrong_targets(values: Tensor, targets: Targets) -> Iterator[tuple[int, str]]:
    """The samples of a batch whose targets are not what ``targets`` says, by their places in it, with the reason."""
    own = targets.signature
    match own.kind:
        case "classes":
            wrong = (values < 0) | (values >= (own.count or 0))
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
            yield place, "has a target that is infinite or no number"
