"""How long something trains: in epochs or in steps."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from .base import Count, Section


class Length(Section):
    """A training of so many epochs, or of so many steps; the one that is set last replaces the other."""

    exclusive: ClassVar[tuple[frozenset[str], ...]] = (frozenset({"epochs", "steps"}),)
    default_epochs: ClassVar[int] = 50

    epochs: Count | None = Field(default=None, description="Passes over the training data")
    steps: Count | None = Field(default=None, description="Mini-batches, instead of epochs")

    def total_steps(self, per_epoch: int) -> int:
        """Mini-batches in all, with ``per_epoch`` of them in an epoch."""
        return self.steps if self.steps is not None else (self.epochs or self.default_epochs) * per_epoch
