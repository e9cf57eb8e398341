"""Videos, decoded by PyAV: where their frames are, and those of them that are wanted, without decoding all."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.diagnostics.data import PackageNeeded
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Span

from ..opening import check_regular

Picture = npt.NDArray[np.uint8]
"""(H, W, 3), in red, green and blue."""
_COUNTED = frozenset({"avi"})
"""Containers whose times are those of decoding, or missing: frames are counted from the beginning."""
_CUT = 0.02
"""Share of the announced frames, or of the length, that may be missing at the end of a whole file."""
_FILES_ALONE = {"protocol_whitelist": "file"}
"""What FFmpeg may open: playlists name other places, which it would go to."""


@dataclass(frozen=True)
class VideoIndex:
    """``frames``: how many there are. ``times``: when each is shown, in units of the stream, in that order; empty where
    they can only be counted. ``keys``: the times of those that need no other, and when these are decoded."""

    frames: int
    times: npt.NDArray[np.int64]
    keys: tuple[tuple[int, int], ...]


class _Passed(Exception):
    """A frame did not come where it should have."""


def need_pyav(dataset: str, place: Span | None) -> None:
    """Raises RunError where PyAV is not installed."""
    try:
        import av  # noqa: F401
    except ImportError:
        raise RunError([PackageNeeded(place, dataset, "PyAV", "video")]) from None


def index_of(path: Path) -> VideoIndex:
    """Where the frames of a video are; no frame is decoded. Raises ValueError where it is none, or is cut off."""
    with _opened(path) as (container, stream):
        announced, seconds = stream.frames, _seconds(container, stream)
        unit = float(stream.time_base or 0)
        packets = [(p.pts, p.dts, p.is_keyframe) for p in container.demux(stream) if p.size and not p.is_discard]
        counted = bool(_COUNTED & set(container.format.name.split(",")))
    if not packets:
        raise ValueError("it has no frames")
    if len(packets) < announced * (1 - _CUT) - 1:
        raise ValueError(f"it is cut off: {len(packets):,} of its {announced:,} frames are there")
    times = [pts for pts, _, _ in packets]
    if counted or None in times or len(set(times)) < len(times):
        return VideoIndex(len(packets), np.zeros(0, np.int64), ())
    last = (max(times) - min(times)) * unit * len(times) / max(1, len(times) - 1)
    if seconds is not None and last < seconds * (1 - _CUT) - 1:
        raise ValueError(f"it is cut off: {last:.1f} of its {seconds:.1f} seconds are there")
    keys = sorted((pts, pts if dts is None else dts) for pts, dts, key in packets if key)
    return VideoIndex(len(packets), np.array(sorted(times), np.int64), tuple(keys))


def pictures(path: Path, index: VideoIndex, wanted: Sequence[int]) -> Iterator[Picture]:
    """The frames of a video with the numbers ``wanted`` (rising, each once), upright, as they are decoded.

    The same bits as those of ``container.decode``. A position is sought only where a keyframe lies between where the
    decoder is and what is wanted. Raises ValueError where one cannot be decoded.
    """
    if not len(index.times):
        yield from _counted(path, wanted)
        return
    times = [int(index.times[number]) for number in wanted]
    given = 0
    try:
        for picture in _timed(path, index, times, seeking=True):
            yield picture
            given += 1
    except _Passed:
        try:
            yield from _timed(path, index, times[given:], seeking=False)
        except _Passed:
            raise ValueError("some of its frames cannot be decoded") from None


def details_of(path: Path) -> tuple[int, int, int] | None:
    """Width, height and the number of frames of a video, from its headers; None where it is none."""
    try:
        with _opened(path) as (_, stream):
            width, height = stream.codec_context.width, stream.codec_context.height
        return int(width), int(height), index_of(path).frames
    except ValueError:
        return None


def _timed(path: Path, index: VideoIndex, times: Sequence[int], seeking: bool) -> Iterator[Picture]:
    """The frames of these times. Raises _Passed where one does not come."""
    left = deque(times)
    keys = [pts for pts, _ in index.keys]
    with _opened(path) as (container, stream):
        at: int | None = None
        while left:
            nearest = bisect_right(keys, left[0]) - 1
            if seeking and nearest >= (1 if at is None else 0):
                container.seek(index.keys[nearest][1], stream=stream)
            for frame in container.decode(stream):
                at = frame.pts
                if at is None or at > left[0]:
                    raise _Passed
                if at == left[0]:
                    yield _picture(frame)
                    left.popleft()
                    if not left or (seeking and bisect_right(keys, left[0]) > bisect_right(keys, at)):
                        break
            else:
                raise _Passed


def _counted(path: Path, wanted: Sequence[int]) -> Iterator[Picture]:
    """The frames of these numbers, counted from the beginning; in place of one or two that are missing at the end, for
    packets need not hold a frame each, the last."""
    left = deque(wanted)
    number, frame = -1, None
    with _opened(path) as (container, stream):
        for number, frame in enumerate(container.decode(stream)):
            if number == left[0]:
                yield _picture(frame)
                left.popleft()
                if not left:
                    return
    if frame is None or left[-1] > number + 2:
        raise ValueError(f"it ends after {number + 1:,} frames")
    last = _picture(frame)
    for _ in left:
        yield last


def _picture(frame: Any) -> Picture:
    if frame.is_corrupt:
        raise ValueError("some of its frames are damaged")
    pixels: Picture = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, frame.rotation // 90)) if frame.rotation else pixels


def _seconds(container: Any, stream: Any) -> float | None:
    """How long the video is said to be; None where only a whole is spoken of that has sound, too."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is None or len(container.streams) > 1:
        return None
    return float(container.duration / 1_000_000)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first video. Raises ValueError in place of all that PyAV raises."""
    import av

    check_regular(path)
    # A relative path with a colon in it is an address to FFmpeg; titles come in any encoding, and nobody reads them.
    name = str(path.absolute())
    try:
        with av.open(name, metadata_errors="replace", options=dict(_FILES_ALONE)) as container:
            if not container.streams.video:
                raise ValueError("it has no video in it")
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise ValueError("nothing decodes its video")
            stream.thread_type = "SLICE"  # in threads of whole frames, seeking would throw away what others began
            yield container, stream
    except av.FFmpegError as error:
        raise ValueError(f"it is no whole video: {error.strerror}") from error
