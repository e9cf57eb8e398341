"""Searches that are fused: whether their test splits are of the same samples, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from stdsl.compiler.checks.fusion import different_targets
from stdsl.compiler.diagnostics.ensembles import CannotFuse
from stdsl.compiler.diagnostics.model import RunError

from ..data.batch import Dataset
from ..data.targets import targets_of
from .job import Job
from .opening import opened_for

_SAMPLES = 64
"""Of so many samples of the test split, spread evenly, what is right is compared; of all when they are measured."""


def check_paired(job: Job, needed: Sequence[Job]) -> None:
    """Raises RunError where a search would be fused with one whose data tells something else of its test samples."""
    found = []
    for other in needed:
        if other.config.name in job.config.fuse:
            fault = _fault(opened_for(job)["evaluate"], opened_for(other)["evaluate"])
            if fault is not None:
                advice = "measure both on the same samples, seen otherwise"
                found.append(CannotFuse(job.config.place("fuse"), other.config.name, fault, advice))
    if found:
        raise RunError(found)


def _fault(own: Dataset, its: Dataset) -> str | None:
    mine, theirs = targets_of(own), targets_of(its)
    differing = different_targets(mine.signature, theirs.signature)
    if differing is not None:
        return f"it tells {differing}"
    scales = [np.array([*targets.mean, *targets.std]) for targets in (mine, theirs)]
    if scales[0].shape != scales[1].shape or not np.allclose(scales[0], scales[1], rtol=1e-5, atol=0):
        return "the numbers that it tells are in another scale: both are trained on the same targets"
    sizes = [data.size("test") for data in (own, its)]
    if sizes[0] != sizes[1]:
        return f"its test split has {sizes[1]:,} samples, and that of this search {sizes[0]:,}"
    places = np.unique(np.linspace(0, sizes[0] - 1, min(_SAMPLES, sizes[0])).round().astype(np.int64))
    if not torch.equal(*(data.samples("test", places, 0).targets for data in (own, its))):
        return "the samples of its test split are others, or in another order: what is right of them differs"
    return None
