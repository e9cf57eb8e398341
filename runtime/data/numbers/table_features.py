"""What rows of a table are as features: numbers, and 0 or 1 for categories; without a tensor library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.tables import Table, known, missing, number

Numbers = npt.NDArray[np.float64]


def feature_values(table: Table, features: Sequence[tuple[str, str | None]]) -> Numbers:
    """(rows, features); a missing number is NaN. A text that is none of the categories has 0 for all of them."""
    columns: list[Numbers] = []
    texts: dict[str, list[str]] = {}
    for name, category in features:
        cells = table.columns[name]
        if category is None:
            columns.append(np.array([np.nan if missing(cell) else number(cell) for cell in cells], np.float64))
        else:
            if name not in texts:
                texts[name] = list(map(known, cells))
            columns.append(np.array([cell == known(category) for cell in texts[name]], np.float64))
    return np.stack(columns, 1)


def filled(values: Numbers, mean: Sequence[float]) -> Numbers:
    """Values with the mean of a feature where there is none."""
    return np.where(np.isnan(values), np.array(mean), values)
