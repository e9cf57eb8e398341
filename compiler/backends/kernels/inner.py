"""Stages of operations inside a chain: relu(bn(pointwise(D))), side by side.

What leaves them is needed as it is, so batch-norm takes its statistics there: two matrix products less in a step than
by the covariance of D, which pays only where operations meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .blocks import inner_products, multiply
from .norms import Batch, affine, uses_batch
from .plans import Unit
from .scratch import scratch


class Inner:
    """One stage. ``rows``: D, (count, size · C); ``parameters``: its pointwise weights, then gains and biases. What
    its norms see is added to ``batches``.

    Kept for the backward pass are D where the weights need a gradient, the normalised result, and small tensors; or the
    latter alone, with which :meth:`again` computes the former again.
    """

    def __init__(self, unit: Unit, rows: Tensor, parameters: Sequence[Tensor], batches: list[Batch]) -> None:
        size, count = unit.size, rows.shape[0]
        stacked = torch.cat(list(parameters[:size])).view(size, unit.c_out, unit.c_in)
        self.matrix = stacked.transpose(1, 2).contiguous()
        self.gain: Tensor | None = None
        self.bias: Tensor | None = None
        if unit.gains:
            gains, biases = affine(parameters[size : 2 * size], parameters[2 * size :])
            self.gain, self.bias = gains.view(-1), biases.view(-1)
        self.rows: Tensor | None = rows
        self.normal = rows.new_empty(count, size * unit.c_out)
        multiply(rows, self.matrix, self.normal)
        norms: Any = unit.norms
        self.of_batch = uses_batch(norms)
        if self.of_batch:
            self.mean = self.normal.mean(0)
            self.normal.sub_(self.mean)
            variance = self._products(self.normal).div_(count)
            batches.append(Batch(norms, self.mean.view(size, -1), variance.view(size, -1), count))
        else:
            self.mean = torch.cat([n.running_mean for n in norms])
            self.normal.sub_(self.mean)
            variance = torch.cat([n.running_var for n in norms])
        self.inverse = torch.rsqrt(variance + norms[0].eps)
        self.normal.mul_(self.inverse)

    def result(self, space: str) -> Tensor:
        """What the stage gives: rows, in scratch memory for this purpose."""
        out = scratch(space, self.normal, tuple(self.normal.shape))
        if self.gain is None or self.bias is None:
            return torch.clamp_min(self.normal, 0, out=out)
        return torch.addcmul(self.bias, self.normal, self.gain, out=out).relu_()

    def again(self, rows: Tensor) -> None:
        """Compute what was not saved, from D."""
        self.rows, self.normal = rows, rows.new_empty(rows.shape[0], self.mean.shape[0])
        multiply(rows, self.matrix, self.normal)
        self.normal.sub_(self.mean).mul_(self.inverse)

    def saved(self, of_matrix: bool, of_normal: bool) -> tuple[Tensor | None, ...]:
        """What the backward pass needs, for ``save_for_backward``; it is no longer held here."""
        rows, normal = self.rows if of_matrix else None, self.normal if of_normal else None
        found = rows, normal, self.matrix, self.mean, self.inverse, self.gain, self.bias
        self.forget()
        return found

    def forget(self) -> None:
        """Let go of all tensors."""
        self.__dict__.update(dict.fromkeys(SAVED))

    def restore(self, saved: Sequence[Tensor | None]) -> None:
        """The inverse of :meth:`saved`."""
        self.__dict__.update(zip(SAVED, saved, strict=True))

    def backward(self, g: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """From the gradient of what the stage gave to that of pointwise(D), in place, and those of gains and biases."""
        positive = self.normal if self.gain is None else self.result("given")
        torch.ops.aten.threshold_backward.grad_input(g, positive, 0, grad_input=g)
        along = sums = None
        if self.gain is not None or self.of_batch:
            along, sums = self._products(g), g.sum(0)
        of_gain, of_bias = along, sums
        if self.gain is not None:
            g.mul_(self.gain)
        if self.of_batch and along is not None and sums is not None:
            scale = -1 / g.shape[0] if self.gain is None else self.gain / -g.shape[0]
            g.addcmul_(self.normal, along * scale)
            g.add_(sums * scale)
        return g, of_gain, of_bias

    def of_matrix(self, g: Tensor, size: int) -> Tensor:
        """The gradient of the pointwise weights, (size, C', C)."""
        assert self.rows is not None, "D is not kept where the weights are frozen"
        found = torch.empty_like(self.matrix)
        inner_products(self.rows, g, size, found)
        return found.mul_(self.inverse.view(size, 1, -1)).transpose(1, 2)

    def of_rows(self, g: Tensor, size: int, out: Tensor) -> None:
        """The gradient of D, to ``out``."""
        multiply(g, (self.matrix * self.inverse.view(size, 1, -1)).transpose(1, 2), out)

    def _products(self, a: Tensor) -> Tensor:
        """Σ a · normal, over the rows."""
        space = scratch("products", a, tuple(a.shape))
        return torch.mul(a, self.normal, out=space).sum(0)


SAVED = ("rows", "normal", "matrix", "mean", "inverse", "gain", "bias")
