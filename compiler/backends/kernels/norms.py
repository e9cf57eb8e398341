"""Batch statistics of several batch-norms at once, kept as each by itself would keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

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
    kept = _KEPT.get(first)
    if kept is None or not kept.of(norms):
        kept = _KEPT[first] = _Kept(norms)
    unbiased = variance * (count / (count - 1))
    kept.batches.add_(1)
    for running, found in ((kept.mean, mean), (kept.variance, unbiased)):
        running.lerp_(found.to(running.dtype), first.momentum)


class _Kept:
    """Running statistics of several norms in one tensor each, (E, C), of which their buffers are views: to update them
    one by one takes longer than all they are needed for."""

    def __init__(self, norms: Sequence[Any]) -> None:
        rows = [torch.stack([n._buffers[name] for n in norms]) for name in BUFFERS]
        self.mean, self.variance, self.batches = rows
        self.views = list(zip(*(row.unbind() for row in rows), strict=True))
        for norm, views in zip(norms, self.views, strict=True):
            norm._buffers.update(zip(BUFFERS, views, strict=True))

    def of(self, norms: Sequence[Any]) -> bool:
        """Whether the buffers of these norms, in this order, still are views of these tensors."""
        if len(norms) != len(self.views):
            return False
        for norm, (mean, variance, batches) in zip(norms, self.views, strict=True):
            buffers = norm._buffers
            if buffers["running_mean"] is not mean or buffers["running_var"] is not variance:
                return False
            if buffers["num_batches_tracked"] is not batches:
                return False
        return True


BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
_KEPT: WeakKeyDictionary[nn.Module, _Kept] = WeakKeyDictionary()
"""By the first of the norms."""


def affine(scales: Sequence[Tensor], biases: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Scales and biases of several norms, each (E, C)."""
    return torch.stack(list(scales)), torch.stack(list(biases))
