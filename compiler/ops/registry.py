"""All primitives by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..ir.graph import SpaceGraph
from ..ir.operation import Primitive
from . import (
    activation,
    attention,
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
        attention,
        elementwise,
        sampling,
        rearrangement,
    )
    for primitive in family.PRIMITIVES
}


def get(name: str) -> Primitive | None:
    """The primitive of that name, if there is one."""
    return PRIMITIVES.get(name)


def primitives_of(graph: SpaceGraph) -> Mapping[str, Primitive]:
    """The primitives that the nodes of ``graph`` may apply: all of the library, and its extern operators."""
    return {**PRIMITIVES, **graph.externs} if graph.externs else PRIMITIVES
