"""Parameters, multiply-adds, depth and activations of one architecture: those of its first output."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

from .spaces import Outcome
from .tensors import Concretely, Node


@dataclass(frozen=True)
class Costs:
    params: int
    flops: int
    depth: int
    activations: int


def nodes_of(output: Node) -> list[Node]:
    """All instances that an output asks for, inputs before what uses them."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for given in node.used:
                visit(given)
            found[node] = None

    visit(output)
    return list(found)


def costs(one: Outcome) -> Costs:
    output = next(iter(one.outputs.values()))
    nodes = nodes_of(output)
    depth: dict[Node, int] = {}
    for node in nodes:
        depth[node] = node.spec.products + max((depth[i] for i in node.used), default=0)
    return Costs(
        sum(node.spec.params(Concretely(node), node.shape) for node in nodes),
        sum(node.spec.flops(Concretely(node), node.shape) for node in nodes),
        depth[output],
        sum(activations(node) for node in nodes),
    )


def params_with_all_outputs(one: Outcome) -> int:
    """The parameters of a module that computes every output."""
    nodes = {node for output in one.outputs.values() for node in nodes_of(output)}
    return sum(node.spec.params(Concretely(node), node.shape) for node in nodes)


def activations(node: Node) -> int:
    """Output elements of convolutions, linear and matrix products."""
    if not node.spec.products:
        return 0
    out = elements(node.shape)
    if node.spec.name == "attention":
        view = Concretely(node)
        out += view.parameter("heads") * view.size(0, "length") * view.size(1, "length")
    return out


def elements(shape: dict[str, Any]) -> int:
    return prod(size for size in shape.values() if not isinstance(size, str))
