"""Whether a class of the user's gives the same sample again: chance that no epoch decides would make other results of a
run that is gone on with."""

from __future__ import annotations

import numpy as np
import torch

from ..batch import Dataset

_ASKED_FOR = 4
"""So many samples of each split, spread over it, are asked for twice."""


def changing_sample(dataset: Dataset) -> tuple[str, int] | None:
    """The split and the place of a sample that is another one when it is asked for again in the same epoch; None where
    none of a few is."""
    for split in ("train", "valid", "test"):
        size = dataset.size(split)
        for place in sorted({round(i * (size - 1) / (_ASKED_FOR - 1)) for i in range(_ASKED_FOR)} if size else ()):
            first, again = (dataset.samples(split, np.array([place]), 0) for _ in range(2))
            pairs = zip((*first.inputs, first.targets), (*again.inputs, again.targets), strict=True)
            if not all(torch.equal(torch.as_tensor(a), torch.as_tensor(b)) for a, b in pairs):
                return split, place
    return None
