"""A folder a class of images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from .class_folders import ClassFolders, class_folders, ending
from .linked_folders import walked

FORMATS: Mapping[str, tuple[str, ...]] = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg"),
    "BMP": (".bmp",),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm"),
}
"""The formats that are decoded, as Pillow calls them, whatever the name of a file; and what names of these end in."""
ENDINGS = frozenset(ending for endings in FORMATS.values() for ending in endings)
"""What names of images end in, in small letters."""


def image_folders(root: Path) -> ClassFolders:
    """The images of `train/CLASS/…` beside `val/CLASS/…` and `test/CLASS/…`, or of `CLASS/…` alone; they may lie deeper
    inside. Raises FilesAbsent and FileDamaged."""
    return class_folders(root, images_in)


def images_in(root: str, base: str | None = None) -> Iterator[tuple[str, bool]]:
    """All in a folder, in the order of the names: whether each is an image. ``base``: as of :func:`walked`."""
    for folder, names, left in walked(root, base):
        yield from ((os.path.join(folder, name), ending(name) in ENDINGS) for name in names)
        yield from ((os.path.join(folder, name), False) for name in left)
