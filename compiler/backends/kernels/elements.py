"""Sums, means and concatenations of the elements that a path has; one that it has not is None."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def weighed(x: Tensor, *weights: Tensor | None) -> Tensor:
    """``x`` times weights (each (), and one). None is a weight that nobody asks the gradient of."""
    for weight in weights:
        if weight is not None:
            x = x * weight
    return x


def sum_of(elements: Sequence[Tensor | None]) -> Tensor:
    """The sum of the elements that are there, at least one, from left to right."""
    first, *others = (element for element in elements if element is not None)
    for other in others:
        first = first + other
    return first


def mean_of(elements: Sequence[Tensor | None]) -> Tensor:
    """The mean of the elements that are there, at least one."""
    many = sum(element is not None for element in elements)
    return sum_of(elements) / many if many > 1 else sum_of(elements)


def weighed_mean(elements: Sequence[Tensor | None], weights: Sequence[Sequence[Tensor | None]]) -> Tensor:
    """The sum of the elements that are there, at least one, times their weights (as :func:`weighed` has them), over
    the sum of these."""
    there = [(x, [w for w in own if w is not None]) for x, own in zip(elements, weights, strict=True) if x is not None]
    if not any(own for _, own in there):
        return mean_of(elements)
    one = torch.ones((), dtype=there[0][0].dtype, device=there[0][0].device)
    whole = sum((weighed(one, *own) for _, own in there), start=torch.zeros_like(one))
    return sum_of([weighed(x, *own) for x, own in there]) / whole


def concat_of(elements: Sequence[Tensor | None], dim: int) -> Tensor:
    """The elements that are there, at least one, behind each other along an axis."""
    there = [element for element in elements if element is not None]
    return torch.cat(there, dim=dim) if len(there) > 1 else there[0]
