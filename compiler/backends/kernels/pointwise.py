"""Pointwise convolutions as matrix products."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F


def product(conv: Any, x: Tensor) -> Tensor:
    """``conv``, of windows of one position, of ``x`` (N, C, …): the same numbers, (N, C', …), channels last in memory.

    On one thread and small batches PyTorch convolves by kernels that leave the channels-last format. Inputs in another
    format are convolved as they are.
    """
    if x.stride(1) != 1 or any(conv.padding):
        y: Tensor = conv(x)
        return y
    if max(conv.stride) > 1:
        at: Any = (..., *(slice(None, None, s) for s in conv.stride))
        x = x[at]
    return F.linear(x.movedim(1, -1), conv.weight.flatten(1), conv.bias).movedim(-1, 1)
