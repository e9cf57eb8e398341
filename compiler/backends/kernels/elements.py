"""Sums, means and concatenations of the elements that a path has; one that it has not is None."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


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


def concat_of(elements: Sequence[Tensor | None], dim: int) -> Tensor:
    """The elements that are there, at least one, behind each other along an axis."""
    there = [element for element in elements if element is not None]
    return torch.cat(there, dim=dim) if len(there) > 1 else there[0]
