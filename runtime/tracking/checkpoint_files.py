"""The files of checkpoints, and where they say that a run is: read without their tensors."""

from __future__ import annotations

import os
import re
from pathlib import Path

from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.reading import open_regular

from .files import refusing

_NAME = re.compile(r"\d+\.safetensors")


def checkpoints_in(folder: Path) -> list[Path]:
    """All checkpoint files of a folder, the newest last. Raises RunError where the system refuses it."""
    with refusing(folder, "read"):
        try:
            found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
            return sorted(found, key=lambda path: int(path.stem))
        except FileNotFoundError:
            return []


def newest_place(folder: Path) -> tuple[str, int] | None:
    """The phase and the number of its steps that the newest checkpoint of a folder says it is of; None where there is
    none that says so. Raises RunError where the system refuses it."""
    for path in reversed(checkpoints_in(folder)):
        place = _place(path)
        if place is not None:
            return place
    return None


def _place(path: Path) -> tuple[str, int] | None:
    with refusing(path, "read"):
        try:
            with os.fdopen(open_regular(path), "rb") as file:
                size = int.from_bytes(file.read(8), "little")
                header = file.read(size) if size <= path.stat().st_size else b""
        except FileNotFoundError:  # a run that goes on removes the older ones
            return None
    try:
        state = parsed_json(parsed_json(header)["__metadata__"]["state"])
        return str(state["phase"]), int(state["step"])
    except (KeyError, ValueError, TypeError, RecursionError):
        return None
