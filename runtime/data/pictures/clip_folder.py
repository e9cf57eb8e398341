"""``clip_folder``: a folder a class of videos, or of folders of frames, as a data set."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from stdsl.compiler.datafiles.clip_folders import frame_names, numbered_apart
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_folders import Channels
from stdsl.compiler.text.reading import MIB

from ..views import Spaced
from .bounded_cache import BoundedCache
from .clip_files import Listing, common_length, frames_of, length, listing_of, places, span, together
from .folder import FolderDataset
from .image_files import Pixels, need_pillow, size_of
from .video_files import VideoIndex, details_of, index_of, need_pyav

_INDEXED = 32 * MIB
"""Bytes of the places of frames that are kept."""


class ClipFolderDataset(FolderDataset[ClipFolder]):
    """Clips (N, C, T, S, S). Which frames a clip has depends on the number of frames of its file, the seed and the
    epoch; frames that were decoded are kept one by one, so that clips that overlap share them."""

    measured: ClassVar[int] = 256

    def __init__(self, settings: ClipFolder, seed: int, folder: Path, place: Span | None) -> None:
        super().__init__(settings, seed, folder, place)
        need_pillow(settings.kind, place)
        if any(not os.path.isdir(path) for place in range(len(settings.given)) for path in self.files(place)):
            need_pyav(settings.kind, place)
        self._frames: BoundedCache[tuple[Path, int], Pixels] = BoundedCache(settings.cache * MIB, lambda a: a.nbytes)
        self._indices: BoundedCache[Path, VideoIndex] = BoundedCache(_INDEXED, lambda i: 1024 + i.times.nbytes)

    def decoded(self, paths: Sequence[Path], along: float | Spaced | None) -> tuple[Pixels, ...]:
        listings = []
        for place, path in enumerate(paths):
            with self.told_of(place):
                listings.append(listing_of(path) if os.path.isdir(path) else self._indices.made(path, index_of))
        numbers = places(self.settings, common_length([length(own) for own in listings], self.inputs), along)
        clips = []
        for place, (path, listing) in enumerate(zip(paths, listings, strict=True)):
            with self.told_of(place):
                clips.append(self._clip(path, listing, self.settings.channels_each[place], numbers))
        return tuple(clips)

    def _clip(self, path: Path, listing: Listing, channels: Channels, numbers: Sequence[int]) -> Pixels:
        found = {number: self._frames.found((path, number)) for number in numbers}
        frames = {number: pixels for number, pixels in found.items() if pixels is not None}
        absent = [number for number in found if number not in frames]
        read = frames_of(path, listing, self.settings.side, channels, absent)
        for number, frame in zip(absent, read, strict=True):
            self._frames.keep((path, number), frame)
            frames[number] = frame
        return together(frames, numbers)

    def details(self, place: int) -> Iterator[str]:
        settings = self.settings
        known: list[tuple[int, int, int]] = []
        mixed: list[tuple[Path, tuple[str, ...]]] = []
        for path in self.files(place):
            if not os.path.isdir(path):
                own = details_of(path)
            else:
                names = frame_names(path)
                mixed += [(path, series)] if (series := numbered_apart(names)) else []
                first = size_of(path / names[0])
                own = None if first is None else (*first, len(names))
            known += [] if own is None else [own]
        if not known:
            return
        sizes, frames = [(width, height) for width, height, _ in known], [n for _, _, n in known]
        (width, height), (wide, high) = min(sizes, key=math.prod), max(sizes, key=math.prod)
        yield f"clips of {width} × {height} to {wide} × {high} pixels, of {min(frames):,} to {max(frames):,} frames"
        short = sum(n < span(settings) for n in frames)
        if mixed:
            path, series = mixed[0]
            yield (
                f"{len(mixed):,} hold images of several series, all of which are taken for frames of one clip: "
                f"{', '.join(series)} in {path.name}; give each series a folder, for an input of its own"
            )
        if short:
            yield f"{short:,} are shorter than {span(settings)} frames, and go on with their last"
