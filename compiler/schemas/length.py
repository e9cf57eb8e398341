"""How long something trains: in epochs or in steps."""

from typing import ClassVar

from pydantic import Field

from .base import Count, Section
from .over import LENGTHS

LENGTH = frozenset({"epochs", "steps"})
"""The settings that say how long."""


class Length(Section):
    """A training of so many epochs, or of so many steps; the one that is set last replaces the other."""

    exclusive: ClassVar[tuple[frozenset[str], ...]] = (LENGTH,)
    default_epochs: ClassVar[int] = 50

    epochs: Count | None = Field(default=None, description="Passes over the training data")
    steps: Count | None = Field(default=None, description="Mini-batches, instead of epochs")

    @property
    def unit(self) -> str:
        """The setting that says how long, or would."""
        return "epochs" if self.steps is None else "steps"

    def total_steps(self, per_epoch: int) -> int:
        """Mini-batches in all, with ``per_epoch`` of them in an epoch."""
        return self.steps if self.steps is not None else (self.epochs or self.default_epochs) * per_epoch

    @property
    def lengths(self) -> tuple[int, ...]:
        """The mini-batches in all, or where the text alone does not tell them some numbers that they may be."""
        return tuple(dict.fromkeys(self.total_steps(per_epoch) for per_epoch in LENGTHS))
