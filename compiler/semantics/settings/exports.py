"""Where a search may write what it exports."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from ...diagnostics.exports import ExportPlace
from ...schemas.run_files import EXPORTS, FILES, FOLDERS, MODULE
from ...schemas.search import SearchConfig
from ...text.whole_files import UNFINISHED
from .environment import Report

_LONGEST: Final = 200
"""Bytes of a name. File systems end at 255, and what is being written has a longer name until it is whole."""
_LONGEST_PATH: Final = 1000
"""Bytes of a path: systems end at 4096 (some at 1024), with the folder of the run in front."""

Place = tuple[str, ...]


def check_exports(config: SearchConfig, report: Report) -> None:
    """Reports the paths of `export` that lead out of the run directory, that no file can have, or that meet a file of
    the run's own or of another export."""
    taken: dict[Place, str] = {}
    for key in EXPORTS:
        path: str | None = getattr(config.export, key, None)
        if path is None:
            continue
        place = _place(path)
        fault = _fault(key, path) or _meeting(place, taken)
        if fault is not None:
            report.add(ExportPlace(config.place(f"export.{key}"), key, path, fault))
        taken.setdefault(place, key)


def _place(path: str) -> Place:
    """Equal for paths that some file system takes for one: it may not tell capitals from small letters, nor letters
    with marks from letters and marks."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in PurePosixPath(path).parts)


def _fault(key: str, path: str) -> str | None:
    """What is wrong with a path by itself."""
    own, windows = PurePosixPath(path), PureWindowsPath(path)
    if own.is_absolute() or windows.anchor or path.startswith("~"):
        return "it is not relative to the run directory"
    if ".." in own.parts or ".." in windows.parts:
        return "it leads out of the run directory"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in path):
        return "it holds a character that names of files do not have"
    if not own.parts or path.endswith(("/", "/.")):
        return "it names no file"
    if max(len(part.encode()) for part in own.parts) > _LONGEST:
        return f"a name in it is longer than {_LONGEST} bytes"
    if len(path.encode()) > _LONGEST_PATH:
        return f"it is longer than {_LONGEST_PATH} bytes"
    # The source that every run leaves may be named; it is the same file.
    if key == "source" and own.parts == (MODULE,):
        return None
    unfinished = any(part.startswith(".") and part.endswith(UNFINISHED) for part in own.parts)
    taken = unfinished or _place(path)[0] in (*FILES, *FOLDERS)
    return "the run keeps its own files there" if taken else None


def _meeting(place: Place, taken: dict[Place, str]) -> str | None:
    """Which other export is at a place, above it or below it."""
    for other, key in taken.items():
        if other == place:
            return f"`{key}` is written there"
        if other == place[: len(other)]:
            return f"`{key}` is written to a file that would be its folder"
        if place == other[: len(place)]:
            return f"`{key}` is written into a folder of that name"
    return None
