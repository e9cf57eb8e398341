"""Means and deviations of channels over many samples, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
_GREAT = 2.0**450
"""The squares of greater numbers may be infinite, those of numbers below the inverse 0: such are counted in a unit of
their own."""
_LEAST = 2.0**-1000
"""The least unit."""


class Moments:
    """The mean and the deviation of each of ``channels``, of pieces that are added one after the other.

    Values that are no numbers are left out. Pieces are merged by the formula of T. F. Chan, G. H. Golub and R. J.
    LeVeque ("Updating formulae and a pairwise algorithm for computing sample variances", 1979).
    """

    def __init__(self, channels: int) -> None:
        self.count, self._mean, self._squares = (np.zeros(channels) for _ in range(3))
        self._unit: Numbers = np.full(channels, _LEAST)

    def add(self, piece: npt.NDArray[np.generic]) -> None:
        """Values (channels, …)."""
        values = piece.reshape(len(piece), -1).astype(np.float64)
        finite = np.isfinite(values)
        n = finite.sum(1).astype(np.float64)
        values = np.where(finite, values, 0)
        greatest = np.abs(values).max(1, initial=0)
        odd = (greatest > _GREAT) | (greatest < 1 / _GREAT)
        unit = np.maximum(self._unit, np.where(odd, np.exp2(np.floor(np.log2(np.maximum(greatest, _LEAST)))), 1))
        values, mean, squares = (
            values / unit[:, None],
            self._mean * (self._unit / unit),
            self._squares * (self._unit / unit) ** 2,
        )
        own = values.sum(1) / np.maximum(n, 1)
        around = np.where(finite, values - own[:, None], 0)
        total = self.count + n
        apart = own - mean
        self._squares = squares + (around**2).sum(1) + apart**2 * self.count * n / np.maximum(total, 1)
        self._mean = mean + apart * n / np.maximum(total, 1)
        self.count, self._unit = total, unit

    @property
    def mean(self) -> Numbers:
        found: Numbers = self._mean * self._unit
        return found

    @property
    def deviation(self) -> Numbers:
        found: Numbers = np.sqrt(self._squares / np.maximum(self.count, 1)) * self._unit
        return found


Statistics = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation of each channel."""


def channel_statistics(pieces: Iterable[npt.NDArray[np.generic]]) -> Statistics:
    """Mean and deviation of each channel of pieces (N, C, …), over all else.

    Values that are no numbers are told of where they are read; a channel that is the same everywhere has the deviation
    1, so that it becomes 0.
    """
    return input_statistics(((piece,) for piece in pieces), 1)[0]


def input_statistics(pieces: Iterable[Sequence[npt.NDArray[np.generic]]], inputs: int) -> list[Statistics]:
    """The same for each of so many inputs, of which a piece has an array each."""
    moments: list[Moments | None] = [None] * inputs
    for piece in pieces:
        for place, values in enumerate(piece):
            own = moments[place] = moments[place] or Moments(values.shape[1])
            own.add(np.moveaxis(values, 1, 0))
    return [_statistics(own) for own in moments]


def _statistics(moments: Moments | None) -> Statistics:
    if moments is None:
        return (0.0,), (1.0,)
    mean, deviation = moments.mean, moments.deviation
    deviation = np.where(deviation > 1e-12 * np.abs(mean), deviation, 1.0)
    return tuple(mean.tolist()), tuple(deviation.tolist())
