"""Files that trainings leave on another machine, on their way to the run."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path

from ..engines.contract import Doing, Plain, Tell
from ..tasks.measurement import TABLES
from ..tracking.directory import RunDirectory
from ..tracking.files import write_bytes
from ..training.interruption import Interruption


def with_files(doing: Doing, directory: RunDirectory) -> Doing:
    """The same, and what it leaves of networks whose weights are kept, as ``files``: place in the run directory →
    base64."""

    def do(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        value = doing(payload, tell, interruption)
        found = [path for path in _left_of(directory, payload["name"]) if path.exists()]
        content = {path.relative_to(directory.path).as_posix(): path.read_bytes() for path in found}
        return value | {"files": {place: b64encode(data).decode() for place, data in content.items()}}

    return do


def take_files(directory: RunDirectory, name: str, value: Plain) -> None:
    """Put what a trial left on another machine where it belongs. Whatever else comes with it is left aside."""
    files = value.get("files", {})
    for path in _left_of(directory, name):
        content = files.get(path.relative_to(directory.path).as_posix())
        if content is not None:
            write_bytes(path, b64decode(content))


def _left_of(directory: RunDirectory, name: str) -> list[Path]:
    """Where the files are that the training of a network leaves, as far as there are any."""
    return [directory.weights(name), *(directory.evaluation(name, table) for table in TABLES)]
