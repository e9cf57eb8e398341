"""Checkpoints: one safetensors file each, written atomically, with a checksum; the last two are kept."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from stdsl.compiler.backends.networks.weights_checksum import tensors_checksum
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.quoting import json_text
from stdsl.compiler.text.whole_files import sweep

from .checkpoint_files import checkpoints_in
from .files import read_bytes, refusing, write_atomically
from .tree import flatten, restore
from .weights import header_of

KEPT = 2


class Checkpoints:
    """The checkpoints of one folder, numbered in the order of writing. What the system refuses is a RunError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """All checkpoint files, the newest last."""
        return checkpoints_in(self.folder)

    def save(self, state: dict[str, Any]) -> Path:
        """Write ``state`` (see :func:`..tracking.tree.flatten` for what it may hold) and drop all but the last two
        files.
        """
        plain, tensors = flatten(state)
        before = self.paths()
        number = int(before[-1].stem) + 1 if before else 1
        path = self.folder / f"{number:06d}.safetensors"
        dense = {
            name: t.detach().to("cpu", copy=True, memory_format=torch.contiguous_format) for name, t in tensors.items()
        }
        text = json_text(plain)
        metadata = {"state": text, "checksum": _checksum(text, dense)}
        write_atomically(path, lambda temporary: save_file(dense, temporary, metadata))
        for old in before[: len(before) + 1 - KEPT]:
            with refusing(old, "written"):
                old.unlink(missing_ok=True)
        return path

    def sweep(self) -> None:
        """Remove what writers that were killed left unfinished; nobody may be writing."""
        sweep(self.folder)

    def load(self) -> dict[str, Any] | None:
        """The state of the newest checkpoint that is not damaged, None if there is no checkpoint.

        Damaged is what its checksum says so of: it is removed, once an older one has proved to be whole. Where none is,
        nothing is removed, and RunError is raised, as it is for a file that cannot be read.
        """
        damaged: list[Path] = []
        for path in reversed(self.paths()):
            state = _state(read_bytes(path))
            if state is not None:
                for other in damaged:
                    with refusing(other, "written"):
                        other.unlink(missing_ok=True)
                return state
            damaged.append(path)
        if damaged:
            names = " and ".join(path.name for path in reversed(damaged))
            raise RunError(
                [RunFileDamaged(None, str(self.folder), f"the contents of {names} are not what was written")]
            )
        return None


def _state(content: bytes) -> dict[str, Any] | None:
    """What a checkpoint holds; None where it is not what was written."""
    try:
        metadata = header_of(content)[0]["__metadata__"]
        tensors = safetensors.torch.load(content)
        if metadata["checksum"] != _checksum(metadata["state"], tensors):
            return None
        state: dict[str, Any] = restore(parsed_json(metadata["state"]), tensors)
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return state


def _checksum(text: str, tensors: dict[str, Tensor]) -> str:
    """CRC-32 over the plain state and all tensors by name (safetensors itself notices only a wrong length)."""
    return f"{tensors_checksum(tensors, zlib.crc32(text.encode())):08x}"
