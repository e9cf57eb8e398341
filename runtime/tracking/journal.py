"""The journal: an append-only file of JSON lines, the one authority on what happened in a run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_SYNC_SECONDS = 1.0


class Journal:
    """Appends facts. ``position`` is the length of the file in bytes; a checkpoint holds it, and :meth:`cut` goes
    back to it.

    Lines are flushed at once and brought to the disk at least once a second of writing, and always by :meth:`sync`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        self._synced = time.monotonic()

    @property
    def position(self) -> int:
        return self._file.tell()

    def write(self, event: str, **facts: Any) -> None:
        """Append one line: the time (UTC), what happened, and its facts."""
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}
        self._file.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
        self._file.flush()
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self.sync()

    def sync(self) -> int:
        """Bring all lines to the disk; returns :attr:`position`."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()
        return self.position

    def cut(self, position: int) -> None:
        """Forget what was written after ``position``: it will be done and written again."""
        self._file.flush()
        self._file.truncate(position)
        self._file.seek(position)
        self.sync()

    def close(self) -> None:
        self.sync()
        self._file.close()


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal; a last line without its end (the writer was killed) is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield json.loads(line)
