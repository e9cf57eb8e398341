"""Parts of a network that are computed again in the backward pass instead of keeping what they computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


# `torch.compile` does not know these contexts; it goes on inside.
@torch.compiler.disable(recursive=False)  # type: ignore[untyped-decorator, no-untyped-call]
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
    norms: list[Any] = [m for m in module.modules() if isinstance(m, NORMS) and m.num_batches_tracked is not None]
    momenta = [norm.momentum for norm in norms]
    counters = [norm._buffers["num_batches_tracked"] for norm in norms]
    counts = [counter.clone() for counter in counters]
    for norm in norms:
        norm.__dict__["momentum"] = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.__dict__["momentum"] = momentum
        with torch.no_grad():
            torch._foreach_copy_(counters, counts)
