"""Tiny videos, written by PyAV."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]
"""(T, H, W, 3)."""


def coloured(frames: int, height: int = 24, width: int = 32, seed: int = 0) -> Frames:
    """Frames of large squares of random colours, which survive compression."""
    rng = np.random.default_rng(seed)
    squares = rng.integers(0, 256, (frames, -(-height // 8), -(-width // 8), 3), dtype=np.uint8)
    return squares.repeat(8, 1).repeat(8, 2)[:, :height, :width]


def write_video(path: Path, frames: Frames, codec: str = "mpeg4", **options: str) -> None:
    """``options``: of the codec, as `g`, the distance of keyframes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file, av.open(file, "w", format=_FORMATS[path.suffix], options=_LAYOUT) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def read_video(path: Path) -> list[Frames]:
    """All frames as PyAV itself gives them, one after the other."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


_FORMATS = {".mp4": "mp4", ".avi": "avi", ".mkv": "matroska", ".webm": "webm"}
_LAYOUT = {"movflags": "faststart"}
