"""Weighted sums of tensors, and the weights of what meets in a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .precision import as_given, in_full, is_automatic


def edge_weights(edges: Tensor | None, options: Sequence[Tensor]) -> Tensor:
    """The weights of all options of all edges of a node, in a row: edges[e] · options[e][o].

    ``edges``: (E,), or None where all count alike.
    """
    if edges is None:
        return torch.cat(list(options))
    if len({len(row) for row in options}) == 1:
        return (torch.stack(list(options)) * edges.unsqueeze(1)).flatten()
    return torch.cat([row * edge for row, edge in zip(options, edges, strict=True)])


def weighted(weights: Tensor, places: Sequence[int], *values: Tensor) -> Tensor:
    """Σ_i weights[places[i]] · values[i]. Values are kept for the backward pass only where the weights need a
    gradient."""
    total: Tensor = _Weighted.apply(weights, tuple(places), *values)  # type: ignore[no-untyped-call]
    return total


def interleave(x: Tensor, groups: int) -> Tensor:
    """The channels of ``groups`` groups taken in turns: (N, C, …) to (N, C, …), channels last in memory."""
    lasting = x.movedim(1, -1)
    parts = lasting.reshape(*lasting.shape[:-1], groups, -1)
    return parts.transpose(-1, -2).flatten(-2).movedim(-1, 1)


class _Weighted(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, places: tuple[int, ...], *values: Tensor) -> Tensor:
        factors = factors_of(weights, places)
        ctx.places, ctx.in_full = places, is_automatic(weights)
        with as_given(weights):
            total: Tensor = (in_full(values[0]) if ctx.in_full else values[0]) * factors[0]
            for factor, value in zip(factors[1:], values[1:], strict=True):
                if isinstance(factor, float):
                    total.add_(value, alpha=factor)
                else:
                    total.addcmul_(value, factor)
        ctx.save_for_backward(weights, *(values if ctx.needs_input_grad[0] else ()))
        return total

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        weights, *values = ctx.saved_tensors
        g_weights = None
        if values:
            if ctx.in_full:
                values = [in_full(value) for value in values]
            with as_given(g):
                found = torch.stack(dots(g, values))
            at = torch.tensor(ctx.places, device=weights.device)
            g_weights = torch.zeros_like(weights).index_add_(0, at, found.to(weights.dtype))
        factors = factors_of(weights, ctx.places)
        return (
            g_weights,
            None,
            *(g * factor if needed else None for factor, needed in zip(factors, ctx.needs_input_grad[2:], strict=True)),
        )


def factors_of(weights: Tensor, places: Sequence[int]) -> list[Any]:
    """Plain numbers where that costs nothing."""
    factors = weights.tolist() if weights.device.type == "cpu" else weights.unbind()
    return [factors[i] for i in places]


def dots(a: Tensor, others: Sequence[Tensor]) -> list[Tensor]:
    """The inner products of a tensor with others of its shape, each in one pass where both lie alike in memory, the
    channels last."""
    lasting = a.movedim(1, -1)
    flat = lasting.reshape(-1) if lasting.is_contiguous() else None
    return [
        torch.dot(flat, b.as_strided(flat.shape, (1,)))
        if flat is not None and b.stride() == a.stride()
        else (a * b).sum()
        for b in others
    ]
