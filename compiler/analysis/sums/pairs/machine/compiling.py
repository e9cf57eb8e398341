"""Functions of numbers and arrays that become machine code when they are called first; it is kept in the user's cache
folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryFile
from typing import Any, TypeVar

from numba import config, njit
from numba.extending import intrinsic

from .....cache_folder import cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Other threads go on while it runs."""
    with _kept() as kept:
        found: Function = njit(nogil=True, cache=kept)(function)
    return found


def compiles() -> bool:
    """Whether numba may, or was told not to."""
    return not config.DISABLE_JIT


@contextmanager
def interruptible() -> Iterator[None]:
    """An interrupt in the middle of compiling ends it, most often at once: where it comes while the compiler calls back
    it would be told of and forgotten, and is raised at the end instead."""
    told, lost = sys.unraisablehook, []

    def hook(what: Any) -> None:
        if issubclass(what.exc_type, KeyboardInterrupt):
            lost.append(what.exc_type)
        else:
            told(what)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = told
        if lost:
            raise KeyboardInterrupt


def forget() -> None:
    """Remove what is kept: it may be damaged."""
    if folder := _folder():
        rmtree(folder, ignore_errors=True)


def instruction(function: Callable[..., Any]) -> Callable[..., Any]:
    """What such a function calls, of its arguments' types: the type of a call, and what writes its code."""
    found: Callable[..., Any] = intrinsic(function)
    return found


@contextmanager
def _kept() -> Iterator[bool]:
    """Whether functions that are declared meanwhile are kept, for as long as they are."""
    folder, known = _folder(), config.CACHE_DIR
    config.CACHE_DIR = str(folder or known)
    try:
        yield folder is not None
    finally:
        config.CACHE_DIR = known


@cache
def _folder() -> Path | None:
    """Where they are kept: a folder for each state of all files here, for a function's code holds that of those that it
    calls, and numba looks at none but the file that it is in itself. None where nothing can be written, or no files of
    code are there."""
    here = Path(__file__)
    folder = Path(config.CACHE_DIR or cache_folder()) / f"machine-{of_files(here.parent)}"
    with suppress(OSError):
        here.stat()
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    return None


def of_files(folder: Path) -> str:
    """What a folder's files of code come to, in sixteen letters."""
    texts = b"\0".join(path.read_bytes() for path in sorted(folder.glob("*.py")))
    return sha256(texts).hexdigest()[:16]
