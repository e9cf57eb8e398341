"""What depthwise convolutions of a node read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .depthwise import stepped
from .lines import Unit
from .paths import Step


class Inputs:
    """What depthwise convolutions read: sources side by side, brought into the order of their steps, each once."""

    def __init__(self, tensors: Sequence[Tensor] | Mapping[int, Tensor]) -> None:
        self._tensors = tensors
        self._known: dict[Any, Tensor] = {}

    def sizes(self, unit: Unit) -> tuple[int, ...]:
        """The axes of what ``unit`` reads."""
        return tuple(self._tensors[unit.reads[0]].shape[2:])

    def entered(self, unit: Unit, steps: tuple[Step, ...], before: Tensor | None) -> Tensor:
        """What ``unit`` reads. ``before``: what the stage before it gave."""
        if before is not None:
            return stepped(before, steps)
        plain = unit.reads, ()
        if plain not in self._known:
            parts = [self._tensors[i].movedim(1, -1) for i in unit.reads]
            self._known[plain] = parts[0].contiguous() if len(parts) == 1 else torch.cat(parts, -1)
        key = unit.reads, steps
        if key not in self._known:
            self._known[key] = stepped(self._known[plain], steps)
        return self._known[key]
