"""The command that goes on with what a file is part of: a run, the run that this was needed by, or a front."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from stdsl.compiler.schemas.run_files import ASKED, FILES, FOLDERS, MANIFEST, NEEDS, TRIALS
from stdsl.compiler.text.commands import command, going_on, leave
from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.reading import read_file

_OWN: Final = frozenset((*FILES, *FOLDERS))
_INSIDE: Final = frozenset((NEEDS, TRIALS))
"""Folders of a run whose folders are parts of it."""


def goes_on(path: Path) -> str:
    """The command, for the innermost run or front that ``path`` is in; "" where it is in none. What stands further out
    has nothing to do with it, but for a front whose network the run is, and a run that needs it."""
    for folder in (path, *path.parents):
        if os.path.isfile(folder / ASKED):
            return _front(folder)
        if _is_run(folder, path):
            return _run(folder)
    return ""


def _is_run(folder: Path, path: Path) -> bool:
    """Whether ``folder`` is that of a run. Where nobody may look, it is one if ``path`` is where runs have such a
    file."""
    try:
        (folder / MANIFEST).stat()
    except PermissionError:
        inside = path.relative_to(folder).parts
        return bool(inside) and inside[0] in _OWN
    except OSError:
        return False
    return True


def _run(folder: Path) -> str:
    around = folder.parent
    while around.name in _INSIDE and _is_run(around.parent, folder):
        folder, around = around.parent, around.parent.parent
    if os.path.isfile(around / ASKED):
        return _front(around)
    return going_on(folder, _allowed(folder))


def _front(folder: Path) -> str:
    return command("stdsl", "derive", "--resume", folder, *leave(any(map(_allowed, _folders(folder)))))


def _folders(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def _allowed(run: Path) -> bool:
    """Whether a run was given leave to load Python, which is asked for again; no where it does not say so."""
    try:
        manifest = parsed_json(read_file(run / MANIFEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("allow_extern") is True
