"""What is told at each position, as a file: a label map, or numbers."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .model import Model, Values


def map_of(model: Model, told: Values) -> npt.NDArray[Any]:
    """Of what is told of a sample, (names, …): the number of the likeliest class at each position, (…); or the numbers
    as they are, float32."""
    if model.kind == "classes":
        return np.asarray(told.argmax(0), np.min_scalar_type(len(model.names) - 1))
    return told.astype(np.float32)


def encoded(values: npt.NDArray[Any]) -> tuple[str, bytes]:
    """A map as a file, with the ending of its name: bytes (H, W) as a grey PNG, whose brightness is the number of the
    class; all else as an array of NumPy."""
    if values.dtype == np.uint8 and values.ndim == 2:
        return ".png", _png(values)
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return ".npy", buffer.getvalue()


class Names:
    """Names of the files of maps in ``folder``: those of their samples; of several that are called alike the second
    gets a `-2`, and so on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken: set[str] = set()

    def of(self, sample: Path, row: int | None, ending: str) -> Path:
        stem = sample.stem if row is None else f"{sample.stem}-row-{row}"
        name, number = stem, 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name.casefold())
        return self.folder / f"{name}{ending}"


def _png(values: npt.NDArray[np.uint8]) -> bytes:
    """A grey image of 8 bits (PNG, third edition, W3C 2025), its rows not filtered."""
    height, width = values.shape
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
