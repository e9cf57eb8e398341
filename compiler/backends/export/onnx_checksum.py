"""A checksum at the end of an ONNX file, which knows none itself: one of its metadata, behind all else.

Protocol buffers take fields in any order, and the last of those that are there once: behind the file as it is
serialised stand an entry of ``metadata_props`` and its ``ir_version`` once more. Programs that write the file again put
both elsewhere, and the checksum, which is of no use then, says nothing.
"""

from __future__ import annotations

import os
import re
import zlib
from typing import BinaryIO, Final

CHECKSUM: Final = "stdsl.crc32"
_ENTRY: Final = b"\x72\x17\x0a\x0b" + CHECKSUM.encode() + b"\x12\x08"
"""Field 14 of 23 bytes: a key of 11 and a value of 8."""
_TAIL: Final = re.compile(re.escape(_ENTRY) + rb"([0-9a-f]{8})(\x08.)", re.DOTALL)
_LENGTH: Final = len(_ENTRY) + 10
_CHUNK: Final = 1 << 20


def with_checksum(content: bytes, ir_version: int) -> bytes:
    """A serialised model with the checksum of its bytes."""
    assert ir_version < 128
    again = bytes((8, ir_version))
    return b"%b%b%08x%b" % (content, _ENTRY, zlib.crc32(again, zlib.crc32(content)), again)


def checksum_in(path: str | os.PathLike[str]) -> str:
    """The checksum that a file says it has; "" where it says none. Raises OSError."""
    with open(path, "rb") as file:
        _, tail = _end(file)
    return "" if tail is None else tail[1].decode()


def changed(path: str | os.PathLike[str]) -> bool:
    """Whether a file says by its checksum that it is not what was written. One without never does. Raises OSError."""
    with open(path, "rb") as file:
        left, tail = _end(file)
        if tail is None:
            return False
        file.seek(0)
        checksum = 0
        while left > 0:
            part = file.read(min(left, _CHUNK))
            checksum = zlib.crc32(part, checksum)
            left -= len(part) or left  # cut short meanwhile
        return tail[1] != b"%08x" % zlib.crc32(tail[2], checksum)


def _end(file: BinaryIO) -> tuple[int, re.Match[bytes] | None]:
    """How many bytes there are before a checksum, and the checksum with what is behind it; None where there is none."""
    left = file.seek(0, os.SEEK_END) - _LENGTH
    file.seek(max(left, 0))
    return left, _TAIL.fullmatch(file.read())
