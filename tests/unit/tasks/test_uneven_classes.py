"""Classes of which some have many more samples: weights in the loss, and samples that are drawn more often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from stdsl.compiler.schemas.tasks.losses import BinaryCrossEntropy, CrossEntropy
from stdsl.compiler.schemas.tasks.targets import TargetSignature, class_targets
from stdsl.runtime.data.batch import Batch, Normalisation, Part
from stdsl.runtime.data.loading.balance import counts, part_classes
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.tasks.criterion import Criterion, balanced_weights


@dataclass
class Uneven:
    """Samples whose one number is their place."""

    labels: list[Any]
    classes: tuple[str, ...] = ("a", "b", "c")
    inputs: tuple[str, ...] = ("x",)
    normalisation: Normalisation = field(default_factory=Normalisation)

    def size(self, split: str) -> int:
        return len(self.labels)

    def varies(self, split: str) -> bool:
        return False

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        return Batch((torch.from_numpy(indices.astype(np.float32)[:, None]),), torch.tensor(self.labels)[indices])


CLASSES = [0] * 20 + [1] * 5 + [2] * 2


def drawn(order: Order, epochs: int) -> npt.NDArray[np.int64]:
    """How often each sample is drawn in so many epochs."""
    steps = range(epochs * order.steps_per_epoch)
    return np.bincount(np.concatenate([order.indices(step) for step in steps]), minlength=len(order.part))


def test_each_class_is_drawn_as_often_and_each_sample_of_a_class_too() -> None:
    order = Order(Part(Uneven(CLASSES), ("train",)), 9, 3, "weights", balanced=True)
    found = drawn(order, 20)
    assert [found[np.array(CLASSES) == label].sum() for label in range(3)] == [180, 180, 180]
    for label in range(3):
        own = found[np.array(CLASSES) == label]
        assert own.max() - own.min() <= 1
    once = Order(Part(Uneven(CLASSES), ("train",)), 9, 3, "weights")
    assert set(drawn(once, 20)) == {20}


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 5))
def test_balanced_batches_are_a_pure_function_of_their_step(labels: list[int], batch: int, seed: int) -> None:
    part = Part(Uneven(labels, ("a", "b", "c", "d")), ("train",))
    order, other = (Order(part, batch, seed, "weights", balanced=True) for _ in range(2))
    steps = list(range(3 * order.steps_per_epoch))
    forward = [order.indices(step).tolist() for step in steps]
    assert [other.indices(step).tolist() for step in reversed(steps)] == forward[::-1]
    sizes = {len(found) for found in forward}
    assert sizes == {min(batch, len(labels))}
    if batch == 1:  # nothing is left out
        by_class = np.bincount(np.array(labels)[np.concatenate(forward)], minlength=4)[np.unique(labels)]
        assert by_class.max() - by_class.min() <= 3


def test_weights_are_those_of_scikit_learn() -> None:
    dataset = Uneven(CLASSES)
    assert counts(dataset).tolist() == [20, 5, 2]
    found = balanced_weights(counts(dataset), 27, Targets(class_targets(3)))
    assert found == pytest.approx(compute_class_weight("balanced", classes=np.arange(3), y=CLASSES).tolist())
    labels = Targets(TargetSignature("labels", 2, None, ()))
    assert balanced_weights(np.array([9, 1]), 10, labels) == pytest.approx((1 / 9, 9))


def test_weights_are_in_the_loss_and_not_in_what_is_measured() -> None:
    given, real = torch.randn(6, 3), torch.tensor([0, 0, 0, 1, 1, 2])
    criterion = Criterion(Targets(class_targets(3)), CrossEntropy(), weights=(0.5, 1.0, 4.0))
    apart = -given.log_softmax(1)[torch.arange(6), real]
    weights = torch.tensor([0.5, 1.0, 4.0])[real]
    assert criterion(given, real).item() == pytest.approx(((apart * weights).sum() / weights.sum()).item(), rel=1e-5)
    assert criterion.plain(given, real).item() == pytest.approx(apart.mean().item(), rel=1e-5)
    targets = Targets(TargetSignature("labels", 2, None, ()))
    applied = Criterion(targets, BinaryCrossEntropy(), weights=(3.0, 1.0))
    odds, there = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]])
    assert applied(odds, there).item() == pytest.approx(np.log(2) * (3 + 1) / 2, rel=1e-5)


def test_classes_of_a_part_are_those_of_its_samples() -> None:
    part, held = Part(Uneven(CLASSES), ("train", "valid")).divided(0.25, 7)
    for own in (part, held):
        assert part_classes(own).tolist() == own.samples(np.arange(len(own))).targets.tolist()
