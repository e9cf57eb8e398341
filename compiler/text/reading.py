"""Reading files that users name: regular ones only, up to a size, and at once.

Opening a pipe waits for somebody to write into it, and a device may never end; such files, folders, and files that are
larger than anything that they are meant to be are refused before a byte of them is read.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

MIB: Final = 2**20
TEXT: Final = 8 * MIB
"""The greatest size of a text: a `.space` file, an architecture, rules for names of weights."""
WEIGHTS: Final = 8192 * MIB
"""The greatest size of a file of weights."""


class Refused(OSError):
    """A file that is not read; ``strerror`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EINVAL, reason)


def read_file(path: str | os.PathLike[str], limit: int | None = TEXT) -> bytes:
    """The content of a regular file. Raises FileNotFoundError, and other OSErrors for what cannot be read."""
    check_file(path, limit)
    with open(open_regular(path), "rb") as file:
        _check(os.fstat(file.fileno()), limit)
        content = file.read() if limit is None else file.read(limit + 1)
    if limit is not None and len(content) > limit:
        raise _too_large(limit)
    return content


def open_regular(path: str | os.PathLike[str], flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file, which is made where ``flags`` say so. Raises OSError for every other kind."""
    with suppress(FileNotFoundError):  # which opening it tells of, where it is not made
        check_file(path, None)
    # A file may have become another one since: a pipe must not be waited for.
    opened = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    try:
        _check(os.fstat(opened), None)
    except OSError:
        os.close(opened)
        raise
    return opened


def check_file(path: str | os.PathLike[str], limit: int | None) -> None:
    """Raises as :func:`read_file` does where a file would be refused. For files that others open."""
    try:
        found = os.stat(path)
    except ValueError:
        raise Refused("no file can have this name") from None
    _check(found, limit)


def scanned(path: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    """What is in a folder. Raises OSError where it cannot be listed."""
    try:
        entries = os.scandir(path)
    except ValueError:
        raise Refused("no folder can have this name") from None
    with entries:
        yield from entries


def resolved(path: str | os.PathLike[str]) -> Path:
    """Where a path leads. Raises OSError for what leads nowhere."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        raise Refused("no file can have this name") from None


def reason_of(error: OSError) -> str:
    """Why, in the words of the system, or ours."""
    return error.strerror or str(error)


def _check(found: os.stat_result, limit: int | None) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise Refused("it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise Refused("it is no regular file")
    if limit is not None and found.st_size > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> Refused:
    size = f"{limit // (1024 * MIB)} GiB" if limit >= 1024 * MIB else f"{limit // MIB} MiB"
    return Refused(f"it is larger than {size}, the most that is read")
