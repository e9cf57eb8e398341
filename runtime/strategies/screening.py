"""Scores of architectures that are not trained, by which one of several is chosen to be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.schemas.screening import Screen

from ..data.batch import Part
from ..data.networks.binding import bound
from ..phases.assignment import Subject
from ..phases.context import Context
from ..phases.train import build
from ..randomness import key
from .zero_cost import grad_norm, jacob_cov, synflow

Score = Callable[[Architecture], float]
"""Of an architecture, the greater the better."""


@dataclass(frozen=True)
class Screening:
    """``of``: so many are looked at for each that is trained."""

    of: int
    score: Score

    def best(self, found: Sequence[Architecture]) -> int:
        """The place of the one with the greatest score, of equal ones the first."""
        scores = [self.score(arch) for arch in found]
        return max(range(len(found)), key=lambda place: (scores[place], -place))


def screening(run: Context, settings: Screen | None) -> Screening | None:
    """That of a search; None where all that is proposed is trained. A score depends on architecture, seed, and the
    training samples alone, and is computed once."""
    if settings is None:
        return None
    measure, known = _measure(run, settings), dict[Architecture, float]()

    def score(arch: Architecture) -> float:
        if arch not in known:
            value = measure(arch)
            known[arch] = value if math.isfinite(value) else -math.inf
        return known[arch]

    return Screening(settings.of, score)


def _measure(run: Context, settings: Screen) -> Score:
    graph, kind = run.job.graph, settings.score
    if kind == "params" or kind == "flops":

        def cost(arch: Architecture) -> float:
            found: int | None = getattr(costs_of(graph, arch), kind)
            return -math.inf if found is None else float(found)

        return cost
    part = Part(bound(run.dataset, graph), ("train",)).mixed(settings.batch)
    batch = part.samples(np.arange(len(part)))
    criterion = run.criterion

    def score(arch: Architecture) -> float:
        torch.set_num_threads(run.manifest.training_threads)
        model = build(Subject("screened", graph, arch), key(run.seed, "initial weights", "screened"))
        if kind == "synflow":
            return synflow(model, [x.shape[1:] for x in batch.inputs])
        if kind == "jacob_cov":
            return jacob_cov(model, batch.inputs)
        return grad_norm(model, batch.inputs, lambda output: criterion(output, batch.targets))

    return score
