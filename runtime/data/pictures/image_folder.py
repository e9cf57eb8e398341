"""``image_folder``: a folder a class of images as a data set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_folders import Channels
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.compiler.text.reading import MIB

from ..views import Spaced
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

    def decoded(self, paths: Sequence[Path], along: float | Spaced | None) -> tuple[Pixels, ...]:
        images = []
        for place, path in enumerate(paths):
            with self.told_of(place):
                images.append(self._cache.made(path, partial(self._decoded, self.settings.channels_each[place])))
        return tuple(images)

    def details(self, place: int) -> Iterator[str]:
        sizes = [size for path in self.files(place) if (size := size_of(path)) is not None]
        if sizes:
            (width, height), (wide, high) = (min(sizes, key=math.prod), max(sizes, key=math.prod))
            yield f"images of {width} × {height} to {wide} × {high} pixels"

    def _decoded(self, channels: Channels, path: Path) -> Pixels:
        return decoded(path, self.settings.side, channels)
