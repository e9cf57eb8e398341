"""``clip_folder``: a folder a class of videos, or of folders of frames, as a data set."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from stdsl.compiler.datafiles.clip_folders import frame_names
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.text.reading import MIB

from .bounded_cache import BoundedCache
from .folder import FolderDataset
from .image_files import Pixels, decoded, grey_or_colour, need_pillow, size_of, sized
from .video_files import VideoIndex, details_of, index_of, need_pyav, pictures

_INDEXED = 32 * MIB
"""Bytes of the places of frames that are kept."""


class ClipFolderDataset(FolderDataset[ClipFolder]):
    """Clips (N, C, T, S, S). Which frames a clip has depends on the number of frames of its file, the seed and the
    epoch; frames that were decoded are kept one by one, so that clips that overlap share them."""

    measured: ClassVar[int] = 256

    def __init__(self, settings: ClipFolder, seed: int, folder: Path, place: Span | None) -> None:
        super().__init__(settings, seed, folder, place)
        need_pillow(settings.kind, place)
        if any(not path.is_dir() for path in self.files):
            need_pyav(settings.kind, place)
        self._frames: BoundedCache[tuple[Path, int], Pixels] = BoundedCache(settings.cache * MIB, lambda a: a.nbytes)
        self._indices: BoundedCache[Path, VideoIndex] = BoundedCache(_INDEXED, lambda i: 1024 + i.times.nbytes)

    def decoded(self, path: Path, along: float | None) -> Pixels:
        try:
            names = frame_names(path) if path.is_dir() else ()
        except OSError as error:
            raise ValueError(str(error)) from error
        index = None if names else self._indices.made(path, index_of)
        numbers = places(self.settings, len(names) if index is None else index.frames, along)
        found = {number: self._frames.found((path, number)) for number in numbers}
        absent = [number for number, pixels in found.items() if pixels is None]
        fresh = self._images(path, names, absent) if index is None else self._pictures(path, index, absent)
        for number, frame in zip(absent, fresh, strict=True):
            self._frames.keep((path, number), frame)
            found[number] = frame
        clip = [own for number in numbers if (own := found[number]) is not None]
        if len({pixels.shape for pixels in clip}) > 1:
            raise ValueError("its frames are of different sizes")
        return np.stack(clip, axis=1)

    def details(self) -> Iterator[str]:
        settings = self.settings
        known: list[tuple[int, int, int]] = []
        for path in self.files:
            if not path.is_dir():
                own = details_of(path)
            else:
                names = frame_names(path)
                first = size_of(path / names[0])
                own = None if first is None else (*first, len(names))
            known += [] if own is None else [own]
        if not known:
            return
        sizes, frames = [(width, height) for width, height, _ in known], [n for _, _, n in known]
        (width, height), (wide, high) = min(sizes, key=math.prod), max(sizes, key=math.prod)
        yield f"clips of {width} × {height} to {wide} × {high} pixels, of {min(frames):,} to {max(frames):,} frames"
        short = sum(n < span(settings) for n in frames)
        if short:
            yield f"{short:,} are shorter than {span(settings)} frames, and go on with their last"

    def _images(self, folder: Path, names: Sequence[str], numbers: Sequence[int]) -> Iterator[Pixels]:
        for number in numbers:
            try:
                yield decoded(folder / names[number], self.settings.side, self.settings.channels)
            except ValueError as error:
                raise ValueError(f"{names[number]}: {error}") from error

    def _pictures(self, path: Path, index: VideoIndex, numbers: Sequence[int]) -> Iterator[Pixels]:
        if numbers:
            for picture in pictures(path, index, numbers):
                yield sized(grey_or_colour(picture, self.settings.channels), self.settings.side)


def span(settings: ClipFolder) -> int:
    """So many frames of a video a clip reaches over."""
    return settings.frames if settings.sampling == "segments" else (settings.frames - 1) * settings.stride + 1


def places(settings: ClipFolder, frames: int, along: float | None) -> tuple[int, ...]:
    """The numbers of the frames of a clip in a video of so many, rising. ``along``: a random number in [0, 1); None:
    the middle. Behind the last frame it stands still."""
    wanted = settings.frames
    shift = 0.5 if along is None or not settings.shift else along
    if settings.sampling == "segments":  # Wang et al., "Temporal segment networks", 2016
        return tuple(min(frames - 1, int((i + shift) * frames / wanted)) for i in range(wanted))
    room = max(0, frames - span(settings))
    first = room // 2 if along is None or not settings.shift else int(along * (room + 1))
    return tuple(min(frames - 1, first + i * settings.stride) for i in range(wanted))
