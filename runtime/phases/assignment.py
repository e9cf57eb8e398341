"""What is to be trained, how, and what it is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.recipe import Recipe
from stdsl.compiler.schemas.retraining import retraining_splits
from stdsl.compiler.schemas.search import Role, SearchConfig

from ..tracking.names import DERIVED

RETRAIN = "retrain"
"""The final training as a phase."""


@dataclass(frozen=True)
class Subject:
    """A network to be trained: ``arch`` of ``graph``. Its random numbers depend on the search's seed and on ``name``,
    the order of its samples on the seed and on ``repeat``, which counts the trainings of one network. ``shown``: what
    reports call it, where that is not its name."""

    name: str
    graph: SpaceGraph
    arch: Mapping[str, Any]
    repeat: int = 1
    shown: str = ""

    @property
    def title(self) -> str:
        return self.shown or self.name


@dataclass(frozen=True)
class Assignment:
    """Train ``subject`` by ``recipe`` on the ``splits`` of the training data, then measure it on the split
    ``measured``, ``batch`` samples at a time (on its first ``samples`` samples; None: on all).

    ``recipe``: None for a network that has its weights, and is measured alone. ``purpose``: what the order of its
    samples depends on. ``steps``: the budget; None: as long as the recipe says.
    ``searched``: whether it is a trial of the search, on the data of that, which is all that it is for.
    ``start``: a file of weights to begin with; None: fresh ones. ``holdout``: the share of the training samples that is
    kept out to measure it on after each epoch, ``keep_best``: whether the weights of the best epoch are the result.
    """

    subject: Subject
    recipe: Recipe | None
    splits: tuple[str, ...]
    measured: Literal["valid", "test"]
    batch: int
    purpose: str
    samples: int | None = None
    steps: int | None = None
    start: Path | None = None
    holdout: float = 0.0
    keep_best: bool = False
    searched: bool = False
    tested: Subject | None = None
    """The same network where it is measured, if that is on data of other sizes."""

    @property
    def trained_on(self) -> Role:
        """Whose data it is trained on."""
        return "search" if self.searched else "retrain"

    @property
    def measured_on(self) -> Role:
        """Whose data it is measured on."""
        return "search" if self.searched else "evaluate"

    @property
    def work(self) -> str:
        """What messages call the training."""
        if self.searched:
            return f"the search's `{self.subject.title}`"
        return RETRAIN if self.subject.name == DERIVED else f"the training of `{self.subject.title}`"

    def length(self, per_epoch: int) -> int:
        """Steps in all."""
        if self.steps is not None:
            return self.steps
        assert self.recipe is not None
        return self.recipe.total_steps(per_epoch)


def final_training(config: SearchConfig, subject: Subject, tested: Subject | None = None) -> Assignment:
    """By the section `retrain` of a search: of what it found, and of everything that this is compared with."""
    recipe = config.retrain
    assert recipe is not None
    return Assignment(
        subject,
        recipe,
        retraining_splits(recipe),
        "test",
        config.evaluate.batch or recipe.batch,
        "final training" if subject.repeat == 1 else f"final training {subject.repeat}",
        holdout=recipe.holdout,
        keep_best=recipe.snapshot == "best",
        tested=tested,
    )


def trial(
    fitness: Fitness, subject: Subject, steps: int | None = None, start: Path | None = None, rung: int = 0
) -> Assignment:
    """A separate training of a search: on its `train` half, measured on its `valid` half. ``steps``: None for those of
    ``fitness``. ``start``: weights that it goes on from, ``rung``: the how manyth time, which decides the order of its
    samples."""
    purpose = f"trial {rung + 1}" if rung else "trial"
    return Assignment(
        subject,
        fitness,
        ("train",),
        "valid",
        fitness.batch,
        purpose,
        fitness.samples,
        steps=steps,
        start=start,
        searched=True,
    )


def inherited(config: SearchConfig, subject: Subject, tested: Subject | None = None) -> Assignment:
    """Of what a search found, with weights that are there: measured, and not trained. As many samples at a time as the
    search took, in its steps or to measure its trials."""
    fitness = getattr(config.strategy, "fitness", None)
    batch: int = getattr(config.strategy if fitness is None else fitness, "batch", 1)
    return Assignment(subject, None, (), "test", config.evaluate.batch or batch, "", tested=tested)
