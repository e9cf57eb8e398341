"""Cutout: a square of each training sample is erased (DeVries & Taylor 2017)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..randomness import keys, uniform


def cutout(inputs: tuple[Tensor, ...], side: int, base: int) -> tuple[Tensor, ...]:
    """Zeros in a square of ``side`` pixels (clipped at the borders, the same in all frames) of every sample.

    ``inputs``: (N, C, H, W) or (N, C, T, H, W); others stay. Its centre is uniform and depends on ``base`` and the
    sample's place in the batch alone; it is at the same relative place in all inputs.
    """
    centres = torch.from_numpy(uniform(keys(base, np.arange(len(inputs[0]))), 2))
    return tuple(_erased(x, side, centres) if x.dim() in (4, 5) else x for x in inputs)


def _erased(x: Tensor, side: int, centres: Tensor) -> Tensor:
    height, width = x.shape[-2:]
    rows = _outside(height, side, centres[:, 0])
    columns = _outside(width, side, centres[:, 1])
    kept = rows[:, :, None] | columns[:, None, :]
    shape = (len(x), *(1 for _ in range(x.dim() - 3)), height, width)
    return x * kept.reshape(shape).to(x.device, x.dtype)


def _outside(size: int, side: int, centre: Tensor) -> Tensor:
    """(N, size): whether a row or column lies outside the square."""
    first = (centre * size).long() - side // 2
    place = torch.arange(size)
    return (place < first[:, None]) | (place >= first[:, None] + side)
