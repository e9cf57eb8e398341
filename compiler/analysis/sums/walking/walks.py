"""The walk through a space that a dynamic programme over its costs takes: with few states on the way.

What many terms of the costs read is asked first, and parts that share terms come one after the other; otherwise the
walk is that of :mod:`..circuits.cost_states`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ....ir.diagram import support
from ....ir.graph import SpaceGraph
from ...circuits.circuit import Branch, Circuit
from ...circuits.circuit import Product as Parts
from ...circuits.cost_states import CostStates, TooManyCosts, cost_states
from ...circuits.of_space import circuit_in_order
from ...costs.measures import Measure, measured
from ...diagrams.products import Product
from .arrangement import LOOKS, order

STATES = 60_000
"""The walk is given up after this many states."""

WORK = 6_000_000
"""And after so many terms have been looked at: some seconds."""


def walk(
    graph: SpaceGraph, measures: Sequence[Measure], part: int = 1, also: Sequence[Product] = ()
) -> CostStates | None:
    """The states of a space by costs that are exact sums; None where there are too many, or the space is too entangled
    for a circuit, or has no architecture. ``part``: of them, and of the effort to find
    an order with few, it takes at most this part. ``also``: terms of what else is
    added up, see :func:`..circuits.cost_states.cost_states`."""
    reads = list(dict.fromkeys(_reads(graph, measures, also)))
    owners = [variable.decision for variable in graph.diagrams.variables]
    asked = Counter(decision for read in reads for decision in {owners[v] for v in read})
    circuit = circuit_in_order(graph, asked)
    if circuit is None or not circuit.count:
        return None
    arranged = _arranged(circuit, [sum(1 << v for v in read) for read in reads], _arities(graph), LOOKS // part)
    try:
        return cost_states(graph, arranged, measures, STATES // part, WORK // part, also)
    except TooManyCosts:
        return None


def _reads(graph: SpaceGraph, measures: Sequence[Measure], also: Sequence[Product]) -> list[frozenset[int]]:
    """The variables that each term reads."""
    terms = list(also)
    for measure in measures:
        cost = measured(graph, measure)
        assert cost is not None, "only costs that are sums are followed"
        terms += cost.terms
    return [frozenset(v.index for factor in term for v in support(factor)) for term in terms]


def _arities(graph: SpaceGraph) -> list[int]:
    return [variable.arity for variable in graph.diagrams.variables]


def _arranged(circuit: Circuit, terms: Sequence[int], arities: Sequence[int], looks: int) -> Circuit:
    """The same circuit, the parts of its products in the order of the walk."""
    nodes: list[Branch | Parts] = []
    masks = circuit.variables
    for node in circuit.nodes:
        if isinstance(node, Parts) and len(node.children) > 1:
            places, looks = order([masks[kid] for kid in node.children], terms, arities, looks)
            node = Parts(tuple(node.children[place] for place in places))
        nodes.append(node)
    return Circuit(tuple(nodes), circuit.root)
