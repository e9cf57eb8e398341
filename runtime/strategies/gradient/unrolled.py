"""The second order of DARTS: the decisions' gradient through one step of the weights.

H. Liu, K. Simonyan, Y. Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, Eq. 6 to 8.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

SCALE = 0.01
"""The finite difference moves the weights so far (in norm), as in the paper."""

Gradients = list[Tensor | None]


def unrolled_gradient(
    train: Callable[[], Tensor],
    valid: Callable[[], Tensor],
    weights: Sequence[Tensor],
    decisions: Sequence[Tensor],
    rate: float,
    scale: float = SCALE,
) -> Gradients:
    """∇α L_valid(w - ξ ∇w L_train(w, α), α), ξ being ``rate``, one entry per decision parameter.

    ``train`` and ``valid`` compute the losses with the parameters as they are at the time. The product with the
    mixed second derivative is a central difference along ∇w' L_valid, of length ``scale``. The weights are moved
    and put back to the bit; running statistics are the caller's business.
    """
    start = [w.detach().clone() for w in weights]
    try:
        _move(weights, start, torch.autograd.grad(train(), weights, allow_unused=True), -rate)
        both = torch.autograd.grad(valid(), [*decisions, *weights], allow_unused=True)
        direct, along = both[: len(decisions)], both[len(decisions) :]
        norm = float(torch.sqrt(sum((g.square().sum() for g in along if g is not None), start=torch.zeros(()))))
        if norm == 0:
            return list(direct)
        step = scale / norm
        _move(weights, start, along, step)
        above = torch.autograd.grad(train(), decisions, allow_unused=True)
        _move(weights, start, along, -step)
        below = torch.autograd.grad(train(), decisions, allow_unused=True)
    finally:
        with torch.no_grad():
            for weight, value in zip(weights, start, strict=True):
                weight.copy_(value)
    found: Gradients = []
    for plain, plus, minus in zip(direct, above, below, strict=True):
        if plus is None or minus is None:
            found.append(plain)
            continue
        correction = (plus - minus) * (-rate / (2 * step))
        found.append(correction if plain is None else plain + correction)
    return found


@torch.no_grad()
def _move(weights: Sequence[Tensor], start: Sequence[Tensor], along: Sequence[Tensor | None], step: float) -> None:
    """weights = start + step · along."""
    for weight, value, direction in zip(weights, start, along, strict=True):
        weight.copy_(value)
        if direction is not None:
            weight.add_(direction, alpha=step)
