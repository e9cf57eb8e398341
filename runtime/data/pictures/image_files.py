"""Images in files, decoded by Pillow: any mode, upright, at the size that crops are taken from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.image_folders import FORMATS
from stdsl.compiler.diagnostics.data import PackageNeeded
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_folders import Channels

from ..opening import check_regular

Pixels = npt.NDArray[np.uint8]
_ORIENTATION = 0x0112
_STRETCHED = 0.02
"""So far the sides of images of one sample may be apart, as they were rounded when they were made."""
_LONGEST = 4
"""An image is at most so many times as long as it is wide; of a longer one the middle is taken."""


def need_pillow(dataset: str, place: Span | None) -> None:
    """Raises RunError where Pillow is not installed."""
    try:
        _pillow()
    except ImportError:
        raise RunError([PackageNeeded(place, dataset, "Pillow", "image")]) from None


def decoded(path: Path, side: int, channels: Channels) -> Pixels:
    """(C, H, W) of an image file, its short side ``side`` pixels long. Raises ValueError where it cannot be decoded.

    Of 2 ``channels`` they are red and green. The image is turned as its EXIF says; transparent parts are laid over
    black; 16 bits become the upper 8; of an image of several frames the first is taken. A JPEG is decoded at the least
    of its scales that is twice as large.
    """
    check_regular(path)
    try:
        with _open(path) as image:
            image.draft(None, (2 * side, 2 * side))
            return sized(_plain(_upright(image), channels), side, channels)
    except Exception as error:  # damaged bytes may raise anything
        raise ValueError(str(error) or type(error).__name__) from error


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height as they are stored, from the header; None where it is none."""
    try:
        check_regular(path)
        with _open(path) as image:
            width, height = image.size
            return int(width), int(height)
    except Exception:  # damaged bytes may raise anything
        return None


def sized(image: Any, side: int, channels: Channels = 3) -> Pixels:
    """(C, H, W) of an image in mode L or RGB, its short side ``side`` pixels long; of an RGB one the first
    ``channels``.

    Bilinear with half-pixel centres, antialiased, along rows and then along columns, each rounded to 8 bits: to the bit
    what ``tests/reference/resizing.py`` writes down.
    """
    width, height = image.size
    short = min(width, height)
    if max(width, height) > _LONGEST * short:
        wide, high = min(width, _LONGEST * short), min(height, _LONGEST * short)
        left, top = (width - wide) // 2, (height - high) // 2
        image = image.crop((left, top, left + wide, top + high))
        width, height = image.size
    if short != side:
        wide, high = max(side, round(width * side / short)), max(side, round(height * side / short))
        # Pillow's versions differ in which axis comes first, which rounds otherwise.
        for size in ((wide, height), (wide, high)):
            image = image.resize(size, _pillow().Resampling.BILINEAR)
    pixels = np.asarray(image)
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)[:channels])


def check_sides(images: Sequence[Pixels], names: Sequence[str]) -> None:
    """Raises ValueError where images (C, …, H, W) of one sample, whose short sides are of the same length, show
    different parts: their proportions are others."""
    sides = [own.shape[-2:] for own in images]
    for axis in (0, 1):
        lengths = [side[axis] for side in sides]
        if max(lengths) - min(lengths) > 1 + _STRETCHED * max(lengths):
            shown = ", ".join(f"`{name}` {wide} × {high}" for name, (high, wide) in zip(names, sides, strict=True))
            raise ValueError(f"its inputs are of different proportions: resized, {shown}")


def grey_or_colour(picture: npt.NDArray[np.uint8], channels: Channels) -> Any:
    """An image of Pillow, in mode L or RGB, of a picture (H, W, 3)."""
    return _plain(_pillow().fromarray(picture), channels)


def _pillow() -> ModuleType:
    from PIL import Image

    return Image


@cache
def _unwarned() -> None:
    """Images of more than 90 million pixels are read as others are, and Pillow warns of them; of more than twice that
    it refuses to read them, which is told of as of other damage. A filter is set once: to set and reset one is not
    for threads."""
    warnings.filterwarnings("ignore", category=_pillow().DecompressionBombWarning)


def _open(path: Path) -> Any:
    _unwarned()
    # Pillow goes by the content, and for some formats it starts other programs.
    return _pillow().open(path, formats=tuple(FORMATS))


def _upright(image: Any) -> Any:
    from PIL import ImageOps

    turned = image.getexif().get(_ORIENTATION, 1) != 1
    return ImageOps.exif_transpose(image) if turned else image  # it copies what it need not turn


def _plain(image: Any, channels: Channels) -> Any:
    """In mode L or RGB."""
    if image.mode.startswith("I"):
        wide = np.asarray(image).astype(np.int64) >> 8
        image = _pillow().fromarray(wide.clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = _pillow().alpha_composite(_pillow().new("RGBA", image.size, (0, 0, 0, 255)), image)
    return (
        image.convert("RGB").convert("L")
        if channels == 1 and image.mode not in ("L", "1")
        else image.convert("L" if channels == 1 else "RGB")
    )
