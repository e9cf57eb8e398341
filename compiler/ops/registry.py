"""All primitives by name."""

from __future__ import annotations

from typing import Final

from . import (
    activation,
    convolution,
    elementwise,
    linear,
    normalisation,
    passing,
    pooling,
    rearrangement,
    sampling,
    temporal_gaussian,
)
from .base import Primitive

PRIMITIVES: Final[dict[str, Primitive]] = {
    primitive.name: primitive
    for family in (
        convolution,
        temporal_gaussian,
        normalisation,
        activation,
        pooling,
        passing,
        linear,
        elementwise,
        sampling,
        rearrangement,
    )
    for primitive in family.PRIMITIVES
}


def get(name: str) -> Primitive | None:
    """The primitive of that name, if there is one."""
    return PRIMITIVES.get(name)
