"""Metrics of predictions against their definitions, worked out by hand and the long way."""

from __future__ import annotations

import math

import pytest
import torch

from stdsl.runtime.training.evaluate import Metrics, balanced_accuracy, mean_average_precision


def test_classes_count_alike_in_balanced_accuracy() -> None:
    scores = torch.eye(3)[torch.tensor([0, 0, 0, 1, 0, 1])]
    targets = torch.tensor([0, 0, 0, 0, 1, 1])  # three of four, one of two; no sample of the third class
    assert balanced_accuracy(scores, targets) == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_average_precision_by_hand() -> None:
    scores = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]])
    targets = torch.tensor([0, 1, 0, 1])
    # Class 0 ranks 1 and 3: (1/1 + 2/3) / 2; class 1 ranks 1 and 3 as well.
    assert mean_average_precision(scores, targets) == pytest.approx((1 + 2 / 3) / 2)
    assert mean_average_precision(scores, torch.tensor([0, 0, 1, 1])) == 1


def test_average_precision_the_long_way() -> None:
    torch.manual_seed(0)
    scores, targets = torch.randn(60, 5).softmax(1), torch.randint(0, 4, (60,))
    found = []
    for label in range(4):
        ranked = sorted(range(60), key=lambda i: (-scores[i, label].item(), i))
        hits, precisions = 0, []
        for rank, i in enumerate(ranked, 1):
            if targets[i] == label:
                hits += 1
                precisions.append(hits / rank)
        found.append(sum(precisions) / len(precisions))
    assert mean_average_precision(scores, targets) == pytest.approx(sum(found) / 4)


def test_a_score_is_the_better_the_greater() -> None:
    metrics = Metrics(0.7, 0.5, 0.9, 10, 0.4, 0.3)
    names = ("accuracy", "top5", "balanced_accuracy", "mean_ap", "loss")
    assert [metrics.figure(name) for name in names] == [0.5, 0.9, 0.4, 0.3, 0.7]
    assert [metrics.score(name) for name in names] == [0.5, 0.9, 0.4, 0.3, -0.7]
    assert math.isnan(Metrics(0.7, 0.5, 0.9, 10).mean_ap)
