"""What the pointwise convolutions of a stage read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from .depthwise import convolve, leave
from .inputs import Inputs
from .plans import Unit


def convolved(unit: Unit, kernels: Sequence[Tensor], inputs: Inputs, given: Mapping[Unit, Tensor]) -> Tensor:
    """Σ depthwise(x), as rows (count, size · C) of a new tensor; one kernel for each of the unit's windows.
    ``given``: what inner stages gave. Notes paths and shape."""
    before = given[unit.before] if unit.before is not None else None
    if not unit.windows:
        x = inputs.entered(unit, (), before)
        unit.shape = tuple(x.shape[:-1])
        return x.clone().view(-1, x.shape[-1])
    if not unit.paths:
        unit.find_paths(tuple(before.shape[1:-1]) if before is not None else inputs.sizes(unit))
    total: Tensor | None = None
    for kernel, (steps, window) in zip(kernels, unit.paths, strict=True):
        y = convolve(inputs.entered(unit, steps, before), kernel, window)
        if len(unit.windows) > 1:
            y = leave(y, steps)
        total = y if total is None else total.add_(y)
    assert total is not None
    unit.shape = tuple(total.shape[:-1])
    return total.reshape(-1, total.shape[-1])
