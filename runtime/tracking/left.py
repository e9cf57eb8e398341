"""What parts of a run left, held to be that of this run: what its journal tells of them, and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from torch import Tensor, nn

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.schemas import run_files

from .directory import RunDirectory
from .files import read_made
from .manifest import Manifest
from .names import DERIVED, SEARCH
from .tracker import finished_phases, hold_journal
from .weights import checksum_in, load_into, tensors_of

_ID: Final = "id"
"""What the manifest calls the run."""
WEIGHTS: Final = "weights"
"""Among the facts of a phase that left weights the checksum of their file. Runs of older versions have none."""
MARKS: Final = (_ID, WEIGHTS)
"""Facts of a search that say what it belongs to, and nothing of what it found."""
_LEFT_BY: Final = {SEARCH: ("search",), DERIVED: ("retrain", "inherit")}
"""The phases that leave the weights of a name. Those of others are told by the store of trials."""


def owner(run: str, network: str | None = None) -> dict[str, str]:
    """What the journal of a run, or of the training of a ``network`` of it apart, begins with. ``run``: its ``id``."""
    return {_ID: run} | ({} if network is None else {"network": network})


def marks(directory: RunDirectory, manifest: Manifest) -> dict[str, str]:
    """Those of a search that is just over."""
    path = directory.weights(SEARCH)
    weights = {WEIGHTS: checksum_in(read_made(path), path)} if path.exists() else {}
    return {_ID: manifest.id} | weights


def phases_of(directory: RunDirectory, manifest: Manifest) -> dict[str, dict[str, Any]]:
    """The facts of each phase that the journal of a run says is over. Raises RunError where it is that of another
    one."""
    hold_journal(directory.path, owner(manifest.id))
    found = finished_phases(directory.path)
    if found.get(SEARCH, {}).get(_ID, manifest.id) != manifest.id:  # of a version whose journals do not begin so
        fault = "it is that of another run"
        raise RunError([RunFileDamaged(None, str(directory.path / run_files.JOURNAL), fault)])
    return found


def weights_left(path: Path) -> bytes:
    """The file ``path``, weights that a part of a run left in its folder. Raises RunError where it is gone, cannot be
    read, or is not what the journal beside says."""
    content = read_made(path)
    phases = finished_phases(path.parents[1]) if path.stem in _LEFT_BY else {}
    known = [phases[name].get(WEIGHTS, "") for name in _LEFT_BY.get(path.stem, ()) if name in phases]
    if any(checksum not in ("", checksum_in(content, path)) for checksum in known):
        what = "its search left" if path.stem == SEARCH else "its run left"
        raise RunError([RunFileDamaged(None, str(path), f"it holds other weights than those that {what}")])
    return content


def tensors_left(path: Path) -> dict[str, Tensor]:
    """The same by name. Raises RunError, also where they are damaged."""
    return tensors_of(weights_left(path), path)


def load_weights_left(model: nn.Module, path: Path) -> None:
    """The same, into a network. Raises RunError, also where they are those of another network."""
    load_into(model, tensors_left(path), path)
