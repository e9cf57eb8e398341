"""Parts of a network that are computed again in the backward pass instead of keeping what they computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def recomputed(module: nn.Module, *inputs: Any) -> Any:
    """``module(*inputs)``; only the inputs are kept for the backward pass (Chen et al., Training Deep Nets with
    Sublinear Memory Cost, 2016). Running statistics are updated once, random numbers drawn alike."""
    if not torch.is_grad_enabled():
        return module(*inputs)

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), untracked(module)

    return checkpoint(module, *inputs, use_reentrant=False, context_fn=contexts)


@contextmanager
def untracked(module: nn.Module) -> Iterator[None]:
    """Inside, no batch-norm of ``module`` takes note of batches."""
    before = []
    for norm in module.modules():
        if isinstance(norm, NORMS) and norm.num_batches_tracked is not None:
            before.append((norm, norm.momentum, norm.num_batches_tracked, norm.num_batches_tracked.clone()))
            norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum, counter, count in before:
            norm.momentum = momentum
            counter.copy_(count)
