"""Readers of data sets by the name of their schema."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data import Data
from stdsl.compiler.schemas.data_motion import MotionDigits

from .batch import Dataset
from .checked import Checked
from .cifar import CifarDataset
from .motion_digits import MotionDigitsDataset

Reader = Callable[[Any, int, Path, Span | None], Dataset]
"""Makes a data set of its settings, the search's seed, the folder that relative paths start from, and the text that
asks for it.
"""


def _motion_digits(settings: MotionDigits, seed: int, folder: Path, place: Span | None) -> Dataset:
    return MotionDigitsDataset(settings, seed)


READERS: dict[str, Reader] = {
    "motion_digits": _motion_digits,
    "cifar10": CifarDataset,
    "cifar100": CifarDataset,
}


def open_dataset(settings: Data, seed: int, folder: Path, place: Span | None = None) -> Dataset:
    """The data set of ``settings``. Raises RunError when its files are missing or damaged, and later when a sample
    is."""
    kind: str = settings.kind  # type: ignore[attr-defined]
    return Checked(READERS[kind](settings, seed, folder, place), kind, place)
