"""Batch-norm, its input's pointwise convolution and decision weights as one matrix per operation.

For D of mean μ and covariance Σ, a pointwise convolution W gives W D, and batch-norm of it is
a · (W (D - μ)) / √(diag(W Σ Wᵀ) + ε) + b. With D centred, the matrix a / √(…) · W does all the rest. Matrices are kept
transposed, (G, C, C'), for the G operations of a :class:`Bucket` at once: they are small, and many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .blocks import inner_products
from .norms import Batch, uses_batch

SAVED = ("mean", "matrix", "products", "shift", "inverse", "scale", "gain", "bias", "weights")


class Bucket:
    """Operations with equal channels and one kind of batch-norm.

    ``matrix``: of the pointwise convolutions. ``gains``: scales and biases of the norms, each (G, C'), or None.
    ``weights``: what each operation's result is multiplied by, (G,). ``count``: rows.
    """

    def __init__(
        self,
        pointwise: Sequence[Tensor],
        norms: Sequence[nn.Module],
        gains: tuple[Tensor, Tensor] | None,
        weights: Tensor,
        count: int,
    ) -> None:
        first: Any = norms[0]
        self.size, self.norms, self.count, self.eps = len(norms), norms, count, first.eps
        self.of_batch = uses_batch(norms)
        stacked = torch.cat(list(pointwise)).view(self.size, -1, pointwise[0].shape[1])
        self.matrix = stacked.transpose(1, 2).contiguous()
        self.gain: Tensor | None = gains[0] if gains is not None else None
        self.bias: Tensor | None = gains[1] if gains is not None else None
        self.weights = weights
        c_in = self.matrix.shape[1]
        self.mean = self.matrix.new_empty(self.size, c_in)
        self.covariance = self.matrix.new_empty(self.size, c_in, c_in) if self.of_batch else None
        self.products: Tensor | None = None
        self.shift: Tensor | None = None

    def saved(self) -> tuple[Tensor | None, ...]:
        """What :meth:`slopes` needs, for ``save_for_backward``; it is no longer held here."""
        found = tuple(self.__dict__[name] for name in SAVED)
        self.forget()
        return found

    def forget(self) -> None:
        """Let go of all tensors."""
        self.__dict__.update(dict.fromkeys((*SAVED, "covariance", "offset", "whole")))

    def restore(self, saved: Sequence[Tensor | None]) -> None:
        """The inverse of :meth:`saved`."""
        self.__dict__.update(zip(SAVED, saved, strict=True))
        self.whole = self.scale.unsqueeze(1) * self.matrix

    def note(self, place: slice, rows: Tensor) -> None:
        """Take the moments of some operations' D, (count, k · C), and centre it."""
        if self.covariance is None:
            return
        width = self.mean.shape[1]
        mean = self.mean.view(-1)[place.start * width : place.stop * width]
        torch.mean(rows, 0, out=mean)
        rows.sub_(mean)
        inner_products(rows, rows, place.stop - place.start, self.covariance[place])

    def fold(self, batches: list[Batch]) -> None:
        """Compute ``whole``, the matrices that do all, and ``offset`` (G, C') or None, to be added. What the norms
        see is added to ``batches``."""
        if self.covariance is not None:
            self.covariance.div_(self.count)
            self.products = torch.bmm(self.covariance, self.matrix)
            variance = (self.products * self.matrix).sum(1)
            # A batch of equal values has no negative variance, whatever rounding says.
            variance.clamp_(min=0)
            means = torch.bmm(self.mean.unsqueeze(1), self.matrix).squeeze(1)
            batches.append(Batch(self.norms, means, variance, self.count))
        else:
            norms: Any = self.norms
            self.shift = torch.stack([n.running_mean for n in norms])
            variance = torch.stack([n.running_var for n in norms])
        self.inverse = torch.rsqrt(variance + self.eps)
        self.scale = self.inverse if self.gain is None else self.inverse * self.gain
        self.scale = self.scale * self.weights.unsqueeze(1)
        self.offset = None if self.bias is None else self.bias * self.weights.unsqueeze(1)
        if self.shift is not None:
            moved = self.scale * self.shift
            self.offset = -moved if self.offset is None else self.offset - moved
        self.whole = self.scale.unsqueeze(1) * self.matrix

    def slopes(self, g_whole: Tensor, total: Tensor) -> Slopes:
        """``g_whole``: the gradient of ``whole``; ``total``: of ``offset``, (G, C')."""
        along = (g_whole * self.matrix).sum(1)
        pull = None
        g_matrix = self.scale.unsqueeze(1) * g_whole
        if self.products is not None:
            steep = -self.scale * along * self.inverse.square()
            g_matrix.addcmul_(steep.unsqueeze(1), self.products)
            pull = torch.bmm(self.matrix * (steep / self.count).unsqueeze(1), self.matrix.transpose(1, 2))
        elif self.shift is not None:
            along = along - self.shift * total
        g_scale = along * self.inverse
        of_each = g_scale if self.gain is None else g_scale * self.gain
        if self.bias is not None:
            of_each = of_each + total * self.bias
        g_weights, g_gain, g_bias = of_each.sum(1), None, None
        if self.gain is not None:
            g_gain, g_bias = g_scale * self.weights.unsqueeze(1), total * self.weights.unsqueeze(1)
        return Slopes(g_matrix.transpose(1, 2), pull, g_gain, g_bias, g_weights)


class Slopes:
    """Gradients of a bucket's matrices (G, C', C), gains, biases and weights; ``pull``, (G, C, C): D · pull is the part
    of D's gradient that comes through the covariance."""

    def __init__(
        self, matrix: Tensor, pull: Tensor | None, gain: Tensor | None, bias: Tensor | None, weights: Tensor
    ) -> None:
        self.matrix, self.pull, self.gain, self.bias, self.weights = matrix, pull, gain, bias, weights
