"""Files that are whole or not there at all."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

UNFINISHED: Final = ".tmp"
"""Files that are not whole yet are called `.NAME.PROCESS.tmp`, beside the place where they are going to be."""
_UNFINISHED: Final = re.compile(r"\..+\.(\d+)\.tmp")


def temporary_name(path: Path) -> Path:
    """What a file is called until it is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")


def unfinished(name: str) -> bool:
    """Whether a file is called as one that was not whole yet when its writer was killed, or is at work on it."""
    return _UNFINISHED.fullmatch(name) is not None


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Call ``write`` with a temporary name beside ``path``, bring the file to the disk and rename it. Raises OSError,
    and whatever ``write`` does; then there is no new file."""
    refuse_devices(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def refuse_devices(path: Path) -> None:
    """Raises OSError where ``path`` is a device or a pipe: a file in its place would be the end of it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is no ordinary file, but a device or a pipe", str(path))


def sync_folder(folder: Path) -> None:
    """Bring a rename in ``folder`` to the disk (where the system lets a folder be opened)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove, from ``folder`` and all below it, what writers that are gone left unfinished. This process may not be
    writing there."""
    for path in _unfinished(folder):
        path.unlink(missing_ok=True)


def _unfinished(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        for name in names:
            found = _UNFINISHED.fullmatch(name)
            if found is not None and not _at_work(int(found[1])):
                yield Path(place, name)


def _at_work(process: int) -> bool:
    """Whether there is another process of this number."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True
