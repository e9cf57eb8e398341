"""The journal: an append-only file of JSON lines, the one authority on what happened in a run."""

from __future__ import annotations

import math
import os
import re
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.quoting import json_text
from stdsl.compiler.text.reading import open_regular

from .files import open_own, refusing

FINISHED = "phase_finished"
BEGUN = "begun"
"""The first line: whose journal it is. Those of before have none."""
_SYNC_SECONDS = 1.0
_FACTS: dict[str, dict[str, type]] = {
    BEGUN: {"id": str},
    FINISHED: {"phase": str, "facts": dict},
    "step": {"phase": str, "step": int},
}
"""What lines of an event must hold, for what a run reads back from them."""
CHECKSUM = "crc32"
"""The last key of a line: CRC-32 of the line without it, begun with that of the line before, as eight digits. So none
can change, and none before the last be gone, without its being seen. Runs of before have lines without one."""
_CHECKSUM = re.compile(rb', "crc32": "[0-9a-f]{8}"\}\n?\Z')


class Journal:
    """Appends facts. ``position`` is the length of the file in bytes; a checkpoint holds it, and :meth:`cut` goes
    back to it.

    Lines are written at once and brought to the disk at least once a second of writing, and always by :meth:`sync`.
    All of it raises RunError where the system refuses it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with refusing(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.fdopen(open_own(path), "ab", buffering=0)
        self._synced = time.monotonic()
        self._checksum: int | None = None
        """That of the last line; None where the file is to be asked for it."""

    @property
    def position(self) -> int:
        return self._file.tell()

    def write(self, event: str, **facts: Any) -> None:
        """Append one line: the time (UTC), what happened, and its facts."""
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
        text = json_text(line).encode()
        checksum = zlib.crc32(text, int(self.checksum, 16))
        left = memoryview(b'%b, "%b": "%08x"}\n' % (text[:-1], CHECKSUM.encode(), checksum))
        with refusing(self.path, "written"):
            while left:  # a disk that is nearly full takes a part
                left = left[self._file.write(left) :]
        self._checksum = checksum
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def sync(self) -> int:
        """Bring all lines to the disk; returns :attr:`position`."""
        with refusing(self.path, "written"):
            os.fsync(self._file.fileno())
        self._synced = time.monotonic()
        return self.position

    def steps_after(self, position: int) -> int:
        """How many steps were written after ``position``."""
        with refusing(self.path, "read"), os.fdopen(open_regular(self.path), "rb") as file:
            file.seek(position)
            return sum(b'"event": "step"' in line for line in file)

    @property
    def checksum(self) -> str:
        """That of all lines so far."""
        if self._checksum is None:
            self._checksum = self._read_checksum()
        return f"{self._checksum:08x}"

    def cut(self, position: int, checksum: str | None = None) -> None:
        """Forget what was written after ``position``: it will be done and written again. Raises RunError where so much
        was never written: a file that is shorter than its checkpoint says is damaged, and so is one that has no line
        that ends there, or whose lines up to there have another checksum (None: that is not known)."""
        if self.position < position:
            raise RunError([RunFileDamaged(None, str(self.path), "it is shorter than the newest checkpoint says")])
        if position and not self._ends_a_line(position):
            raise RunError([RunFileDamaged(None, str(self.path), "no line ends where the newest checkpoint says")])
        if checksum not in (None, f"{self._read_checksum(position):08x}"):
            raise RunError([RunFileDamaged(None, str(self.path), "the newest checkpoint was written with other lines")])
        with refusing(self.path, "written"):
            self._file.truncate(position)
            self._file.seek(position)
        self._checksum = None
        self.sync()

    def _ends_a_line(self, position: int) -> bool:
        with refusing(self.path, "read"), os.fdopen(open_regular(self.path), "rb") as file:
            file.seek(position - 1)
            return file.read(1) == b"\n"

    def _read_checksum(self, position: float = math.inf) -> int:
        checksum = read = 0
        with refusing(self.path, "read"), os.fdopen(open_regular(self.path), "rb") as file:
            for line in file:
                read += len(line)
                if read > position:
                    break
                checksum = _checksum_of(line, checksum)
        return checksum

    def close(self) -> None:
        try:
            self.sync()
        finally:
            self._file.close()


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, without their checksums; a last line without its end (the writer was killed) is left out.

    Raises RunError for a line before that is none of a journal or not what was written, and where the file cannot be
    read.
    """
    with refusing(path, "read"):
        try:
            file = os.fdopen(open_regular(path), "rb")
        except FileNotFoundError:
            return
        checksum, expected = 0, False
        with file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                found = _parsed(line, path, number)
                checksum = _checksum_of(line, checksum)
                if expected and CHECKSUM not in found:
                    raise RunError([RunFileDamaged(None, str(path), "has no checksum, as lines before have", number)])
                expected = CHECKSUM in found
                if expected and found.pop(CHECKSUM) != f"{checksum:08x}":
                    raise RunError([RunFileDamaged(None, str(path), "is not what was written, or one before", number)])
                yield found


def _checksum_of(line: bytes, before: int) -> int:
    """The checksum of a line behind one that has the checksum ``before``."""
    text = _CHECKSUM.sub(b"}", line)
    return zlib.crc32(text.removesuffix(b"\n"), before)


def _parsed(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        found = parsed_json(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("event"), str):
        raise RunError([RunFileDamaged(None, str(path), "is no JSON object that tells of an event", number)])
    for name, kind in _FACTS.get(found["event"], {}).items():
        if type(found.get(name)) is not kind:
            raise RunError([RunFileDamaged(None, str(path), f"has no `{name}`", number)])
    return found
