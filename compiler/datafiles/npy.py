"""Headers of NumPy's files, read without NumPy: what an array in a .npy or .npz file holds, from its first bytes.

The format is NEP 1 (`numpy.lib.format`), versions 1 to 3. Nothing is unpickled: an array of objects is refused.
"""

from __future__ import annotations

import ast
import errno
import os
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from ..record import record
from ..text.reading import check_file, reason_of
from .faults import FileChanged, FileDamaged, FilesAbsent

if TYPE_CHECKING:
    from zipfile import ZipFile

_MAGIC = b"\x93NUMPY"
_LONGEST = 10_000
"""Bytes of a header: NumPy's own limit."""
_TYPE = re.compile(r"([<>|=]?)(b1|[iu][1248]|f(?:2|4|8|16)|U[0-9]{1,8})")
_PIECE = 2**24
"""Bytes that are read at a time."""
_MOST = 2**63
"""Bytes of a file that there cannot be."""


@record
class Mark:
    """By what a file is known again: which one it is, its bytes, and when it was written last, in nanoseconds."""

    file: int
    size: int
    written: int


@record
class Header:
    """``kind``: b, i, u, f or U as in NumPy; ``item``: bytes of an element; ``start``: where the elements begin;
    ``columns``: they lie column by column, the last index slowest."""

    kind: str
    item: int
    big_endian: bool
    shape: tuple[int, ...]
    start: int
    columns: bool = False

    @property
    def bytes(self) -> int:
        """All of the file, or of its member in an .npz."""
        return self.start + self.item * prod(self.shape)

    def __str__(self) -> str:
        if self.kind == "U":
            return f"texts of up to {self.item // 4} letters"
        return {"b": "bool", "i": "int", "u": "uint", "f": "float"}[self.kind] + (
            "" if self.kind == "b" else str(8 * self.item)
        )


@record
class StoredArray:
    """An array in a file: a .npy file, or with ``member`` one in an .npz. ``mark``: of the file when its header was
    read; None: of none."""

    name: str
    header: Header
    path: Path
    member: str | None = None
    mark: Mark | None = None

    def content(self) -> bytearray:
        """The bytes of all elements. Raises FileDamaged, FileChanged and MemoryError."""
        found = bytearray(self.header.bytes - self.header.start)
        self.read_into(memoryview(found))
        return found

    def read_into(self, found: memoryview) -> None:
        """Fills ``found``, of bytes, with those of all elements. Raises FileDamaged and FileChanged."""
        with _reading(self.path), self.path.open("rb") as file:
            with self._inside(file) as elements:
                elements.seek(self.header.start)
                place = 0
                while place < len(found) and (more := elements.readinto(found[place : place + _PIECE])):
                    place += more
                elements.read(1)  # a compressed array is held to its checksum where it is over
            self.check_mark(mark_of(file))
        if place < len(found):
            raise FileDamaged(self.path, f"`{self.name}` in it is cut off")

    def check_mark(self, mark: Mark) -> None:
        """Raises FileChanged where the file is not the one any more whose header was read."""
        if self.mark is not None and mark != self.mark:
            raise FileChanged(self.path)

    @contextmanager
    def _inside(self, file: BufferedReader) -> Iterator[BufferedIOBase]:
        if self.member is None:
            yield file
        else:
            with _zip(file) as archive, archive.open(self.member) as inside:
                yield cast(BufferedIOBase, inside)


def npy_array(path: Path, name: str | None = None) -> StoredArray:
    """What a .npy file holds; ``name``: that of the file where none is given. Raises FilesAbsent and FileDamaged."""
    with _reading(path):
        check_file(path, None)
        with path.open("rb") as file:
            mark = mark_of(file)
            header = _header(file, path)
        if mark.size < header.bytes:
            raise FileDamaged(path, f"it is cut off: it has {mark.size:,} bytes of {header.bytes:,}")
    return StoredArray(name or path.stem, header, path, mark=mark)


def npz_arrays(path: Path) -> tuple[StoredArray, ...]:
    """What an .npz file holds, in its order. Raises FilesAbsent and FileDamaged."""
    found: list[StoredArray] = []
    with _reading(path):
        check_file(path, None)
        with path.open("rb") as whole, _zip(whole) as archive:
            mark = mark_of(whole)
            for info in archive.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                with archive.open(info) as file:
                    header = _header(file, path, info.filename)
                if info.file_size < header.bytes:
                    raise FileDamaged(path, f"`{info.filename}` in it is cut off")
                found.append(StoredArray(info.filename.removesuffix(".npy"), header, path, info.filename, mark))
    return tuple(found)


def folder_arrays(path: Path) -> tuple[StoredArray, ...]:
    """What the .npy files of a folder hold, by name. Raises FileDamaged."""
    return tuple(npy_array(file) for file in sorted(path.glob("*.npy")))


def mark_of(file: BinaryIO) -> Mark:
    """Of an open file, as it is now."""
    found = os.fstat(file.fileno())
    return Mark(found.st_ino, found.st_size, found.st_mtime_ns)


def _zip(file: BinaryIO) -> ZipFile:
    from zipfile import ZipFile

    return ZipFile(file)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turns what reading a file raises into what this module raises."""
    from lzma import LZMAError
    from zipfile import BadZipFile

    try:
        yield
    except FileNotFoundError:
        hint = "write it there, or name another file; relative paths start from the folder of the .space file"
        raise FilesAbsent(path.parent, (path.name,), hint) from None
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise MemoryError(reason_of(error)) from error
        raise FileDamaged(path, reason_of(error)) from error
    except (BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise FileDamaged(path, f"it is no whole .npz file: {error}") from error


def _header(file: IO[bytes], path: Path, member: str = "") -> Header:
    within = f"`{member}` in it" if member else "it"
    start = file.read(8)
    if len(start) < 8 or not start.startswith(_MAGIC):
        raise FileDamaged(path, f"{within} is no .npy file")
    wide = start[6] > 1
    length = file.read(4 if wide else 2)
    if len(length) < (4 if wide else 2):
        raise FileDamaged(path, f"{within} is cut off")
    count = struct.unpack("<I" if wide else "<H", length)[0]
    text = file.read(min(count, _LONGEST + 1))
    if not len(text) == count <= _LONGEST:
        raise FileDamaged(path, f"{within} has a header that is cut off, or too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Python thinks of the text as a program
            fields = ast.literal_eval(text.decode("utf-8" if start[6] > 2 else "latin-1"))
        described, shape, columns = fields["descr"], fields["shape"], fields["fortran_order"]
        whole = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape) and isinstance(columns, bool)
    except (ValueError, SyntaxError, TypeError, KeyError, RecursionError, MemoryError):
        whole, described, shape, columns = False, "", (), False
    if not whole:
        raise FileDamaged(path, f"{within} has a damaged header")
    matched = _TYPE.fullmatch(described) if isinstance(described, str) else None
    if matched is None:
        what = "Python objects" if described == "|O" else f"`{described}`"
        raise FileDamaged(path, f"{within} holds {what}, and numbers or texts are read; save it as another type")
    order, kind, size = matched[1], matched[2][0], int(matched[2][1:])
    found = Header(kind, 4 * size if kind == "U" else size, order == ">", shape, 8 + len(length) + count, columns)
    if found.bytes >= _MOST:
        raise FileDamaged(path, f"{within} has a damaged header")
    return found
