"""Weights of networks as safetensors files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from .files import write_atomically


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the state dict (learnt weights and running statistics) in the plain memory format."""
    save_tensors(model.state_dict(), path)


def save_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors by name in the plain memory format."""
    plain = {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    write_atomically(path, lambda temporary: save_file(plain, temporary))


def load_weights(model: nn.Module, path: Path) -> None:
    """Read what :func:`save_weights` wrote into a model of the same architecture."""
    model.load_state_dict(load_file(path))
