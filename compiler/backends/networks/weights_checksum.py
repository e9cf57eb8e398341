"""Checksums of tensors by name. A safetensors file notices only a wrong length by itself, so one that a run writes has
a checksum among its metadata."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import Tensor

CHECKSUM: Final = "stdsl.crc32"
"""Where the metadata of a file has it."""


def tensors_checksum(tensors: Mapping[str, Tensor], start: int = 0) -> int:
    """CRC-32 over names and values, in the order of names, begun with ``start``."""
    import torch

    total = start
    for name in sorted(tensors):
        flat = tensors[name].detach().cpu().contiguous().reshape(-1)
        data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
        total = zlib.crc32(data, zlib.crc32(name.encode(), total))
    return total


def file_checksum(tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> str:
    """That of a file with these tensors and metadata, which may have one already."""
    others = {name: about[name] for name in sorted(about) if name != CHECKSUM}
    kinds = [[name, str(tensors[name].dtype), list(tensors[name].shape)] for name in sorted(tensors)]
    return f"{tensors_checksum(tensors, zlib.crc32(json.dumps([others, kinds]).encode())):08x}"


def differs(tensors: Mapping[str, Tensor], about: Mapping[str, Any] | None) -> bool:
    """Whether a file says by its metadata that it was written with other content. One without a checksum never does."""
    return about is not None and CHECKSUM in about and about[CHECKSUM] != file_checksum(tensors, about)
