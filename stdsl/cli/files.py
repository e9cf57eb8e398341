"""Texts that commands read, and files that they write: whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.semantics.missing_files import not_named, not_read
from stdsl.compiler.text.quoting import visible
from stdsl.compiler.text.reading import read_file, resolved
from stdsl.compiler.text.whole_files import refuse_devices

if TYPE_CHECKING:
    from stdsl.compiler.analysis.architecture import Architecture


def read(file: str) -> Source:
    """The text of a file, or of standard input for `-`, with its line ends as they are. Raises SpaceError."""
    name = "<stdin>" if file == "-" else file
    try:
        if file == "-":
            return Source(name, sys.stdin.buffer.read().decode("utf-8"))
        path = resolved(file)
        return Source(name, read_file(path).decode("utf-8"), path)
    except FileNotFoundError:
        raise SpaceError([not_named(file, ())]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpaceError([not_read(None, name, Path(file), error)]) from None


def run_that_keeps(path: Path) -> Path | None:
    """The directory of the run, or of the front, one of whose own files is at ``path``, or would be; None where it is
    none's."""
    from stdsl.compiler.schemas.run_files import ASKED, FILES, FOLDERS, MANIFEST, OF_FRONTS

    target = Path(os.path.realpath(path))
    for folder in target.parents:
        first = target.relative_to(folder).parts[0].casefold()
        for mark, own in ((MANIFEST, (*FILES, *FOLDERS)), (ASKED, OF_FRONTS)):
            if first in own and os.path.exists(folder / mark):
                return folder
    return None


def write_architecture(arch: Architecture, path: Path) -> str:
    """Write an ``.arch.json`` file; its name, to be shown."""
    try:
        arch.save(path)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    return visible(str(path))


def write(path: Path, text: str) -> None:
    """Write a text file by renaming a temporary one; keeps the permissions of a file that is there."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """As :func:`write`. What is a pipe is written into; devices are left alone."""
    try:
        if path.is_fifo():
            path.write_bytes(content)
            return
        refuse_devices(path)
        mode = path.stat().st_mode & 0o777 if os.path.exists(path) else 0o644
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        import tempfile  # most calls write no file

        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror or error}") from error
