"""The folder of one run, and where in it things are."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from pydantic import ValidationError

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_directories import (
    CannotWriteRun,
    NotARunDirectory,
    OtherRun,
    RunDirectoryInUse,
    RunNotOver,
)
from stdsl.compiler.diagnostics.run_files import RunFileDamaged, RunFileRefused
from stdsl.compiler.diagnostics.settings import listed
from stdsl.compiler.schemas import run_files
from stdsl.compiler.text.commands import command
from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.kept_commands import as_typed
from stdsl.compiler.text.reading import read_file
from stdsl.compiler.text.whole_files import sweep, unfinished

from .files import file_refused, open_own, read_bytes, reason_of, refusing, write_json, write_text
from .manifest import FORMAT, Manifest
from .names import RESERVED, file_name
from .result_document import fault_of
from .sealed import sealed, unsealed

_LONGEST = 100
"""Characters of a search's name in the name of its run directory."""
_A_FRONT = "it is the folder of a front"
_TRIES, _PAUSE = 5, 0.02


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

    @property
    def data(self) -> Path:
        """What networks of the run have to know of the data that they are trained on."""
        return self.path / run_files.DATA

    def other_data(self, role: str) -> Path:
        """The same of other data, that is searched on or measured on."""
        return self.path / {"search": run_files.SEARCH_DATA, "evaluate": run_files.EVALUATION_DATA}[role]

    @property
    def searched_data(self) -> Path:
        """The same of the data that was searched on, whether that is the data that is trained on or not."""
        other = self.other_data("search")
        return other if other.exists() else self.data

    def architecture(self, name: str) -> Path:
        return self.path / run_files.ARCHITECTURES / f"{name}.arch.json"

    def weights(self, name: str) -> Path:
        return self.path / run_files.WEIGHTS / f"{name}.safetensors"

    @property
    def features(self) -> Path:
        """What frozen parts make of the samples, while the run lasts."""
        return self.path / run_files.FEATURES

    def evaluation(self, name: str, table: str) -> Path:
        """A table of what a network tells right on the test split."""
        return self.path / run_files.EVALUATION / f"{name}-{table}.csv"

    def trial(self, name: str) -> Path:
        """What the training of a network has left so far, beside the derived one's own."""
        return self.trials / name

    @property
    def trials(self) -> Path:
        """What trials that are not over have left so far, a folder each."""
        return self.path / run_files.TRIALS

    @property
    def trial_store(self) -> Path:
        """The database of trials, where it is a file."""
        return self.path / run_files.TRIAL_STORE

    @staticmethod
    def network_of(space: str) -> str:
        """The name of the network that the space of a comparison is, by the text that names it."""
        return file_name(space, RESERVED)

    def needed(self, search: str) -> Path:
        """The run directory of a search that this one needs: in the outermost run, so that each runs once."""
        around = self.path.absolute().parent
        inside = around.name == run_files.NEEDS and (around.parent / run_files.MANIFEST).exists()
        return (self.path.parent if inside else self.path / run_files.NEEDS) / file_name(search)

    def save_architecture(self, name: str, arch: Architecture) -> None:
        """Raises RunError where the system refuses it."""
        path = self.architecture(name)
        with refusing(path, "written"):
            arch.save(path)

    def exported(self, path: str) -> Path:
        """Where an export goes. Raises RunError where a link that was put there leads out of the run directory."""
        target = self.path / path
        if not target.parent.resolve().is_relative_to(self.path.resolve()):
            raise RunError([file_refused(target, "written", "a link leads out of the run directory")])
        return target

    @property
    def module(self) -> Path:
        """The source of the derived network."""
        return self.path / run_files.MODULE

    @property
    def manifest(self) -> Manifest:
        """Raises RunError when there is none or it cannot be read."""
        path = self.path / run_files.MANIFEST
        try:
            document = parsed_json(read_file(path))
            if isinstance(document, dict) and document.get("format", 0) > FORMAT:
                written = document.get("environment")
                version = written.get("stdsl", "?") if isinstance(written, dict) else "?"
                reason = f"it was written by a newer version of stdsl ({version})"
                raise RunError([NotARunDirectory(None, str(self.path), reason)])
            return Manifest.model_validate(unsealed(document))
        except FileNotFoundError:
            if (self.path / run_files.ASKED).exists():
                raise RunError([NotARunDirectory(None, str(self.path), _A_FRONT, self._front_advice())]) from None
            reason = "it holds no run.json"
            if self._begun.exists():
                reason += ", for its run was stopped before it began; start it again"
        except OSError as error:
            reason = error.strerror or str(error)
        except (ValueError, ValidationError, TypeError, RecursionError):
            reason = "its run.json is damaged"
        raise RunError([NotARunDirectory(None, str(self.path), reason)])

    def _front_advice(self) -> str:
        """What to do about the folder of a front that is taken for that of a run."""
        if not (self.path / run_files.FRONT).exists():
            return f"`{command('stdsl', 'derive', '--resume', self.path)}` goes on with the front"
        networks = (own for own in self.path.iterdir() if (own / run_files.MANIFEST).exists())
        return f"give that of one of its networks: {listed(tuple(sorted(map(str, networks))), ' or ')}"

    def lock(self) -> None:
        """Claim the folder for this process until it ends, and remove what writers that were killed left unfinished.
        Raises RunError when another process has it."""
        path = self.path / run_files.LOCK
        with refusing(path, "written"):
            file = os.fdopen(open_own(path, os.O_RDWR), "a+")
            try:
                _claim(file)
                if (self.path / run_files.MANIFEST).exists():
                    self._begun.unlink(missing_ok=True)
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip()
                file.close()
                process = int(holder) if holder.isdigit() else 0
                raise RunError([RunDirectoryInUse(None, str(self.path), process)]) from None
            except OSError:
                file.close()
                raise
            self._lock = file
            sweep(self.path)

    @property
    def _begun(self) -> Path:
        """Is there while the directory is made: what it holds then is the run's alone."""
        return self.path / run_files.STARTING

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def create(out: Path | None, name: str, manifest: Manifest, texts: Mapping[str, str]) -> RunDirectory:
    """A new run directory: ``out``, which must be new or empty, or the next free ``runs/NAME-0001``.

    ``texts``: path inside ``space/`` → content. The manifest is written last, so a folder with ``run.json`` is
    complete. The folder is locked. Raises RunError.
    """
    folder = str(out or Path("runs"))
    try:
        path = _claimed(out) if out is not None else _numbered(Path("runs"), name)
        directory = RunDirectory(path)
        directory.lock()
        try:
            if _taken(path):  # by a process that was faster
                raise RunError([CannotWriteRun(None, folder, "it is not empty")])
            directory._begun.touch()
            shutil.rmtree(directory.space, ignore_errors=True)  # of a start that was stopped
            for place, text in texts.items():
                write_text(directory.space / place, text)
            write_json(path / run_files.MANIFEST, sealed(manifest.model_dump(mode="json")))
            directory._begun.unlink()
        except BaseException:
            directory.unlock()
            raise
    except OSError as error:
        raise RunError([CannotWriteRun(None, folder, reason_of(error))]) from error
    except RunError as error:
        refused = [d for d in error.diagnostics if isinstance(d, RunFileRefused)]
        raise RunError([CannotWriteRun(None, folder, d.reason) for d in refused] or error.diagnostics) from error
    return directory


@contextmanager
def new_folder(out: Path | None, name: str) -> Iterator[Path]:
    """A new folder for several run directories, as :func:`create` finds one; no other process works in it meanwhile.
    Raises RunError."""
    try:
        folder = _claimed(out) if out is not None else _numbered(Path("runs"), name)
    except OSError as error:
        raise RunError([CannotWriteRun(None, str(out or Path("runs")), reason_of(error))]) from error
    with locked(folder):
        if _taken(folder):  # by a process that was faster
            raise RunError([CannotWriteRun(None, str(folder), "it is not empty")])
        yield folder


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Inside, no other process works in a folder of several run directories. Raises RunError where one does."""
    directory = RunDirectory(folder)
    directory.lock()
    try:
        yield
    finally:
        directory.unlock()


def writable(out: Path | None) -> None:
    """Raises RunError where :func:`create` could not make a run directory; said before any work is done."""
    path = out if out is not None else Path("runs")
    try:
        reason = _hindrance(path, out is not None)
    except OSError as error:  # a name that no file system takes
        reason = reason_of(error)
    if reason:
        raise RunError([CannotWriteRun(None, str(path), reason)])


def _hindrance(path: Path, itself: bool) -> str:
    """What is in the way of a run directory below ``path``, or of ``path`` itself as one; "" where nothing is."""
    if itself and path.is_dir() and os.access(path, os.R_OK) and _taken(path):
        return "it is not empty"
    there = path
    while not there.exists() and there.parent != there:
        there = there.parent
    if not there.is_dir():
        return "it is a file" if there == path else f"{there} is a file"
    return "" if os.access(there, os.R_OK | os.W_OK | os.X_OK) else "permission denied"


def outside(run: Path, out: Path | None) -> None:
    """Raises RunError where a run directory made at ``out`` would lie in that of ``run``, however either is written."""
    path = out if out is not None else Path("runs")
    real = path.resolve()
    if any(os.path.exists(folder) and folder.samefile(run) for folder in (real, *real.parents)):
        raise RunError([CannotWriteRun(None, str(path), f"it is inside {run}, which is the directory of a run")])


def open_run(path: Path) -> RunDirectory:
    """The run directory at ``path``. Raises RunError if there is none."""
    directory = RunDirectory(path)
    _ = directory.manifest
    return directory


def hold_there(path: Path, advice: str) -> None:
    """Raises RunError, with ``advice``, where the run is gone that was at ``path`` before."""
    try:
        os.lstat(path / run_files.MANIFEST)
    except (FileNotFoundError, NotADirectoryError):
        raise RunError([NotARunDirectory(None, str(path), "it holds no run.json", advice)]) from None
    except OSError:  # it is there, or nobody may look: who opens it tells
        return


def same_run(path: Path, id: str, begun: Path) -> None:
    """Raises RunError where the run at ``path`` is none, or not the one of this ``id`` ("": any), with which what is in
    the folder ``begun`` was begun."""
    hold_there(path, f"{begun} goes on with the weights of the run that was there: put it back in that place")
    if open_run(path).manifest.id != id and id:
        raise RunError([OtherRun(None, str(begun), str(path))])


def result_of(path: Path) -> dict[str, Any]:
    """The ``result.json`` of a run, with what to do next as it is typed where the directory is now. Raises RunError if
    ``path`` is no run directory or the run is not over."""
    directory = RunDirectory(path)
    manifest = directory.manifest
    try:
        result = parsed_json(read_bytes(directory.result))
    except FileNotFoundError:
        raise RunError([RunNotOver(None, str(path), "result", manifest.allow_extern)]) from None
    except (ValueError, RecursionError):
        result = None
    try:
        result = unsealed(result)
        fault = fault_of(result)
        if fault is None and result.get("id", manifest.id) != manifest.id:
            fault = "it is that of another run"
    except ValueError as error:
        fault = str(error)
    if fault is not None:
        raise RunError([RunFileDamaged(None, str(directory.result), fault)])
    return {**result, "next": list(as_typed(result["next"], path, directory.space / manifest.file))}


def _claimed(out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    if _taken(out):
        raise RunError([CannotWriteRun(None, str(out), "it is not empty")])
    return out


def _taken(folder: Path) -> bool:
    """Whether a folder holds anything, but for what a run that was killed while it made its directory left there."""
    names = {entry.name for entry in folder.iterdir() if not unfinished(entry.name)}
    if run_files.STARTING in names and run_files.MANIFEST not in names:
        names -= {run_files.STARTING, run_files.SPACE}
    return bool(names - {run_files.LOCK})


def _claim(file: TextIO) -> None:
    """Lock a file; raises BlockingIOError when another process has it. One that only looks has it for a moment."""
    for tries in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if tries == _TRIES - 1:
                raise
            time.sleep(_PAUSE)


def _numbered(parent: Path, search: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    name = search[:_LONGEST]
    taken = [int(m[1]) for entry in parent.iterdir() if (m := re.fullmatch(rf"{re.escape(name)}-(\d+)", entry.name))]
    number = max(taken, default=0) + 1
    while True:
        path = parent / f"{name}-{number:04d}"
        try:
            path.mkdir()
            return path
        except FileExistsError:
            number += 1
