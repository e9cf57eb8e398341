"""Means and deviations of channels over many samples, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_GREAT = 2.0**450


def channel_statistics(pieces: Iterable[npt.NDArray[np.generic]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel of pieces (N, C, …), over all else.

    Values that are no numbers are left out, for they are told of where they are read; a channel that is the same
    everywhere has the deviation 1, so that it becomes 0. Pieces are merged by the formula of T. F. Chan, G. H. Golub
    and R. J. LeVeque ("Updating formulae and a pairwise algorithm for computing sample variances", 1979).
    """
    count: Numbers | float = 0.0
    mean: Numbers | float = 0.0
    squares: Numbers | float = 0.0
    unit: Numbers | float = 1.0
    for piece in pieces:
        values = np.moveaxis(piece, 1, 0).reshape(piece.shape[1], -1).astype(np.float64)
        finite = np.isfinite(values)
        n = finite.sum(1).astype(np.float64)
        values = np.where(finite, values, 0)
        # The squares of great numbers are infinite: these are counted in a greater unit, a power of 2.
        greatest = np.abs(values).max(1, initial=0)
        wider = np.maximum(unit, np.where(greatest > _GREAT, np.exp2(np.floor(np.log2(np.maximum(greatest, 1)))), 1))
        values, mean, squares = values / wider[:, None], mean * (unit / wider), squares * (unit / wider) ** 2
        unit = wider
        own = values.sum(1) / np.maximum(n, 1)
        around = np.where(finite, values - own[:, None], 0)
        total = count + n
        apart = own - mean
        squares = squares + (around**2).sum(1) + apart**2 * count * n / np.maximum(total, 1)
        mean = mean + apart * n / np.maximum(total, 1)
        count = total
    deviation = np.sqrt(np.atleast_1d(squares) / np.maximum(np.atleast_1d(count), 1))
    deviation = np.where(deviation > 1e-12 * np.abs(mean), deviation * unit, 1.0)
    return tuple(np.atleast_1d(mean * unit).tolist()), tuple(deviation.tolist())
