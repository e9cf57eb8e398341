"""Files of a run: whole or not there at all; what the system refuses becomes a diagnostic."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged, RunFileRefused
from stdsl.compiler.text.quoting import json_text
from stdsl.compiler.text.reading import Refused, open_regular, read_file
from stdsl.compiler.text.whole_files import write_whole

from .going_on import goes_on

_SYSTEM_CODE = re.compile(r"Os \{ code: (\d+)")


@contextmanager
def refusing(path: Path, action: Literal["read", "written"]) -> Iterator[None]:
    """Inside, what the system refuses about ``path`` is raised as RunError."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise RunError([file_refused(path, action, reason_of(error))]) from error


def file_refused(path: Path, action: Literal["read", "written"], reason: str) -> RunFileRefused:
    """What is told of a file that the system does not let be read or written."""
    return RunFileRefused(None, str(path), action, reason, goes_on(path))


def reason_of(error: OSError | SafetensorError) -> str:
    """Why the system refused, in its words."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    code = _SYSTEM_CODE.search(str(error))  # safetensors wraps what the system says
    return os.strerror(int(code[1])) if code else str(error) or os.strerror(errno.EIO)


def open_own(path: Path, flags: int = os.O_WRONLY) -> int:
    """A descriptor of a file that the run writes to bit by bit, made where it is not there. Raises OSError for what is
    no regular file, which would be waited for, and for a link, which may lead to a file of somebody else's."""
    refuse_link(path)
    return open_regular(path, flags | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))


def refuse_link(path: Path) -> None:
    """Raises OSError for a link."""
    if path.is_symlink():
        raise Refused("it is a link, and a run writes to files of its own alone")


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """See :func:`write_whole`; raises RunError for what the system refuses."""
    with refusing(path, "written"):
        write_whole(path, write)


def write_bytes(path: Path, content: bytes) -> None:
    write_atomically(path, lambda temporary: _write(temporary, content))


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    write_text(path, json_text(value, indent=2) + "\n")


def read_bytes(path: Path) -> bytes:
    """Raises RunError where the system refuses it, FileNotFoundError where there is no such file."""
    try:
        return read_file(path, limit=None)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunError([file_refused(path, "read", reason_of(error))]) from error


def read_made(path: Path) -> bytes:
    """What the run wrote before. Raises RunError where it is gone, too."""
    try:
        return read_bytes(path)
    except FileNotFoundError as error:
        raise RunError([RunFileDamaged(None, str(path), "it is gone")]) from error


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
