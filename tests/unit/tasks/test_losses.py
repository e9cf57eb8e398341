"""Losses of the task, by their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from stdsl.compiler.schemas.tasks.losses import (
    LOSSES,
    AbsoluteError,
    BinaryCrossEntropy,
    CrossEntropy,
    Dice,
    Huber,
    Loss,
    SquaredError,
)
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.targets import Targets
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.tasks.losses import loss_by

RNG = np.random.default_rng(0)
GIVEN = RNG.normal(size=(4, 3, 2, 5))
CLASSES = RNG.integers(0, 3, (4, 2, 5))
NUMBERS = RNG.normal(size=GIVEN.shape)
SHARES = np.exp(GIVEN) / np.exp(GIVEN).sum(1, keepdims=True)
RIGHT = np.eye(3)[CLASSES].transpose(0, 3, 1, 2)
APART = np.abs(GIVEN - NUMBERS)
DICE = 1 - np.mean((2 * (SHARES * RIGHT).sum((0, 2, 3)) + 2) / (SHARES.sum((0, 2, 3)) + RIGHT.sum((0, 2, 3)) + 2))
ENTROPY = -np.log((SHARES * RIGHT).sum(1)).mean()


DEFINITIONS = [
    (CrossEntropy(), CLASSES, ENTROPY),
    (
        BinaryCrossEntropy(),
        RIGHT,
        -np.mean(RIGHT * np.log(1 / (1 + np.exp(-GIVEN))) + (1 - RIGHT) * np.log(1 / (1 + np.exp(GIVEN)))),
    ),
    (SquaredError(), NUMBERS, (APART**2).mean()),
    (AbsoluteError(), NUMBERS, APART.mean()),
    (Huber(delta=0.5), NUMBERS, np.where(APART < 0.5, APART**2 / 2, 0.5 * (APART - 0.25)).mean()),
    (Dice(smooth=2.0), CLASSES, DICE),
    (Dice(smooth=2.0, cross_entropy=0.5), CLASSES, DICE + 0.5 * ENTROPY),
]
"""A loss, targets, and what the definition says."""


@pytest.mark.parametrize(("loss", "targets", "expected"), DEFINITIONS)
def test_a_loss_is_what_its_definition_says(loss: Loss, targets: np.ndarray, expected: float) -> None:
    given = torch.from_numpy(GIVEN).float()
    wanted = torch.from_numpy(targets) if targets.dtype.kind == "i" else torch.from_numpy(targets).float()
    assert loss_by(loss, given, wanted).item() == pytest.approx(expected, rel=1e-5)


def test_every_loss_has_its_definition_here() -> None:
    missing = {loss.__name__ for loss in LOSSES} - {type(loss).__name__ for loss, *_ in DEFINITIONS}
    assert not missing


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_computed(loss: type[Loss]) -> None:
    classes = "classes" in loss.kinds
    targets = torch.zeros(2, 4, dtype=torch.int64) if classes else torch.ones(2, 3, 4)
    given = torch.randn(2, 3, 4, requires_grad=True)
    value = loss_by(loss(), given, targets)
    value.backward()
    assert value.dim() == 0
    assert given.grad is not None
    assert given.grad.abs().sum() > 0


def test_further_outputs_add_to_the_loss() -> None:
    targets = Targets(TargetSignature("numbers", 2, None, ()))
    criterion = Criterion(targets).by(0.0, 0.25)
    output = {"first": torch.zeros(3, 2), "second": torch.ones(3, 2, 1, 1)}
    assert criterion(output, torch.zeros(3, 2)).item() == pytest.approx(0.25)
    assert criterion.plain(criterion.prediction(output), torch.zeros(3, 2)).item() == 0


def test_tokens_are_told_at_their_places() -> None:
    """A network that gives (N, L, C) is compared with targets (N, L)."""
    criterion = Criterion(Targets(TargetSignature("classes", 3, None, (4,))))
    tokens = torch.randn(2, 4, 3)
    assert torch.equal(criterion.prediction(tokens)[:, :, 1], tokens[:, 1])
    grid = Criterion(Targets(TargetSignature("classes", 3, None, (4, 5))))
    assert grid.prediction(torch.randn(2, 3, 1, 4, 5)).shape == (2, 3, 4, 5)
