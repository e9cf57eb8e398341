"""What the search of a run left, held to be that of this run: what its journal tells of it, and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from torch import Tensor, nn

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.schemas import run_files

from .directory import RunDirectory
from .files import read_made
from .manifest import Manifest
from .names import SEARCH
from .tracker import finished_phases
from .weights import checksum_in, load_into, tensors_of

_ID: Final = "id"
"""What the manifest calls the run."""
_WEIGHTS: Final = "weights"
"""The checksum of the file of weights that the search left."""
MARKS: Final = (_ID, _WEIGHTS)
"""Facts of a search that say what it belongs to, and nothing of what it found. Runs of older versions have none."""


def marks(directory: RunDirectory, manifest: Manifest) -> dict[str, str]:
    """Those of a search that is just over."""
    path = directory.weights(SEARCH)
    weights = {_WEIGHTS: checksum_in(read_made(path), path)} if path.exists() else {}
    return {_ID: manifest.id} | weights


def hold_search(directory: RunDirectory, manifest: Manifest, facts: Mapping[str, Any]) -> None:
    """Raises RunError where ``facts`` are of the search of another run than that of ``manifest``."""
    if facts.get(_ID, manifest.id) != manifest.id:
        fault = "it is that of another run"
        raise RunError([RunFileDamaged(None, str(directory.path / run_files.JOURNAL), fault)])


def weights_left(path: Path) -> bytes:
    """The file ``path``, the weights that the search of a run left in its folder. Raises RunError where it is gone,
    cannot be read, or is not what the journal beside says."""
    content = read_made(path)
    facts = finished_phases(path.parents[1]).get(SEARCH, {})
    if facts.get(_WEIGHTS, "") not in ("", checksum_in(content, path)):
        raise RunError([RunFileDamaged(None, str(path), "it holds other weights than those that its search left")])
    return content


def tensors_left(path: Path) -> dict[str, Tensor]:
    """The same by name. Raises RunError, also where they are damaged."""
    return tensors_of(weights_left(path), path)


def load_weights_left(model: nn.Module, path: Path) -> None:
    """The same, into a network. Raises RunError, also where they are those of another network."""
    load_into(model, tensors_left(path), path)
