"""Checkpoints: one safetensors file each, written atomically, with a checksum; the last two are kept."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from .files import write_atomically
from .tree import flatten, restore

KEPT = 2


class Checkpoints:
    """The checkpoints of one folder, numbered in the order of writing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """All checkpoint files, the newest last."""
        return sorted(self.folder.glob("[0-9]*.safetensors"))

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
        text = json.dumps(plain)
        metadata = {"state": text, "checksum": _checksum(text, dense)}
        write_atomically(path, lambda temporary: save_file(dense, temporary, metadata))
        for old in before[: len(before) + 1 - KEPT]:
            old.unlink(missing_ok=True)
        return path

    def sweep(self) -> None:
        """Remove what writers that were killed left unfinished; nobody may be writing."""
        for path in self.folder.glob(".*.tmp"):
            path.unlink(missing_ok=True)

    def load(self) -> dict[str, Any] | None:
        """The state of the newest checkpoint that can be read; torn or damaged ones are removed. None if there is
        none.
        """
        for path in reversed(self.paths()):
            state = _read(path)
            if state is not None:
                return state
            path.unlink(missing_ok=True)
        return None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if metadata["checksum"] != _checksum(metadata["state"], tensors):
            return None
        state: dict[str, Any] = restore(json.loads(metadata["state"]), tensors)
    except (SafetensorError, OSError, KeyError, ValueError):
        return None
    return state


def _checksum(text: str, tensors: dict[str, Tensor]) -> str:
    """CRC-32 over the plain state and all tensors by name (safetensors itself notices only a wrong length)."""
    total = zlib.crc32(text.encode())
    for name in sorted(tensors):
        data = tensors[name].reshape(-1).view(torch.uint8).numpy() if tensors[name].numel() else np.empty(0, np.uint8)
        total = zlib.crc32(data.tobytes(), zlib.crc32(name.encode(), total))
    return f"{total:08x}"
