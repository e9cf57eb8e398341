"""Pointwise convolutions as matrix products over positions."""

from __future__ import annotations

from typing import Final

from ..ir.graph import Node, SpaceGraph
from .base import Pass
from .hints import marked


def pointwise_products(graph: SpaceGraph) -> SpaceGraph:
    """Marks convolutions with windows of one position, whatever their stride. In the channels-last format their inputs
    are matrices already."""
    return marked(graph, "product", _is_pointwise)


def _is_pointwise(node: Node) -> bool:
    attributes = node.attributes
    k = attributes.get("k", 1)
    return k in (1, (1, 1), (1, 1, 1)) and bool(attributes.get("groups", 1) == 1)


EXAMPLE: Final = """stdsl 1

meta net on x: image(2, 4, 4) = x -> choose {narrow: pointwise(3), wide: conv(3, 3)} as kind

space s = net
"""
PASS = Pass("pointwise_products", "runs pointwise convolutions as matrix products", pointwise_products, example=EXAMPLE)
