"""The embedded handwritten digits (see ``embedded/README.md`` for where they come from)."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

COUNT = 1797


@cache
def digits() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Images (1797, 8, 8) with values in [0, 1], and which digit each shows (1797,)."""
    packed = files(__package__).joinpath("embedded/digits.csv.gz").read_bytes()
    rows = np.array([line.split(b",") for line in gzip.decompress(packed).split()], dtype=np.float32)
    return rows[:, :64].reshape(-1, 8, 8) / 16.0, rows[:, 64].astype(np.int64)
