"""What the journal of a run tells of the parts of it that are over, held to be that of this run."""

from __future__ import annotations

from typing import Any, Final

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.schemas import run_files

from .directory import RunDirectory
from .finished import finished_phases, hold_journal
from .manifest import Manifest
from .names import SEARCH

ID: Final = "id"
"""What the manifest calls the run."""
WEIGHTS: Final = "weights"
"""Among the facts of a phase that left weights the checksum of their file. Runs of older versions have none."""
MARKS: Final = (ID, WEIGHTS)
"""Facts of a search that say what it belongs to, and nothing of what it found."""


def owner(run: str, network: str | None = None) -> dict[str, str]:
    """What the journal of a run, or of the training of a ``network`` of it apart, begins with. ``run``: its ``id``."""
    return {ID: run} | ({} if network is None else {"network": network})


def phases_of(directory: RunDirectory, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """The facts of each phase that the journal of a run says is over. Raises RunError where it is that of another
    one."""
    hold_journal(directory.path, owner(manifest.id))
    found = finished_phases(directory.path)
    if found.get(SEARCH, {}).get(ID, manifest.id) != manifest.id:  # of a version whose journals do not begin so
        fault = "it is that of another run"
        raise RunError([RunFileDamaged(None, str(directory.path / run_files.JOURNAL), fault)])
    return found
