"""Pointwise convolutions as matrix products over positions."""

from __future__ import annotations

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


PASS = Pass("pointwise_products", "runs pointwise convolutions as matrix products", pointwise_products)
