"""The form of targets: what a network has to tell of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...datafiles.forms import Kind
from ...record import record


@record
class TargetSignature:
    """``kind``: a class out of several, labels of which each applies or not, or numbers. ``count``: how many classes,
    labels or numbers there are, ``names``: what they are called.

    ``positions``: () where a sample has one target; else it has one at each position of a grid of this size, such as
    (H, W) for each pixel, (T,) for each frame. None stands for what is only known when the data is read.
    """

    kind: Kind | None = None
    count: int | None = None
    names: tuple[str, ...] | None = None
    positions: tuple[int, ...] | None = None

    @property
    def known(self) -> bool:
        """Whether all but the names is known."""
        return self.kind is not None and self.count is not None and self.positions is not None

    @property
    def dense(self) -> bool:
        """Whether there is a target at each position of a grid, as far as that is known."""
        return bool(self.positions)

    def fits(self, channels: int, positions: Sequence[int]) -> bool:
        """Whether a network can give what is asked for: ``channels`` numbers at each of ``positions``. Axes of size 1
        do no harm."""
        if self.count not in (None, channels):
            return False
        return self.positions is None or longer(self.positions) == longer(positions)

    def __str__(self) -> str:
        if self.count is None:
            what = f"{self.kind or 'targets'} unknown before the data is read"
        else:
            what = f"{self.count} {_ONE_OF[self.kind or 'classes'] if self.count == 1 else self.kind or 'classes'}"
        return f"{what} at each of {grid(self.positions)} positions" if self.positions else what


_ONE_OF: Final[dict[Kind, str]] = {"classes": "class", "labels": "label", "numbers": "number"}

UNKNOWN = TargetSignature()


def class_targets(count: int | None, names: tuple[str, ...] | None = None) -> TargetSignature:
    """One class for each sample."""
    return TargetSignature("classes", count, names, ())


def grid(positions: Sequence[int]) -> str:
    """The size of a grid: `16 × 16`."""
    return " × ".join(map(str, positions))


def longer(positions: Sequence[int]) -> list[int]:
    """Without axes of size 1."""
    return [n for n in positions if n != 1]
