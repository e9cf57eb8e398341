"""``image_folder``: a folder a class of images as a data set."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.compiler.text.reading import MIB

from .bounded_cache import BoundedCache
from .folder import FolderDataset
from .image_files import Pixels, decoded, need_pillow, size_of


class ImageFolderDataset(FolderDataset[ImageFolder]):
    """Images (N, C, S, S)."""

    measured: ClassVar[int] = 2048

    def __init__(self, settings: ImageFolder, seed: int, folder: Path, place: Span | None) -> None:
        super().__init__(settings, seed, folder, place)
        need_pillow(settings.kind, place)
        self._cache: BoundedCache[Path, Pixels] = BoundedCache(settings.cache * MIB, lambda pixels: pixels.nbytes)

    def decoded(self, path: Path, along: float | None) -> Pixels:
        return self._cache.made(path, self._decoded)

    def details(self) -> Iterator[str]:
        sizes = [size for path in self.files if (size := size_of(path)) is not None]
        if sizes:
            (width, height), (wide, high) = (min(sizes, key=math.prod), max(sizes, key=math.prod))
            yield f"images of {width} × {height} to {wide} × {high} pixels"

    def _decoded(self, path: Path) -> Pixels:
        return decoded(path, self.settings.side, self.settings.channels)
