"""Where a search may write what it exports."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from ..diagnostics.exports import ExportPlace
from ..schemas.search import SearchConfig
from .settings_env import Report

_KEYS: Final = ("onnx", "source", "weights")
_OWN_FILES: Final = frozenset({"run.json", "result.json", "journal.jsonl", ".lock", "module.py"})
_OWN_FOLDERS: Final = frozenset({"space", "checkpoints", "architectures", "compare", "needs", "features", "weights"})
"""What a run directory holds by itself."""


def check_exports(config: SearchConfig, report: Report) -> None:
    """Reports the paths of `export` that lead out of the run directory, or to a file that it needs."""
    taken: dict[PurePosixPath, str] = {}
    for key in _KEYS:
        path: str | None = getattr(config.export, key, None)
        if path is None:
            continue
        place = PurePosixPath(path)
        fault = _fault(key, path, place)
        if fault is None and place in taken:
            fault = f"`{taken[place]}` is written there"
        if fault is not None:
            report.add(ExportPlace(config.place(f"export.{key}"), key, path, fault))
        taken.setdefault(place, key)


def _fault(key: str, path: str, place: PurePosixPath) -> str | None:
    if place.is_absolute() or PureWindowsPath(path).anchor or path.startswith("~"):
        return "it is not relative to the run directory"
    if ".." in place.parts or ".." in PureWindowsPath(path).parts:
        return "it leads out of the run directory"
    if not place.parts or path.endswith("/") or "\0" in path:
        return "it names no file"
    own = place.parts[0] in _OWN_FOLDERS if len(place.parts) > 1 else path in _OWN_FOLDERS | _OWN_FILES
    # The source that every run leaves may be named; it is the same file.
    return "the run keeps its own files there" if own and not (key == "source" and path == "module.py") else None
