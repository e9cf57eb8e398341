"""What depthwise convolutions of a node read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .depthwise import stepped
from .paths import Step
from .plans import Unit
from .scratch import laid_out, scratch


class Inputs:
    """What depthwise convolutions read: sources side by side, brought into the order of their steps, each once. They
    are in scratch memory, until others are made in this thread."""

    def __init__(self, tensors: Sequence[Tensor] | Mapping[int, Tensor]) -> None:
        self._tensors = tensors
        self._known: dict[Any, Tensor] = {}

    def sizes(self, unit: Unit) -> tuple[int, ...]:
        """The axes of what ``unit`` reads."""
        return tuple(self._tensors[unit.reads[0]].shape[2:])

    def entered(self, unit: Unit, steps: tuple[Step, ...], before: Tensor | None) -> Tensor:
        """What ``unit`` reads. ``before``: what the stage before it gave."""
        if before is not None:
            return stepped(before, steps, "stage")
        plain = unit.reads, ()
        if plain not in self._known:
            self._known[plain] = self._joined([self._tensors[i].movedim(1, -1) for i in unit.reads])
        key = unit.reads, steps
        if key not in self._known:
            self._known[key] = stepped(self._known[plain], steps, f"input {len(self._known)}")
        return self._known[key]

    def _joined(self, parts: list[Tensor]) -> Tensor:
        space = f"input {len(self._known)}"
        if len(parts) == 1:
            return laid_out(parts[0], space)
        first = parts[0]
        joined = scratch(space, first, (*first.shape[:-1], sum([part.shape[-1] for part in parts])))
        return torch.cat(parts, -1, out=joined)
