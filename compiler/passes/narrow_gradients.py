"""Gradients of depthwise convolutions in the forms that CPUs have fast kernels for."""

from __future__ import annotations

from typing import Final

from ..ir.graph import SpaceGraph
from .base import Pass
from .hints import marked


def narrow_gradients(graph: SpaceGraph) -> SpaceGraph:
    """Marks depthwise convolutions: the gradient of the input is a convolution with the kernel mirrored; that of a wide
    kernel is computed a few columns at a time."""
    return marked(graph, "narrow")


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 8, 8) = x -> choose {small: depthwise(3), large: depthwise(7)} as kind

space s = net
"""
PASS = Pass(
    "narrow_gradients",
    "gradients of depthwise convolutions mirrored, and in narrow columns",
    narrow_gradients,
    example=EXAMPLE,
)
"""See ``backends/kernels/depthwise.py``."""
