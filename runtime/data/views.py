"""Several looks at one sample, when a network is measured: clips along a video, crops of its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:  # files are prepared for exported networks where there is no torch
    from stdsl.compiler.schemas.search import Evaluate

    from .batch import Dataset

Side = Literal["first", "middle", "last"]
"""Where a crop is, along the longer side of a frame."""
SIDES: tuple[Side, ...] = ("first", "middle", "last")


@dataclass(frozen=True, slots=True)
class Spaced:
    """The clip at a place, from 0, of as many that are spaced evenly over a video, from its beginning to its end."""

    place: int
    many: int


@dataclass(frozen=True, slots=True)
class Views:
    """``clips`` of each video, and of each of them either the crop in the middle, or three along the longer side."""

    clips: int = 1
    sides: tuple[Side, ...] = ("middle",)

    @classmethod
    def of(cls, settings: Evaluate) -> Views:
        return cls(settings.clips, ("middle",) if settings.crops == "center" else SIDES)

    @property
    def many(self) -> int:
        return self.clips * len(self.sides)

    def at(self, number: int) -> tuple[Spaced | None, Side]:
        """Which clip it is at a number from 0, and which crop of it; None: the only one."""
        clip, side = divmod(number, len(self.sides))
        return Spaced(clip, self.clips) if self.clips > 1 else None, self.sides[side]


def seen_in(dataset: Dataset, views: Views) -> Dataset:
    """The data set with each sample of its split `test` as often as there are views, one after the other. ``dataset``:
    one whose settings have such views, perhaps inside others."""
    return cast("Dataset", dataset.seen_in(views))  # type: ignore[attr-defined]


def views_of(dataset: Dataset) -> int:
    """How many samples of its split `test` are one, seen in several ways."""
    found: int = getattr(dataset, "views", 1)
    return found
