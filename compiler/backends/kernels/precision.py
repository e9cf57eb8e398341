"""Kernels under autocast: they compute in float32, since moments in half the bits would be worth nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache

import torch
from torch import Tensor

HALVES = (torch.bfloat16, torch.float16)


def is_automatic(x: Tensor) -> bool:
    """Whether autocast is on for the device of ``x``."""
    kind = x.device.type
    return _can_be_automatic(kind) and torch.is_autocast_enabled(kind)


@cache
def _can_be_automatic(kind: str) -> bool:
    """Tensors that are mere shapes stand on a device without autocast."""
    return torch.amp.is_autocast_available(kind)


def as_given(x: Tensor) -> AbstractContextManager[None]:
    """Inside, operations on the device of ``x`` compute in the types of what they are given."""
    return torch.autocast(x.device.type, enabled=False) if is_automatic(x) else nullcontext()


def in_full(x: Tensor) -> Tensor:
    """``x`` in float32 if it has fewer bits."""
    return x.float() if x.dtype in HALVES else x
