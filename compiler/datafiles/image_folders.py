"""A folder a class of images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .class_folders import ClassFolders, class_folders, ending, walked

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
"""What names of images end in, in small letters."""


def image_folders(root: Path) -> ClassFolders:
    """The images of `train/CLASS/…` beside `val/CLASS/…` and `test/CLASS/…`, or of `CLASS/…` alone; they may lie deeper
    inside. Raises FilesAbsent and FileDamaged."""
    return class_folders(root, images_in)


def images_in(root: str) -> Iterator[tuple[str, bool]]:
    """All in a folder, in the order of the names: whether each is an image."""
    for folder, names in walked(root):
        yield from ((os.path.join(folder, name), ending(name) in ENDINGS) for name in names)
