"""Weights of networks as safetensors files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from stdsl.compiler.backends.networks.interface import Interface
from stdsl.compiler.backends.networks.weights import ARCHITECTURE
from stdsl.compiler.backends.networks.weights_checksum import CHECKSUM, differs, file_checksum
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.text.documents import parsed_json

from .files import read_made, write_bytes


def save_weights(model: nn.Module, path: Path) -> str:
    """Write the state dict (learnt weights and running statistics) in the plain memory format, and which architecture
    they are of; gives the checksum of the file."""
    interface = getattr(model, "interface", None)
    hash = interface.architecture if isinstance(interface, Interface) else ""
    return save_tensors(model.state_dict(), path, {ARCHITECTURE: hash} if hash else None)


def save_tensors(tensors: Mapping[str, Tensor], path: Path, about: Mapping[str, str] | None = None) -> str:
    """Write tensors by name in the plain memory format, with ``about`` and a checksum as the metadata of the file;
    gives the checksum."""
    plain = {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    # What writes files itself would write a temporary one of its own, which stays where the process is killed.
    said = dict(about or {})
    checksum = file_checksum(plain, said)
    write_bytes(path, _in_order(save(plain, said | {CHECKSUM: checksum})))
    return checksum


def _in_order(content: bytes) -> bytes:
    """A safetensors file whose metadata stands in the order of its names: what writes it takes another one each time,
    and two runs of one text leave the same bytes."""
    header, begin = header_of(content)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[begin:]


def header_of(content: bytes) -> tuple[dict[str, Any], int]:
    """What a safetensors file says of its tensors and itself, and where they begin. Raises ValueError."""
    begin = 8 + int.from_bytes(content[:8], "little")
    return parsed_json(content[8:begin]), begin


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read what :func:`save_tensors` wrote. Raises RunError where that is gone, damaged, or cannot be read."""
    return tensors_of(read_made(path), path)


def tensors_of(content: bytes, path: Path) -> dict[str, Tensor]:
    """As :func:`load_tensors`, of the content of the file ``path``."""
    try:
        tensors = dict(load(content))
        header, _ = header_of(content)
    except (SafetensorError, ValueError) as error:
        raise RunError([RunFileDamaged(None, str(path), "it does not hold weights")]) from error
    if differs(tensors, header.get("__metadata__")):
        raise RunError([RunFileDamaged(None, str(path), "its weights are not those that were written")])
    return tensors


def checksum_in(content: bytes, path: Path) -> str:
    """The checksum that the file ``path`` says it has; "" where it says none. Raises RunError where it is damaged."""
    try:
        header, _ = header_of(content)
    except ValueError as error:
        raise RunError([RunFileDamaged(None, str(path), "it does not hold weights")]) from error
    about = header.get("__metadata__") if isinstance(header, dict) else None
    return str(about.get(CHECKSUM, "")) if isinstance(about, dict) else ""


def load_weights(model: nn.Module, path: Path) -> None:
    """Read what :func:`save_weights` wrote into a model of the same architecture. Raises RunError as
    :func:`load_tensors` does, and where the file holds weights of another network."""
    load_into(model, load_tensors(path), path)


def load_into(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """As :func:`load_weights`, of what the file ``path`` holds."""
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise RunError([RunFileDamaged(None, str(path), "it holds weights of another network")]) from error
