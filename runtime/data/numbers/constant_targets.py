"""Numbers to tell that are all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.table_doubts import Doubt


def constant_targets(values: npt.NDArray[Any], names: tuple[str, ...]) -> Iterator[Doubt]:
    """About those of ``names`` that are the same in all of ``values`` (N, C, …)."""
    for place, name in enumerate(names if values.size else ()):
        column = values[:, place]
        if np.ptp(column) == 0:
            told = f"all samples to train on have {column.flat[0]:g} as `{name}`"
            yield told, "a network learns nothing from it: name another target, or give more samples"
