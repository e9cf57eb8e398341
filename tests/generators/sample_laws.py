"""What holds for the samples of any data set: nobody else writes into those that were given."""

from __future__ import annotations

import numpy as np
import torch

from stdsl.runtime.data.batch import Batch, Dataset

SPLITS = ("train", "valid", "test")


def equal(a: Batch, b: Batch) -> bool:
    return torch.equal(a.targets, b.targets) and all(map(torch.equal, a.inputs, b.inputs))


def copied(batch: Batch) -> Batch:
    return Batch(tuple(tensor.clone() for tensor in batch.inputs), batch.targets.clone())


def check_nobody_writes_into_samples(dataset: Dataset) -> None:
    """What was given stays as it was when others are asked for, and what is written into it is seen by nobody else."""
    for split in SPLITS:
        places = np.arange(dataset.size(split))
        alone = [copied(dataset.samples(split, places[i : i + 1], 0)) for i in places]
        first = dataset.samples(split, places, 0)
        kept = copied(first)
        dataset.samples(split, places[::-1].copy(), 0)
        assert equal(first, kept), f"a batch of `{split}` became another one when the next was asked for"
        for i, own in zip(places, alone, strict=True):
            there = Batch(tuple(tensor[i : i + 1] for tensor in first.inputs), first.targets[i : i + 1])
            assert equal(there, own), f"sample {i} of `{split}` is another one in a batch than alone"
        for tensor in (*first.inputs, first.targets):
            tensor.zero_()
        assert equal(dataset.samples(split, places, 0), kept), f"what was written into a batch of `{split}` is seen"
