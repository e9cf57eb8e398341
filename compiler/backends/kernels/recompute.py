"""Parts of a network that are computed again in the backward pass instead of keeping what they computed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
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
        return nullcontext(), Untracked(module)

    return checkpoint(module, *inputs, use_reentrant=False, context_fn=contexts)


class Untracked(AbstractContextManager[None]):
    """Inside, no batch-norm of ``module`` takes note of batches. It is entered by every backward pass of a graph."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._kept: list[tuple[Any, float | None, Tensor]] = []

    def __enter__(self) -> None:
        norms: list[Any] = [m for m in self._module.modules() if isinstance(m, NORMS)]
        norms = [norm for norm in norms if norm.num_batches_tracked is not None]
        self._kept = [(norm, norm.momentum, norm._buffers["num_batches_tracked"].clone()) for norm in norms]
        for norm in norms:
            norm.__dict__["momentum"] = 0.0

    def __exit__(self, *raised: object) -> None:
        for norm, momentum, count in self._kept:
            norm.__dict__["momentum"] = momentum
            norm._buffers["num_batches_tracked"].copy_(count)
        self._kept = []
