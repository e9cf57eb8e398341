"""What files of NumPy hold, read and not mapped: where a mapped file is cut off, the system ends the process."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.npy import StoredArray, mark_of
from stdsl.compiler.text.reading import reason_of

Array = npt.NDArray[Any]


def values_of(stored: StoredArray) -> Array:
    """All of an array. Raises FileDamaged, FileChanged and MemoryError."""
    header = stored.header
    raw = np.empty(header.bytes - header.start, np.uint8)
    stored.read_into(raw.data)
    kind = _kind(stored)
    values = raw.view(kind) if len(raw) else np.zeros(0 if header.item else int(np.prod(header.shape)), kind)
    return values.reshape(header.shape, order="F" if header.columns else "C")


class StoredRows:
    """A .npy file whose rows (all of an index along its first axis) lie one behind the other, read when they are asked
    for. The file stays open: one that takes its place by name is not seen. For several threads."""

    def __init__(self, stored: StoredArray) -> None:
        """Raises FileDamaged and FileChanged."""
        self._stored, self._kind = stored, _kind(stored)
        try:
            self._file = stored.path.open("rb", buffering=0)
        except OSError as error:
            raise FileDamaged(stored.path, reason_of(error)) from error
        stored.check_mark(mark_of(self._file))

    def __len__(self) -> int:
        return self._stored.header.shape[0]

    def __getitem__(self, places: npt.NDArray[np.int64]) -> Array:
        """The rows at ``places`` (N,), (N, …). Raises FileDamaged and FileChanged."""
        header = self._stored.header
        row = header.item * int(np.prod(header.shape[1:]))
        raw = np.empty((len(places), row), np.uint8)
        if not raw.size:
            return np.zeros((len(places), *header.shape[1:]), self._kind)
        ends = [*(np.nonzero(np.diff(places) != 1)[0] + 1).tolist(), len(places)]  # of rows that follow each other
        first = 0
        whole = True
        try:
            for end in ends:
                piece = raw[first:end].reshape(-1).data
                whole = whole and self._fill(piece, header.start + int(places[first]) * row)
                first = end
        except OSError as error:
            raise FileDamaged(self._stored.path, reason_of(error)) from error
        self._stored.check_mark(mark_of(self._file))
        if not whole:
            raise FileDamaged(self._stored.path, f"`{self._stored.name}` in it is cut off")
        return raw.view(self._kind).reshape(len(places), *header.shape[1:])

    def _fill(self, piece: memoryview, offset: int) -> bool:
        """Whether the file had as many bytes there."""
        done = 0
        while done < len(piece):
            more = os.preadv(self._file.fileno(), [piece[done:]], offset + done)
            if not more:
                return False
            done += more
        return True


def _kind(stored: StoredArray) -> np.dtype[Any]:
    header = stored.header
    size = header.item // 4 if header.kind == "U" else header.item
    return np.dtype(f"{'>' if header.big_endian else '<'}{header.kind}{size}")
