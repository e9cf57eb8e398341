"""Batch statistics of several batch-norms at once, kept as each by itself would keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


def uses_batch(norms: Sequence[nn.Module]) -> bool:
    """Whether these batch-norms normalise by the batch at hand (else by their running statistics)."""
    norm: Any = norms[0]
    return bool(norm.training or norm.running_mean is None)


def track(norms: Sequence[Any], mean: Tensor, variance: Tensor, count: int) -> None:
    """Let the norms take note of a batch, where no gradients are recorded.

    ``mean`` and (biased) ``variance``: (E, C), over ``count`` values each.
    """
    if count < 2:
        raise ValueError(f"Expected more than 1 value per channel when training, got {count}")
    first = norms[0]
    if not (first.training and first.track_running_stats):
        return
    unbiased = variance * (count / (count - 1))
    # Attributes of modules take longer to look up than these take to add to.
    buffers, momentum = [n._buffers for n in norms], first.momentum
    torch._foreach_add_([b["num_batches_tracked"] for b in buffers], 1)
    for name, found in (("running_mean", mean), ("running_var", unbiased)):
        running = [b[name] for b in buffers]
        torch._foreach_lerp_(running, found.to(running[0].dtype).unbind(), momentum)


def affine(scales: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Scales and biases of several norms, each (E, C)."""
    return torch.stack(list(scales)), torch.stack(list(biases))
