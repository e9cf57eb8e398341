"""What may follow within bounds, by what is left of their upper ends: tables from which nothing is subtracted.

A cost with a lower end begins, when all is answered, with all that may be left of the upper end; so what is within a
range is a sum of positive numbers, as certain beside what is below it as alone. A cost without one begins with nothing,
and is added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from ..circuits.cost_states import Vector
from .lattice import Lattice
from .stretches import Stretch
from .tables import Effort, Table

if TYPE_CHECKING:
    import numpy.typing as npt

    from .words import Places

    Column = npt.NDArray[Any]

Ends = Sequence[tuple[int, int]]
"""For each cost the first and the last place within the bounds."""


def ending(window: Ends, one: float, effort: Effort) -> Table:
    """What may be left when all is answered; ``one`` stands for a way. Raises TooMuch."""
    import numpy as np

    shape = tuple(1 if low <= 0 else high - low + 1 for low, high in window)
    effort.handles(8 * prod(shape))
    effort.worked(prod(shape))
    return Table(np.full((1, *shape), one))


def band_windows(places: Lattice, stretch: Stretch) -> dict[int, Vector]:
    """The last places that matter of the tables of a stretch, with all that follows it."""
    return {
        state: tuple(
            min(high, far if low <= 0 else far + high - low)
            for far, (low, high) in zip(places.far[state], places.windows, strict=True)
        )
        for state in stretch.states
    }


def remaining(table: Table, left: tuple[Places, ...], window: Ends, missing: float) -> Column:
    """The numbers of what may follow where so much is ``left`` of the upper ends; ``missing`` where nothing may.
    ``table``: added up along the costs without a lower end."""
    import numpy as np

    if table.at is not None and window[0][0] <= 0:
        where = np.searchsorted(table.at, left[0], side="right") - 1
        found = table.numbers[0][np.maximum(where, 0)] if len(table.at) else np.full(len(where), missing)
        return np.where(where >= 0, found, missing)
    if table.at is None:
        # Nothing is added beyond the end of what was added up.
        left = tuple(
            np.minimum(rest, n - 1) if low <= 0 else rest
            for rest, n, (low, _) in zip(left, table.numbers.shape[1:], window, strict=True)
        )
    follow: Column = table.found(left, missing)[0]
    return follow
