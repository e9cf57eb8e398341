"""Metrics as batches are added up, against scikit-learn and by hand."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from torch import Tensor

from stdsl.compiler.schemas.tasks.metrics import METRICS, MetricName
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.compiler.schemas.tasks.task import TASKS
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.tasks.measurement import SOURCES, Measurement

COARSE = st.integers(-4, 4).map(lambda n: n / 4)
"""Scores of which many are equal."""


def measured(targets: Targets, told: Tensor, real: Tensor, cut: int) -> dict[str, float]:
    """All metrics of the task, of samples that come in two batches."""
    found = Measurement(targets)
    for part in (slice(0, cut), slice(cut, None)):
        if len(told[part]):
            found.add(told[part], real[part])
    return found.figures()


@st.composite
def rows(draw: st.DrawFn, targets: Any, columns: int | None = None) -> tuple[Tensor, Tensor, int]:
    """Scores (N, C), targets, and where to cut."""
    n, c = draw(st.integers(1, 12)), columns or draw(st.integers(2, 7))
    told = torch.tensor(draw(st.lists(st.lists(COARSE, min_size=c, max_size=c), min_size=n, max_size=n)))
    return told.float(), torch.tensor(draw(targets(n, c))), draw(st.integers(0, n))


def classes(n: int, c: int) -> Any:
    return st.lists(st.integers(0, c - 1), min_size=n, max_size=n)


def labels(n: int, c: int) -> Any:
    return st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=c, max_size=c), min_size=n, max_size=n)


def numbers(n: int, c: int) -> Any:
    return st.lists(st.lists(st.integers(-9, 9).map(float), min_size=c, max_size=c), min_size=n, max_size=n)


@settings(max_examples=60)
@given(rows(classes))
def test_metrics_of_classes_are_those_of_scikit_learn(drawn: tuple[Tensor, Tensor, int]) -> None:
    told, real, cut = drawn
    count = told.shape[1]
    found = measured(Targets(TargetSignature("classes", count, None, ())), told, real, cut)
    assert found.keys() == {"accuracy", "balanced_accuracy", "macro_f1", "mean_ap", "auc", "top5"}
    best, scores, y = told.argmax(1).numpy(), told.log_softmax(1).double().numpy(), real.numpy()
    one_hot = np.eye(count)[y]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found["accuracy"] == pytest.approx(reference.accuracy_score(y, best))
        assert found["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(y, best))
        assert found["macro_f1"] == pytest.approx(reference.f1_score(y, best, average="macro", zero_division=0))
    assert found["mean_ap"] == pytest.approx(_average(reference.average_precision_score, one_hot, scores, (0,)))
    assert found["auc"] == pytest.approx(_average(reference.roc_auc_score, one_hot, scores, (0, len(y)), 0.5))
    if count > 5:
        # Of equal scores scikit-learn puts the later class first, so it gets them in the other order.
        turned = scores[:, ::-1]
        expected = reference.top_k_accuracy_score(count - 1 - y, turned, k=5, labels=range(count))
        assert found["top5"] == pytest.approx(expected)
    else:
        assert found["top5"] == 1


@settings(max_examples=60)
@given(rows(labels))
def test_metrics_of_labels_are_those_of_scikit_learn(drawn: tuple[Tensor, Tensor, int]) -> None:
    told, real, cut = drawn
    found = measured(Targets(TargetSignature("labels", told.shape[1], None, ())), told, real, cut)
    assert found.keys() == {"accuracy", "macro_f1", "mean_ap", "auc"}
    y, applied, scores = real.numpy(), (told > 0).numpy(), told.double().numpy()
    assert found["accuracy"] == pytest.approx(1 - reference.hamming_loss(y, applied))
    own = [reference.f1_score(a, b, zero_division=0) for a, b in zip(y.T, applied.T, strict=True) if a.any() or b.any()]
    assert found["macro_f1"] == pytest.approx(np.mean(own) if own else 0)
    assert found["mean_ap"] == pytest.approx(_average(reference.average_precision_score, y, scores, (0,)))
    assert found["auc"] == pytest.approx(_average(reference.roc_auc_score, y, scores, (0, len(y)), 0.5))


@settings(max_examples=60)
@given(rows(numbers, columns=2), st.tuples(st.floats(0.1, 1e6), st.floats(0.1, 1e6)))
def test_metrics_of_numbers_are_those_of_scikit_learn_in_the_units_of_the_data(
    drawn: tuple[Tensor, Tensor, int], units: tuple[float, float]
) -> None:
    told, real, cut = drawn
    found = measured(Targets(TargetSignature("numbers", 2, None, ()), (5.0, -3.0), units), told, real.float(), cut)
    assert found.keys() == {"rmse", "mae", "r2"}
    y, guess = (real.double().numpy() * units + (5, -3), told.double().numpy() * units + (5, -3))
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(y, guess))
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(y, guess))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of one sample
        exact = [float(np.array_equal(a, b)) for a, b in zip(real.T, told.T, strict=True)]
        assert found["r2"] == pytest.approx(reference.r2_score(y, guess) if len(y) > 1 else np.mean(exact), rel=1e-5)


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(2, 4))
def test_intersection_over_union_is_that_of_scikit_learn(seed: int, count: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    told, real = torch.randn(3, count, 2, 4, generator=rng), torch.randint(0, count, (3, 2, 4), generator=rng)
    found = measured(Targets(TargetSignature("classes", count, None, (2, 4))), told, real, 2)
    flat, best = real.flatten().numpy(), told.argmax(1).flatten().numpy()
    assert found["iou"] == pytest.approx(reference.jaccard_score(flat, best, average="macro", zero_division=0))
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(flat, best))


def _average(metric: Any, real: Any, scores: Any, without: tuple[int, ...], empty: float = 0.0) -> float:
    """Over the columns of which not all, or not none, are real."""
    own = [metric(y, s) for y, s in zip(real.T, scores.T, strict=True) if y.sum() not in without]
    return float(np.mean(own)) if own else empty


def test_classes_count_alike_in_balanced_accuracy() -> None:
    told = torch.eye(3)[torch.tensor([0, 0, 0, 1, 0, 1])]
    real = torch.tensor([0, 0, 0, 0, 1, 1])  # three of four, one of two; no sample of the third class
    found = measured(Targets(TargetSignature("classes", 3, None, ())), told, real, 4)
    assert found["balanced_accuracy"] == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_what_holds_something_that_is_no_number_tells_nothing() -> None:
    told = torch.tensor([[2.0, 1.0], [float("nan"), 1.0], [0.0, 1.0]])
    found = measured(Targets(TargetSignature("classes", 2, None, ())), told, torch.tensor([0, 1, 1]), 1)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["top5"] == pytest.approx(2 / 3)


def test_the_spread_of_targets_far_from_0_is_not_lost() -> None:
    real = 1e6 + torch.arange(50, dtype=torch.float64)[:, None] / 50
    told = real + 0.1
    found = measured(Targets(TargetSignature("numbers", 1, None, ())), told, real, 17)
    assert found["r2"] == pytest.approx(reference.r2_score(real.numpy(), told.numpy()))


def kinds() -> Iterator[tuple[str, set[str]]]:
    for kind in SOURCES:
        yield kind, {name for name, metric in METRICS.items() if kind in metric.kinds and name != "loss"}


def test_every_metric_is_computed_for_all_its_targets_and_no_others() -> None:
    assert set(get_args(MetricName)) == METRICS.keys()
    for kind, names in kinds():
        assert set(SOURCES[kind]) == names


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name}-{task.kind}")
def test_what_a_task_takes_by_default_goes_with_its_targets(task: Any) -> None:
    targets = TargetSignature(task.kind, 3, None, (2, 2) if task.dense else ())
    assert type(task.loss()).of(targets)
    assert {task.metric, task.step, *task.shown} <= set(task.metrics)
    assert task.shown[0] == task.metric
    assert task.asks in (None, task.kind)
