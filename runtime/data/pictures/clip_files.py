"""Clips in files, videos and folders of frames: which frames one has, decoded and put together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from stdsl.compiler.datafiles.clip_folders import frame_names
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_folders import Channels

from ..views import Spaced
from .image_files import Pixels, decoded, grey_or_colour, sized
from .video_files import VideoIndex, index_of, pictures

Listing = tuple[str, ...] | VideoIndex
"""Where the frames are: the names of images, or in a video."""


def listing_of(path: Path) -> Listing:
    """Raises ValueError where there are none."""
    if not os.path.isdir(path):
        return index_of(path)
    try:
        names = frame_names(path)
    except OSError as error:
        raise ValueError(str(error)) from error
    if not names:
        raise ValueError("no images are in it")
    return names


def length(listing: Listing) -> int:
    """The number of frames."""
    return listing.frames if isinstance(listing, VideoIndex) else len(listing)


def common_length(lengths: Sequence[int], names: Sequence[str]) -> int:
    """The number of frames that all inputs of a clip have: that of a flow is one less than that of the frames which it
    is made from. Raises ValueError where they are further apart."""
    if max(lengths) - min(lengths) > 1:
        shown = ", ".join(f"`{name}` {n:,}" for name, n in zip(names, lengths, strict=True))
        raise ValueError(f"its inputs differ in the number of frames: {shown}")
    return min(lengths)


def frames_of(path: Path, listing: Listing, side: int, channels: Channels, numbers: Sequence[int]) -> Iterator[Pixels]:
    """(C, H, W) of the frames with these numbers (rising, each once). Raises ValueError where one cannot be decoded."""
    if not numbers:
        return
    if isinstance(listing, VideoIndex):
        for picture in pictures(path, listing, numbers):
            yield sized(grey_or_colour(picture, channels), side, channels)
        return
    for number in numbers:
        try:
            yield decoded(path / listing[number], side, channels)
        except ValueError as error:
            raise ValueError(f"{listing[number]}: {error}") from error


def together(frames: Mapping[int, Pixels], numbers: Sequence[int]) -> Pixels:
    """(C, T, H, W). Raises ValueError where frames differ in size."""
    if len({frame.shape for frame in frames.values()}) > 1:
        raise ValueError("its frames are of different sizes")
    return np.stack([frames[number] for number in numbers], axis=1)


def span(settings: ClipFolder) -> int:
    """So many frames of a video a clip reaches over."""
    return settings.frames if settings.sampling == "segments" else (settings.frames - 1) * settings.stride + 1


def places(settings: ClipFolder, frames: int, along: float | Spaced | None) -> tuple[int, ...]:
    """The numbers of the frames of a clip in a video of so many, rising. ``along``: a random number in [0, 1); None:
    the middle; or which of several that are spaced evenly. Behind the last frame it stands still."""
    wanted = settings.frames
    if isinstance(along, Spaced):
        shift = (along.place + 0.5) / along.many
    else:
        shift = 0.5 if along is None or not settings.shift else along
    if settings.sampling == "segments":  # Wang et al., "Temporal segment networks", 2016
        return tuple(min(frames - 1, int((i + shift) * frames / wanted)) for i in range(wanted))
    room = max(0, frames - span(settings))
    if isinstance(along, Spaced):
        first = room * along.place // (along.many - 1)
    else:
        first = room // 2 if along is None or not settings.shift else int(along * (room + 1))
    return tuple(min(frames - 1, first + i * settings.stride) for i in range(wanted))
