"""Places of weights, drawn."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from .tables import NEVER

if TYPE_CHECKING:
    import numpy.typing as npt

    Column = npt.NDArray[Any]


def drawn(weights: Column, generator: random.Random) -> int:
    """The place of a weight, drawn in proportion to what it is the logarithm of. One is not that of 0."""
    import numpy as np

    ends = np.cumsum(np.exp(weights - weights.max()))
    at = int(np.searchsorted(ends, generator.random() * ends[-1], side="right"))
    # The product may be rounded up to the end itself.
    return min(at, int(np.flatnonzero(weights != NEVER)[-1]))
