"""What is doubtful about numbers to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from stdsl.compiler.datafiles.table_doubts import Doubt

_GREAT = 1e18
"""The square of a greater number is beyond what float32 holds; so is that of the inverse."""


def target_doubts(values: npt.NDArray[Any], names: tuple[str, ...], scaled: bool) -> Iterator[Doubt]:
    """About those of ``names`` that are the same in all of ``values`` (N, C, …), or too great or small for a loss where
    they are not ``scaled``."""
    for place, name in enumerate(names if values.size else ()):
        column = values[:, place]
        least, greatest = float(column.min()), float(column.max())
        reach = max(abs(least), abs(greatest))
        if least == greatest:
            told = f"all samples to train on have {least:g} as `{name}`"
            yield told, "a network learns nothing from it: name another target, or give more samples"
        elif not scaled and (reach > _GREAT or reach < 1 / _GREAT):
            told = f"`{name}` reaches to {reach:.3g}, and float32 does not hold the squares of such numbers"
            yield told, "scale them (`scale_target = true`), or give them in another unit"
