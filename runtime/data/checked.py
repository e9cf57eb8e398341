"""What a data set gives is checked where it is read: a wrong label or number shows nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import WrongSample
from stdsl.compiler.diagnostics.source import Span

from .batch import Batch, Dataset, Normalisation


@dataclass(frozen=True)
class Checked:
    """``dataset``; raises RunError at ``place`` for a sample whose label is no class, or whose values are not all
    finite."""

    dataset: Dataset
    name: str
    place: Span | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

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
        wrong = (batch.targets < 0) | (batch.targets >= len(self.classes))
        if bool(wrong.any()):
            first = int(wrong.nonzero()[0])
            fault = f"has the label {int(batch.targets[first])}, and there are {len(self.classes)} classes, from 0 on"
            raise RunError([WrongSample(self.place, self.name, split, int(indices[first]), fault)])
        for values in batch.inputs:
            if not bool(values.isfinite().all()):
                first = int((~values.isfinite().flatten(1).all(1)).nonzero()[0])
                fault = "holds values that are infinite or no numbers"
                raise RunError([WrongSample(self.place, self.name, split, int(indices[first]), fault)])
        return batch
