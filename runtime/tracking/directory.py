"""The folder of one run, and where in it things are."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import CannotWriteRun, NotARunDirectory, RunDirectoryInUse, RunNotOver
from stdsl.compiler.schemas import run_files

from .files import write_json, write_text
from .manifest import FORMAT, Manifest
from .names import RESERVED, file_name


class RunDirectory:
    """Where in a run directory things are: nothing else makes paths in it. Networks have the names of
    :mod:`.names`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: TextIO | None = None

    @property
    def space(self) -> Path:
        """Copies of all text that the run was made from."""
        return self.path / run_files.SPACE

    @property
    def result(self) -> Path:
        return self.path / run_files.RESULT

    def architecture(self, name: str) -> Path:
        return self.path / run_files.ARCHITECTURES / f"{name}.arch.json"

    def weights(self, name: str) -> Path:
        return self.path / run_files.WEIGHTS / f"{name}.safetensors"

    @property
    def features(self) -> Path:
        """What frozen parts make of the samples, while the run lasts."""
        return self.path / run_files.FEATURES

    def comparison(self, name: str) -> Path:
        """What the training of a network leaves, beside the derived one's own."""
        return self.path / run_files.COMPARE / name

    @staticmethod
    def network_of(space: str) -> str:
        """The name of the network that the space of a comparison is, by the text that names it."""
        return file_name(space, RESERVED)

    def needed(self, search: str) -> Path:
        """The run directory of a search that this one needs: in the outermost run, so that each runs once."""
        around = self.path.absolute().parent
        inside = around.name == run_files.NEEDS and (around.parent / run_files.MANIFEST).exists()
        return (self.path.parent if inside else self.path / run_files.NEEDS) / file_name(search)

    @property
    def module(self) -> Path:
        """The source of the derived network."""
        return self.path / run_files.MODULE

    @property
    def manifest(self) -> Manifest:
        """Raises RunError when there is none or it cannot be read."""
        path = self.path / run_files.MANIFEST
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(document, dict) and document.get("format", 0) > FORMAT:
                reason = (
                    f"it was written by a newer version of stdsl ({document.get('environment', {}).get('stdsl', '?')})"
                )
                raise RunError([NotARunDirectory(None, str(self.path), reason)])
            return Manifest.model_validate(document)
        except FileNotFoundError:
            reason = "it holds no run.json"
        except OSError as error:
            reason = error.strerror or str(error)
        except (ValueError, ValidationError, TypeError):
            reason = "its run.json is damaged"
        raise RunError([NotARunDirectory(None, str(self.path), reason)])

    def lock(self) -> None:
        """Claim the folder for this process until it ends. Raises RunError when another one has it."""
        file = (self.path / run_files.LOCK).open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            process = int(holder) if holder.isdigit() else 0
            raise RunError([RunDirectoryInUse(None, str(self.path), process)]) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._lock = file

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def create(out: Path | None, name: str, manifest: Manifest, texts: Mapping[str, str]) -> RunDirectory:
    """A new run directory: ``out``, which must be new or empty, or the next free ``runs/NAME-0001``.

    ``texts``: path inside ``space/`` → content. The manifest is written last, so a folder with ``run.json`` is
    complete. The folder is locked. Raises RunError.
    """
    try:
        path = _claimed(out) if out is not None else _numbered(Path("runs"), name)
        directory = RunDirectory(path)
        directory.lock()
        for place, text in texts.items():
            write_text(directory.space / place, text)
        write_json(path / run_files.MANIFEST, manifest.model_dump(mode="json"))
    except OSError as error:
        folder = str(out or Path("runs"))
        raise RunError([CannotWriteRun(None, folder, error.strerror or str(error))]) from error
    return directory


def writable(out: Path | None) -> None:
    """Raises RunError where :func:`create` could not make a run directory; said before any work is done."""
    path = out if out is not None else Path("runs")
    if out is not None and path.is_dir() and os.access(path, os.R_OK) and _taken(path):
        raise RunError([CannotWriteRun(None, str(path), "it is not empty")])
    there = path
    while not there.exists() and there.parent != there:
        there = there.parent
    if not there.is_dir():
        reason = "it is a file" if there == path else f"{there} is a file"
    elif not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        reason = "permission denied"
    else:
        return
    raise RunError([CannotWriteRun(None, str(path), reason)])


def open_run(path: Path) -> RunDirectory:
    """The run directory at ``path``. Raises RunError if there is none."""
    directory = RunDirectory(path)
    _ = directory.manifest
    return directory


def result_of(path: Path) -> dict[str, Any]:
    """The ``result.json`` of a run. Raises RunError if ``path`` is no run directory or the run is not over."""
    directory = open_run(path)
    try:
        result: dict[str, Any] = json.loads(directory.result.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError([RunNotOver(None, str(path), "result")]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise RunError([NotARunDirectory(None, str(path), reason or "its result.json is damaged")]) from error
    return result


def _claimed(out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    if _taken(out):
        raise RunError([CannotWriteRun(None, str(out), "it is not empty")])
    return out


def _taken(folder: Path) -> bool:
    return any(entry.name != run_files.LOCK for entry in folder.iterdir())


def _numbered(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    taken = [int(m[1]) for entry in parent.iterdir() if (m := re.fullmatch(rf"{re.escape(name)}-(\d+)", entry.name))]
    number = max(taken, default=0) + 1
    while True:
        path = parent / f"{name}-{number:04d}"
        try:
            path.mkdir()
            return path
        except FileExistsError:
            number += 1
