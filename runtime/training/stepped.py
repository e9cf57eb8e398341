"""What a loop can drive: something that advances by numbered steps and can be put down and taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Facts: TypeAlias = Mapping[str, float]
"""What a step reports: loss, accuracy, learning rate…"""

Event: TypeAlias = tuple[str, Mapping[str, Any]]
"""A line for the journal: what happened, and its facts."""


class Stepped(Protocol):
    """Everything that evolves is in ``state``; a step's data and randomness are pure functions of the seed and the
    step.
    """

    @property
    def total(self) -> int:
        """The number of steps."""
        ...

    def step(self, t: int) -> Facts:
        """Do step ``t`` (from 0)."""
        ...

    def state(self) -> dict[str, Any]:
        """All that evolves: weights, buffers, optimiser states. Tensors are references, not copies."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Take up a state that :meth:`state` gave."""
        ...

    def notes(self, t: int) -> Mapping[str, Any] | None:
        """Larger facts for the journal after step ``t`` (decision probabilities), or None at most steps."""
        ...

    def events(self, t: int) -> Sequence[Event]:
        """What happened in step ``t`` beside the step itself (decisions that were fixed)."""
        ...
