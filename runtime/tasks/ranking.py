"""All scores of all samples: what average precision and areas under curves are computed from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.float64]


class Ranking:
    """Samples ranked by their score for each class, or for each label. A score that is no number is the lowest."""

    def __init__(self, classes: int, labels: bool) -> None:
        self.classes, self.labels = classes, labels
        self._scores: list[Tensor] = []
        self._targets: list[Tensor] = []

    def add(self, given: Tensor, targets: Tensor) -> None:
        """``given`` (N, C); ``targets`` (N,) of classes, (N, C) of labels."""
        scores = (
            given if self.labels else given.log_softmax(1)
        ).cpu()  # ranked alike as probabilities, and never equal to 0
        self._scores.append(torch.where(scores.isnan(), -torch.inf, scores))
        self._targets.append(targets.cpu())

    @property
    def scores(self) -> Floats:
        """(N, C)."""
        found: Floats = torch.cat(self._scores).double().numpy()
        return found

    @property
    def real(self) -> npt.NDArray[np.bool_]:
        """Which of them are of the class, or have the label, (N, C)."""
        targets = torch.cat(self._targets).numpy()
        real: npt.NDArray[np.bool_] = targets > 0.5 if self.labels else targets[:, None] == np.arange(self.classes)
        return real

    def top5(self) -> float:
        """The share of samples of whose classes fewer than five have a greater score than the right one, or as great a
        one and stand before it."""
        scores, real = self.scores, self.real
        own = scores[real][:, None]
        before = np.arange(self.classes) < real.argmax(1)[:, None]
        ahead = ((scores > own) | ((scores == own) & before)).sum(1)
        return float(((ahead < 5) & (own[:, 0] > -np.inf)).mean())

    def mean_ap(self) -> float:
        """Σ over thresholds of (growth of recall) · precision, of each class; the mean over those that occur. Equal
        scores are one threshold. 0 where none occurs."""
        real = self.real
        found = [_average_precision(s, r) for s, r in zip(self.scores.T, real.T, strict=True) if r.any()]
        return float(np.mean(found)) if found else 0.0

    def auc(self) -> float:
        """The share of pairs, one of the class and one not, of which the first has the greater score, equal ones half;
        the mean over classes of which there are pairs. One half where there are none."""
        real = self.real
        found = [_area(s, r) for s, r in zip(self.scores.T, real.T, strict=True) if r.any() and not r.all()]
        return float(np.mean(found)) if found else 0.5


def _average_precision(scores: Floats, real: npt.NDArray[np.bool_]) -> float:
    order = np.argsort(-scores, kind="stable")
    hits, ranked = np.cumsum(real[order]), scores[order]
    last = np.append(np.nonzero(ranked[1:] != ranked[:-1])[0], len(scores) - 1)
    right = hits[last]
    return float(np.sum(np.diff(right, prepend=0) * right / (last + 1)) / hits[-1])


def _area(scores: Floats, real: npt.NDArray[np.bool_]) -> float:
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # of equal scores the mean
    own = int(real.sum())
    return float((ranks[real].sum() - own * (own + 1) / 2) / (own * (len(real) - own)))
