"""Weights that parts of a run left, held to be those that its journal tells of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from torch import Tensor, nn

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged

from .directory import RunDirectory
from .files import read_made
from .finished import finished_phases
from .left import ID, WEIGHTS
from .manifest import Manifest
from .names import DERIVED, SEARCH
from .weights import checksum_in, load_into, tensors_of

_LEFT_BY: Final = {SEARCH: ("search",), DERIVED: ("retrain", "inherit")}
"""The phases that leave the weights of a name. Those of others are told by the store of trials."""


def marks(directory: RunDirectory, manifest: Manifest) -> dict[str, str]:
    """Those of a search that is just over."""
    path = directory.weights(SEARCH)
    weights = {WEIGHTS: checksum_in(read_made(path), path)} if path.exists() else {}
    return {ID: manifest.id} | weights


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
