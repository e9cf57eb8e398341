"""Batch statistics of several batch-norms at once, kept as each by itself would keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...record import record


def uses_batch(norms: Sequence[nn.Module]) -> bool:
    """Whether these batch-norms normalise by the batch at hand (else by their running statistics)."""
    norm: Any = norms[0]
    return bool(norm.training or norm.running_mean is None)


@record
class Batch:
    """What norms see of a batch: ``mean`` and (biased) ``variance``, (E, C), over ``count`` values each."""

    norms: Sequence[Any]
    mean: Tensor
    variance: Tensor
    count: int


def track(batches: Sequence[Batch]) -> None:
    """Let norms take note of batches, where no gradients are recorded."""
    counters: list[Tensor] = []
    by_momentum: dict[float, tuple[list[Tensor], list[Tensor]]] = {}
    for batch in batches:
        norms, count = batch.norms, batch.count
        if count < 2:
            raise ValueError(f"Expected more than 1 value per channel when training, got {count}")
        first = norms[0]
        if not (first.training and first.track_running_stats):
            continue
        unbiased = batch.variance * (count / (count - 1))
        # Attributes of modules take longer to look up than these take to add to.
        buffers = [norm._buffers for norm in norms]
        counters += [b["num_batches_tracked"] for b in buffers]
        running, found = by_momentum.setdefault(first.momentum, ([], []))
        for name, values in (("running_mean", batch.mean), ("running_var", unbiased)):
            running += [b[name] for b in buffers]
            found += values.to(running[-1].dtype).unbind()
    if counters:
        torch._foreach_add_(counters, 1)
    for momentum, (running, found) in by_momentum.items():
        torch._foreach_lerp_(running, found, momentum)


def affine(scales: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Scales and biases of several norms, each (E, C)."""
    return torch.stack(list(scales)), torch.stack(list(biases))
