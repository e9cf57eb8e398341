"""Copies of whole run directories: there under their name when all of it is on the disk, and not before."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from stdsl.compiler.schemas import run_files
from stdsl.compiler.text.whole_files import UNFINISHED, sync_folder, temporary_name

from .files import refusing

_LEFT_OUT: Final = frozenset(
    (run_files.LOCK, run_files.STARTING, run_files.CHECKPOINTS, run_files.FEATURES, run_files.NEEDS, run_files.TRIALS)
)
"""What a run that is over has no use for, at its top."""


class _Watched:
    """A file at whose every reading ``going_on`` is called, which raises where it shall not go on."""

    def __init__(self, file: IO[bytes], going_on: Callable[[], None]) -> None:
        self._file, self._going_on = file, going_on

    def read(self, size: int = -1) -> bytes:
        self._going_on()
        return self._file.read(size)


def copy_run(source: Path, target: Path, going_on: Callable[[], None]) -> None:
    """Leaves the run directory ``source``, whose run is over, as ``target`` too. Links in it are not followed. Raises
    RunError for what the system refuses, and what ``going_on`` raises, which is called every now and then; nothing is
    left then. One process alone may work in the folder of ``target``."""
    with refusing(target, "written"):
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{target.name}.*{UNFINISHED}"):  # by a process that was killed
            shutil.rmtree(left)
        temporary = temporary_name(target)
    try:
        for path in _files(source):
            place = temporary / path.relative_to(source)
            with refusing(path, "read"), open(path, "rb") as own, refusing(place, "written"):
                place.parent.mkdir(parents=True, exist_ok=True)
                with open(place, "xb") as copy:
                    shutil.copyfileobj(_Watched(own, going_on), copy)
                    copy.flush()
                    os.fsync(copy.fileno())
        with refusing(target, "written"):
            for folder, _, _ in os.walk(temporary):
                sync_folder(Path(folder))
            os.rename(temporary, target)
            sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _files(source: Path) -> Iterator[Path]:
    """The regular files of a run directory that are copied."""
    for folder, inside, names in os.walk(source):
        top = Path(folder) == source
        left = _LEFT_OUT if top else frozenset[str]()
        inside[:] = sorted(name for name in inside if name not in left)
        for name in sorted(names):
            path = Path(folder, name)
            if name not in left and not name.endswith(UNFINISHED) and stat.S_ISREG(os.lstat(path).st_mode):
                yield path
