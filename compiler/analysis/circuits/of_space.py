"""The circuits of a space, and how many architectures they hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ...ir.collecting import uncollected
from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ...record import record
from ..memo import once_per_graph
from .circuit import ONE, Branch, Circuit, Product
from .compilation import compile_circuits


@record
class CountResult:
    """The number of architectures is at least ``low`` and at most ``high``."""

    low: int
    high: int

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def __str__(self) -> str:
        return str(self.low) if self.exact else f"{self.low}..{self.high}"


@dataclass(frozen=True)
class Circuits:
    """The circuits of the independent parts of a space; None for a part that is too entangled. ``parts``: their
    decisions."""

    circuits: tuple[Circuit | None, ...]
    parts: tuple[frozenset[int], ...]

    @property
    def exact(self) -> bool:
        return all(c is not None for c in self.circuits)

    @cached_property
    def whole(self) -> Circuit | None:
        """One circuit for the whole space; None where a part has none."""
        nodes: list[Branch | Product] = [Product(()), Product(())]
        roots = []
        for circuit in self.circuits:
            if circuit is None:
                return None
            shift = len(nodes) - 2
            for node in circuit.nodes[2:]:
                kids = tuple(kid + shift if kid > ONE else kid for kid in node.children)
                nodes.append(Branch(node.variable, kids) if isinstance(node, Branch) else Product(kids))
            roots.append(circuit.root + shift if circuit.root > ONE else circuit.root)
        nodes.append(Product(tuple(roots)))
        return Circuit(tuple(nodes), len(nodes) - 1)


@once_per_graph
@uncollected()
def circuits(graph: SpaceGraph) -> Circuits:
    """The circuits of a space without its constraints over costs, compiled once."""
    found, parts = compile_circuits(graph)
    return Circuits(tuple(found), tuple(parts))


def circuit_in_order(graph: SpaceGraph, order: Mapping[int, int]) -> Circuit | None:
    """The circuit of a space, as :func:`circuits`, in which decisions with greater numbers are asked first; None where
    a part has none."""
    found, parts = compile_circuits(graph, order=order)
    return Circuits(tuple(found), tuple(parts)).whole


def decided(graph: SpaceGraph) -> CountResult:
    """The number of assignments of active decisions under the constraints over decisions, those over costs left
    aside."""
    low = high = 1
    compiled = circuits(graph)
    for circuit, part in zip(compiled.circuits, compiled.parts, strict=True):
        if circuit is not None:
            low *= circuit.count
            high *= circuit.count
        else:
            # Each architecture is another assignment of all decisions, with the first answer where one is not active.
            low *= 0 if graph.constraints else 1
            high *= math.prod(alternatives(graph.decisions[id]) for id in part)
    return CountResult(low, high)


def alternatives(decision: Decision) -> int:
    """In how many ways a decision can come out."""
    if decision.kind != "keep":
        return len(decision.options)
    if decision.trivial or decision.sizes is None:
        return 1
    low, high = decision.sizes
    n = len(decision.options)
    return sum(math.comb(n, k) for k in range(max(low, 0), min(high, n) + 1))
