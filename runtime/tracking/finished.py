"""What the journal of a folder says: whose it is, and which phases are over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.schemas import run_files

from .journal import BEGUN, FINISHED, read_journal


def hold_journal(folder: Path, whose: Mapping[str, str]) -> None:
    """Raises RunError where the journal in ``folder`` is that of another run, or of another network."""
    first = next(read_journal(folder / run_files.JOURNAL), {"event": ""})
    if first["event"] == BEGUN and {name: first.get(name) for name in whose} != whose:
        what = "run" if first["id"] != whose["id"] else "network"
        raise RunError([RunFileDamaged(None, str(folder / run_files.JOURNAL), f"it is that of another {what}")])


def finished_phases(folder: Path) -> dict[str, dict[str, Any]]:
    """The facts of each phase that the journal in ``folder`` says is over; nothing is changed."""
    lines = read_journal(folder / run_files.JOURNAL)
    return {line["phase"]: line["facts"] for line in lines if line["event"] == FINISHED}
